/* SPDX-License-Identifier: MIT */
/*
 * The keeper is a process of memprof run. It holds the memory that is recorded
 * into, copies it into the dump's file now and then, and for the last time when
 * this process has ended, in whatever way.
 *
 * Context: where files are created: boot, and the start of a forked child.
 */
#ifndef MEMPROF_PRELOAD_RECORD_KEEPER_H
#define MEMPROF_PRELOAD_RECORD_KEEPER_H

#include <stdbool.h>

#define MP_KEEPER_LINK_BYTES 64

/* What it gets; the descriptors stay the caller's. */
struct mp_keeper_dump {
	int memory; /* that is recorded into */
	int file;   /* the dump, open to be written */
	int folder; /* that the dump is in */
	const char *name;
};

/* Boot only. address: MEMPROF_KEEPER, or NULL: then there is none. */
void mp_keeper_init(const char *address);

/*
 * Calls it, and waits until all that has ended is in files, as names depend on
 * it; what this process recorded before an exec() has ended. mp_keeper_leave()
 * always follows.
 */
void mp_keeper_call(void);
void mp_keeper_leave(void);

/* Between the two: did it answer? */
bool mp_keeper_is_there(void);

/*
 * Gives it a dump. Returns in link the path by which the memory can be opened
 * again as long as the keeper lives; negative errno.
 */
long mp_keeper_give(const struct mp_keeper_dump *dump,
		    char link[MP_KEEPER_LINK_BYTES]);

#endif
