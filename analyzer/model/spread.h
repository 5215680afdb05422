/* SPDX-License-Identifier: MIT */
/* The middle and the ends of a few numbers, one for each run of a program. */
#ifndef MEMPROF_ANALYZER_MODEL_SPREAD_H
#define MEMPROF_ANALYZER_MODEL_SPREAD_H

#include <stddef.h>
#include <stdint.h>

/* What is measured of a run; the order is that of the tables. */
enum spread_of {
	SPREAD_TIME_NS,	     /* without the recorder, as the next two */
	SPREAD_RSS_BYTES,    /* at its peak */
	SPREAD_FAULTS,	     /* of pages, with and without reading */
	SPREAD_PEAK_BYTES,   /* of the heap, as are the rest */
	SPREAD_BEYOND_BYTES, /* peak RSS beyond the heap's peak */
	SPREAD_ALLOCATIONS,
	SPREAD_ALLOCATED_BYTES,
	SPREAD_TEMPORARY,
	SPREAD_LEAKED_BYTES,
	SPREAD_IDLE_BYTES, /* held at the end and not live; -1: unknown */
	SPREADS
};

struct spread {
	int64_t median, least, greatest;
};

/* Of count numbers, at least one, which are put in order for it. The median of
 * an even number is the lower middle: one that was measured. */
void spread_init(struct spread *ret_spread, int64_t *numbers, size_t count);

#endif
