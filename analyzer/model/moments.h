/* SPDX-License-Identifier: MIT */
/*
 * The heap's size over the time of a recording, as not too many points in the
 * order of time: the start, the peak and the end, which are always known, and
 * between them those of the timeline, some with what each stack had.
 */
#ifndef MEMPROF_ANALYZER_MODEL_MOMENTS_H
#define MEMPROF_ANALYZER_MODEL_MOMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

#define MOMENTS_PLAIN	 100u /* at most, the highest of as many columns */
#define MOMENTS_DETAILED 10u  /* at most */

struct catalog;

enum moment_kind { MOMENT_PLAIN, MOMENT_DETAILED, MOMENT_PEAK, MOMENT_END };

struct moment {
	enum moment_kind kind;
	uint64_t time_ns; /* after the start */
	int64_t bytes;
	/* What it is made of: of a peak and an end the metric, of a detailed
	 * one what was live of each entry of the catalog. */
	enum metric metric;
	int64_t *values;
};

struct moments {
	struct moment *array;
	size_t count;
};

/* Of a part of a recording, the three that are always known. 0, or
 * DUMP_MEMORY. */
int moments_init(struct moments *ret_moments, const struct catalog *catalog);
void moments_done(struct moments *moments);

#endif
