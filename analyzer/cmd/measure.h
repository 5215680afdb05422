/* SPDX-License-Identifier: MIT */
/* One run of a program, measured: as it is, or with the recorder in it. */
#ifndef MEMPROF_ANALYZER_CMD_MEASURE_H
#define MEMPROF_ANALYZER_CMD_MEASURE_H

#include <stdbool.h>
#include <stdint.h>

struct measure {
	char *const *argv;     /* ended by NULL */
	const char *path;      /* of the program */
	const char *recorder;  /* library to preload; NULL: none */
	const char *allocator; /* library to preload; "": none */
	const char *out;       /* MEMPROF_OUT, with recorder */
	bool shows_output;     /* else stdout is /dev/null */
};

struct measured {
	int64_t time_ns;
	int64_t rss_bytes; /* the greatest, of its children too */
	int64_t faults;
	int pid;
	int status; /* of the exit, 128 + signal */
};

/* 0, or -1 when it could not be started, which was said. */
int measure_run(const struct measure *measure, struct measured *ret_measured);

#endif
