/* SPDX-License-Identifier: MIT */
/*
 * The keeper of memprof run --sealed: a process that holds the memory which
 * programs record into, and makes it a file when its program has ended. It
 * outlives memprof run as long as there is something to keep.
 */
#ifndef MEMPROF_ANALYZER_CMD_KEEPER_H
#define MEMPROF_ANALYZER_CMD_KEEPER_H

#include <stdbool.h>

struct keeper {
	char address[64]; /* MEMPROF_KEEPER */
	int fd;		  /* closed by its end, and by ours for it */
};

/* Starts it. -1 when that fails, which was said. */
int keeper_start(struct keeper *keeper);

/* Waits until what has ended is in files. False when it does not answer or
 * could not save one of them. */
bool keeper_settle(const struct keeper *keeper);

#endif
