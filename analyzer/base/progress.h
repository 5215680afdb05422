/* SPDX-License-Identifier: MIT */
/*
 * What takes more than a second says how far it is, on stderr, where that is a
 * terminal. The line is taken away when it is done; nothing else may be
 * printed to the terminal meanwhile.
 */
#ifndef MEMPROF_ANALYZER_BASE_PROGRESS_H
#define MEMPROF_ANALYZER_BASE_PROGRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PROGRESS_DELAY_NS UINT64_C(1000000000) /* before the first line */
#define PROGRESS_STEP_NS  UINT64_C(100000000)  /* between two lines */

struct progress {
	int fd; /* -1: nothing is said */
	const char *what;
	uint64_t next_ns; /* when the next line is due */
	bool is_shown;
};

/* what: a phrase of ours, "naming code". Says nothing where fd is no terminal.
 */
void progress_begin(struct progress *ret_progress, const char *what, int fd,
		    uint64_t now_ns);

/* So much of all is done. Cheap: writes when a line is due. */
void progress_show(struct progress *progress, uint64_t now_ns, size_t done,
		   size_t all);

/* Takes the line away; nothing is said any more. */
void progress_end(struct progress *progress);

/* The clock that is meant. */
uint64_t progress_now_ns(void);

#endif
