/* SPDX-License-Identifier: MIT */
/*
 * The census: reads the slots of all writers, as they are at that instant,
 * and tells which changed since they were last told. Threads that go on
 * meanwhile are read slot by slot: each slot is what it was at some instant
 * between begin and end.
 *
 * Context: one thread at a time, see timeline.c; may run inside malloc; may
 * run in a signal handler: yes; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_CENSUS_H
#define MEMPROF_PRELOAD_RECORD_CENSUS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"

/* Sums over all slots and the overflow. */
struct mp_census {
	uint64_t allocs, alloc_bytes;
	uint64_t frees, free_bytes;
	struct mpf_overflow overflow; /* of them */
};

/* A slot that changed; false ends the telling. */
typedef bool mp_census_fn(void *arg, const struct mpf_change *change);

/*
 * fn is told each slot that changed since it was told; NULL: only the sums.
 * False when there is no memory, or fn returned false: then nothing counts as
 * told, so that the next one is told all.
 */
bool mp_census_take(struct mp_census *ret_census, mp_census_fn *fn, void *arg);

/* In a forked child: forgets the parent's slots. */
void mp_census_forked(void);

#endif
