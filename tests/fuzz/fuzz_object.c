/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as an ELF file with debug information: every address of its first
 * page is resolved, and its variables and build-id are asked for. Nothing may
 * crash, hang or answer with names that do not end.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/sym/sym.h"
#include "tests/fuzz/driver.h"

#define ADDRESSES  0x1000
#define NAME_BYTES (1 << 17) /* of no name are more */

static void check(bool is_right, const char *what)
{
	if (is_right)
		return;
	perror(what);
	abort();
}

/* The bytes as a file; a path that leads to it. */
static const char *as_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("object", MFD_CLOEXEC);
		check(fd >= 0, "memfd_create");
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", (int)getpid(),
			 fd);
	}
	check(ftruncate(fd, 0) == 0 && ftruncate(fd, (off_t)size) == 0 &&
		      pwrite(fd, data, size, 0) == (ssize_t)size,
	      "memfd");
	return path;
}

static void check_name(const char *name)
{
	check(!name || strlen(name) <= NAME_BYTES, "name");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct sym_options options = { .use_debuginfod = false };
	const struct sym_object object = { .path = as_file(data, size) };
	struct sym *sym = sym_new(&options);
	uint32_t handle;

	check(sym, "sym_new");
	handle = sym_add_object(sym, &object);
	sym_object_source(sym, handle);
	for (uint64_t at = 0; at < ADDRESSES; at += 3) {
		const struct sym_frame *frames;
		size_t count = sym_resolve(sym, handle, at, &frames);

		for (size_t i = 0; i < count; i++) {
			check_name(frames[i].function);
			check_name(frames[i].file);
		}
	}
	sym_free(sym);
	return 0;
}
