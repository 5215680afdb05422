/* SPDX-License-Identifier: MIT */
/* From sealed memory to the file that a dump is. */
#ifndef MEMPROF_ANALYZER_CMD_KEEPER_SAVE_H
#define MEMPROF_ANALYZER_CMD_KEEPER_SAVE_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

/* The descriptors are the caller's, who closes them. */
struct keeper_dump {
	int memory;
	int file;    /* the dump, open to be written: replaced by each copy */
	int folder;  /* that it was made in */
	bool is_new; /* the file says yet that there is nothing */
	char name[NAME_MAX + 1];
};

enum keeper_end {
	KEEPER_GONE,	 /* the process ended */
	KEEPER_REPLACED, /* by exec() */
};

/*
 * Saves it as of now_ns (CLOCK_MONOTONIC), while the program goes on. The file
 * that there was stays whole until another takes its place. False when that is
 * not possible now.
 */
bool keeper_save_copy(struct keeper_dump *dump, uint64_t now_ns);

/*
 * Saves it for the last time: in the place of the file or, where another has
 * its name or there is no room for both, into it. -1 when the recording is
 * lost: errno. A file that was deleted is no loss.
 */
int keeper_save(struct keeper_dump *dump, enum keeper_end end);

#endif
