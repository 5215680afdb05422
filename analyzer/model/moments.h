/* SPDX-License-Identifier: MIT */
/*
 * The heap's size over the time of a recording, as points in the order of
 * time: the start, the peak and the end are always known.
 */
#ifndef MEMPROF_ANALYZER_MODEL_MOMENTS_H
#define MEMPROF_ANALYZER_MODEL_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

struct catalog;

enum moment_kind { MOMENT_PLAIN, MOMENT_PEAK, MOMENT_END };

struct moment {
	enum moment_kind kind;
	uint64_t time_ns; /* after the start */
	int64_t bytes;
	/* Of a peak and an end: what its composition is. */
	enum metric metric;
};

struct moments {
	struct moment *array;
	size_t count;
};

/* 0, or DUMP_MEMORY. */
int moments_init(struct moments *ret_moments, const struct catalog *catalog);
void moments_done(struct moments *moments);

#endif
