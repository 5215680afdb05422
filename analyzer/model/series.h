/* SPDX-License-Identifier: MIT */
/*
 * What was live at each site, from one detailed moment to the next, in order
 * of time, and at last at the end. In a sampled dump these are estimates.
 *
 *	ret = series_init(&series, analysis);
 *	while (ret == 0 && series_next(&series))
 *		... series.ns, series.live[site] ...
 *	series_done(&series);
 */
#ifndef MEMPROF_ANALYZER_MODEL_SERIES_H
#define MEMPROF_ANALYZER_MODEL_SERIES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct analysis;

#define SERIES_END SIZE_MAX

struct series {
	const struct analysis *analysis;
	size_t moment;	 /* index into the dump's, or SERIES_END */
	uint64_t ns;	 /* after the start */
	double *live;	 /* bytes, per site of analysis->sites */
	bool is_all_new; /* else only those in touched changed; a site may be */
			 /* in it more than once */
	uint32_t *touched;
	size_t touched_count;

	/* Private. */
	size_t next;
	bool is_over;
	int64_t *slot_live;
	size_t touched_room;
};

/* The dump is as it was opened: no range was applied. 0, or DUMP_MEMORY. */
int series_init(struct series *ret_series, const struct analysis *analysis);

/* False when there is no more. */
bool series_next(struct series *series);

void series_done(struct series *series);

#endif
