/* SPDX-License-Identifier: MIT */
/*
 * What is counted of a site, a function, a line, a thread or a whole dump:
 * one number per metric, so that sums, sorting and columns need no list of
 * fields. The words are those of memprof-method(7).
 */
#ifndef MEMPROF_ANALYZER_MODEL_COUNTS_H
#define MEMPROF_ANALYZER_MODEL_COUNTS_H

#include <stdbool.h>
#include <stdint.h>

enum metric {
	METRIC_ALLOCATIONS, /* successful calls */
	METRIC_ALLOCATED_BYTES,
	METRIC_FREES,
	METRIC_FREED_BYTES,
	METRIC_REALLOCS, /* of the allocations: those by realloc */
	METRIC_LIVE_BLOCKS,
	METRIC_LIVE_BYTES,
	METRIC_PEAK_BLOCKS, /* live at the peak of the whole process */
	METRIC_PEAK_BYTES,
	METRIC_TEMPORARY, /* freed before their thread allocated again */
	METRIC_COUNT
};

struct counts {
	int64_t of[METRIC_COUNT];
};

/* Sums over one dump always fit (dump.h); of several they may go round, but
 * are then no worse than that. */
static inline void counts_add(struct counts *sum, const struct counts *more)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		sum->of[i] =
			(int64_t)((uint64_t)sum->of[i] + (uint64_t)more->of[i]);
}

static inline void counts_subtract(struct counts *sum,
				   const struct counts *less)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		sum->of[i] =
			(int64_t)((uint64_t)sum->of[i] - (uint64_t)less->of[i]);
}

static inline bool counts_is_zero(const struct counts *counts)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		if (counts->of[i] != 0)
			return false;
	return true;
}

#endif
