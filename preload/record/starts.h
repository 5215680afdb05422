/* SPDX-License-Identifier: MIT */
/*
 * Where threads were started: the stack of who created each one. It is given
 * to the new thread beside its function and argument, and kept until a writer
 * is that thread's.
 *
 * Invariant: a start is in use from mp_starts_new() to mp_starts_run(), which
 * its thread runs once. That of a thread which could not be created stays in
 * use for ever; when none is left, threads begin without, as unknown ones.
 *
 * Context: any thread; not inside malloc; may run in a signal handler: yes;
 * locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_RECORD_STARTS_H
#define MEMPROF_PRELOAD_RECORD_STARTS_H

#include <stdatomic.h>
#include <stdint.h>

typedef void *mp_starts_fn(void *arg);

struct mp_start_of_thread {
	mp_starts_fn *function;
	void *arg;
	_Atomic uint32_t is_used;
	uint32_t node; /* innermost frame of who creates it */
};
#define MP_STARTS_MAX 1024u /* threads that were created and did not begin */
extern struct mp_start_of_thread mp_starts[MP_STARTS_MAX];

/* The node of who created this thread; 0: not known. */
extern __thread uint32_t mp_starts_self;

/* NULL when too many are in use. */
struct mp_start_of_thread *mp_starts_new(mp_starts_fn *function, void *arg,
					 uint32_t node);

/* The function of a thread created with a start as its argument: a jump into
 * the one that was asked for, so no frame of ours is on its stack. */
void *mp_starts_run(void *start);

#endif
