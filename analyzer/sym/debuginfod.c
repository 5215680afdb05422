/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/debuginfod.h"

#include <elfutils/libdwfl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The client keeps what it got in files: the link tells which. */
static char *path_of(int fd)
{
	char link[64];
	char path[PATH_MAX];
	ssize_t bytes;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	bytes = readlink(link, path, sizeof(path) - 1);
	if (bytes <= 0)
		return strdup(link);
	path[bytes] = '\0';
	return strdup(path);
}

int debuginfod_find(const uint8_t *build_id, size_t bytes, char **ret_path)
{
	static const Dwfl_Callbacks callbacks = {
		.find_elf = dwfl_build_id_find_elf,
		.find_debuginfo = dwfl_standard_find_debuginfo,
	};
	const char *urls = getenv("DEBUGINFOD_URLS");
	Dwfl_Module *module;
	char *path = NULL;
	Dwfl *dwfl;
	int fd = -1;

	if (urls == NULL || urls[0] == '\0')
		return -1;
	dwfl = dwfl_begin(&callbacks);
	if (dwfl == NULL)
		return -1;
	dwfl_report_begin(dwfl);
	/* A module of which only the build-id is known, anywhere. */
	module = dwfl_report_module(dwfl, "object", 0x1000, 0x2000);
	if (module != NULL && dwfl_report_end(dwfl, NULL, NULL) == 0 &&
	    dwfl_module_report_build_id(module, build_id, bytes, 0) == 0)
		fd = dwfl_standard_find_debuginfo(module, NULL, "object",
						  0x1000, NULL, NULL, 0, &path);
	dwfl_end(dwfl);
	free(path);
	if (fd < 0)
		return -1;
	*ret_path = path_of(fd);
	if (*ret_path == NULL) {
		close(fd);
		return -1;
	}
	return fd;
}
