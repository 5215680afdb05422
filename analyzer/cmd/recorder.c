/* SPDX-License-Identifier: MIT */
/* Finding libmemprof.so and having it loaded. */
#include "config.h"

#include "analyzer/cmd/recorder.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"

#define LIBRARY "libmemprof.so"

void recorder_own_folder(char buf[static PATH_MAX])
{
	ssize_t len = readlink("/proc/self/exe", buf, PATH_MAX - 1);
	char *slash;

	buf[len > 0 ? len : 0] = '\0';
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	else
		buf[0] = '\0';
}

/* The real path of a file that we may read, to be freed, or NULL. */
static char *real_file(const char *path)
{
	char *real = realpath(path, NULL);

	if (real && access(real, R_OK) == 0)
		return real;
	free(real);
	return NULL;
}

static char *search(void)
{
	static const char *const relative[] = { "", "/../lib",
						"/../lib/x86_64-linux-gnu" };
	char folder[PATH_MAX], path[PATH_MAX + 64];
	char *found = NULL;

	recorder_own_folder(folder);
	for (size_t i = 0; i < 3 && !found; i++) {
		if (i == 1)
			found = real_file(MEMPROF_LIBDIR "/" LIBRARY);
		if (!found && *folder) {
			snprintf(path, sizeof(path), "%s%s/" LIBRARY, folder,
				 relative[i]);
			found = real_file(path);
		}
	}
	if (!found)
		diag_error(LIBRARY ": is neither beside memprof (%s) nor in "
				   "%s; install it there or name it in "
				   "MEMPROF_LIB",
			   folder, MEMPROF_LIBDIR);
	return found;
}

char *recorder_find(void)
{
	const char *named = getenv("MEMPROF_LIB");
	char *library;

	if (named && *named) {
		library = real_file(named);
		if (!library)
			diag_error("MEMPROF_LIB: %s: %s; it names the "
				   "recorder, " LIBRARY,
				   named, strerror(errno));
	} else {
		library = search();
	}
	/* LD_PRELOAD has no way to quote what separates or expands in it. */
	if (library && strpbrk(library, " :$")) {
		diag_error("%s: a path with a space, ':' or '$' cannot be "
			   "preloaded; copy the file elsewhere and name it in "
			   "MEMPROF_LIB",
			   library);
		free(library);
		return NULL;
	}
	return library;
}

/* old: what the variable has already, or NULL. */
static int put_before(const char *name, const char *old, const char *value)
{
	bool has_old = old && *old;
	char *both;
	int status;

	if (asprintf(&both, "%s%s%s", value, has_old ? ":" : "",
		     has_old ? old : "") < 0) {
		diag_error("%s: out of memory", name);
		return -1;
	}
	status = setenv(name, both, 1);
	free(both);
	if (status < 0)
		diag_error("%s: out of memory", name);
	return status;
}

int recorder_preload(const char *library)
{
	/* AddressSanitizer ends programs in which anything is loaded before
	 * it, unless it is told not to look. */
	if (put_before("ASAN_OPTIONS", getenv("ASAN_OPTIONS"),
		       "verify_asan_link_order=0") < 0)
		return -1;
	return put_before("LD_PRELOAD", getenv("LD_PRELOAD"), library);
}
