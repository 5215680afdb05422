/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as a dump: opened (strictly and with salvage), joined into sites,
 * charged to lines, ranked, and printed by every view. Nothing may crash, hang
 * or read beyond what it owns.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "tests/fuzz/driver.h"
#include "tests/unit/all_views.h"

static void fail(const char *what)
{
	perror(what);
	abort();
}

/* The bytes as a file; a path that leads to it. */
static const char *as_file(const uint8_t *data, size_t size)
{
	static char path[64];
	static int fd = -1;

	if (fd < 0) {
		fd = memfd_create("dump", MFD_CLOEXEC);
		if (fd < 0)
			fail("memfd_create");
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	}
	if (ftruncate(fd, 0) < 0 || ftruncate(fd, (off_t)size) < 0 ||
	    pwrite(fd, data, size, 0) != (ssize_t)size)
		fail("memfd");
	return path;
}

static void read_dump(const char *path, bool salvage, const char *from,
		      FILE *null)
{
	const struct analysis_options options = {
		.salvage = salvage,
		.without_names = true,
		.range = { .from = from, .to = from ? "half" : NULL },
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct analysis analysis;
	struct dump_error error;

	if (analysis_open(&analysis, path, &options, &error, fault, &regex) < 0)
		return;
	for (int n = 0; n < ALL_VIEWS_AND_EXPORTS; n++) {
		int ret = all_views_print(null, &analysis, n, "x.c");

		/* Changed counts may be those of no course of calls. */
		if (ret < 0 && ret != EXPORT_NO_COURSE)
			fail("view");
	}
	analysis_close(&analysis);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *path = as_file(data, size);
	static FILE *null;

	if (!null)
		null = fopen("/dev/null", "we");
	if (!null)
		fail("/dev/null");
	read_dump(path, false, NULL, null);
	read_dump(path, true, NULL, null);
	read_dump(path, false, "12%", null);
	return 0;
}
