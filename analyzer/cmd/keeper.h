/* SPDX-License-Identifier: MIT */
/*
 * The keeper of memprof run: a process that holds the memory which programs
 * record into, copies it into their dumps now and then, and for the last time
 * when they have ended. It outlives memprof run as long as there is something
 * to keep.
 */
#ifndef MEMPROF_ANALYZER_CMD_KEEPER_H
#define MEMPROF_ANALYZER_CMD_KEEPER_H

struct keeper {
	char address[64]; /* MEMPROF_KEEPER */
	int fd;		  /* closed by its end, and by ours for it */
	int process;	  /* pidfd; -1: none */
};

enum keeper_state {
	KEEPER_SAVED,  /* all that has ended */
	KEEPER_LOST,   /* but for what there was no room for */
	KEEPER_SILENT, /* it was killed, or does not go on */
};

/* Starts it; argv, of our own arguments, it lacks. -1 when that fails, which
 * was said. */
int keeper_start(struct keeper *keeper, char **argv);

/* Waits until what has ended is in files. */
enum keeper_state keeper_settle(const struct keeper *keeper);

#endif
