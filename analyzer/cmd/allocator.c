/* SPDX-License-Identifier: MIT */
/* Allocators that a program can be run with. */
#include "config.h"

#include "analyzer/cmd/allocator.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"

#define NAMES_MAX 3

const char *const allocator_names[] = { "glibc", "jemalloc", "tcmalloc",
					"mimalloc", NULL };

/* Names of their libraries, the best first, and who has them. */
static const struct {
	const char *libraries[NAMES_MAX];
	const char *package;
} allocators[ALLOCATORS] = {
	[ALLOCATOR_JEMALLOC] = { { "libjemalloc.so.2" }, "libjemalloc2" },
	[ALLOCATOR_TCMALLOC] = { { "libtcmalloc_minimal.so.4",
				   "libtcmalloc.so.4" },
				 "libtcmalloc-minimal4" },
	[ALLOCATOR_MIMALLOC] = { { "libmimalloc.so.3", "libmimalloc.so.2" },
				 "libmimalloc2.0" },
};

/* Where distributions and people put libraries. */
static const char *const folders[] = { "/usr/local/lib",
				       "/usr/lib/x86_64-linux-gnu",
				       "/usr/lib64",
				       "/usr/lib",
				       "/lib/x86_64-linux-gnu",
				       "/lib64",
				       NULL };

char *allocator_find(enum allocator allocator)
{
	if (allocator == ALLOCATOR_GLIBC)
		return strdup("");
	for (int i = 0; i < NAMES_MAX; i++) {
		const char *library = allocators[allocator].libraries[i];

		for (int at = 0; library && folders[at]; at++) {
			char *path;

			if (asprintf(&path, "%s/%s", folders[at], library) < 0)
				return NULL;
			if (access(path, R_OK) == 0)
				return path;
			free(path);
		}
	}
	diag_error("%s: is not installed: no %s in the usual folders; install "
		   "it (Debian: %s)",
		   allocator_names[allocator],
		   allocators[allocator].libraries[0],
		   allocators[allocator].package);
	return NULL;
}
