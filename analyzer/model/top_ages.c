/* SPDX-License-Identifier: MIT */
/* The flat table by how long blocks lived, or have lived. */
#include "config.h"

#include "analyzer/model/top_kinds.h"

#include <math.h>
#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

static enum ages_by ages_of(enum top_by by)
{
	if (by == TOP_LIFETIME_ALLOCS)
		return AGES_LIFETIME_ALLOCS;
	return by == TOP_AGE ? AGES_AGE : AGES_LIFETIME;
}

void top_age_range(const struct top *top, unsigned bucket, double *ret_first,
		   double *ret_end)
{
	enum ages_by by = ages_of(top->by);
	double unit = 1;

	if (by != AGES_LIFETIME_ALLOCS && top->has_time)
		unit = top->ns_per_tick;
	*ret_first = unit * (double)ages_first(by, bucket);
	*ret_end = bucket + 1 < ages_buckets(by)
			   ? unit * (double)ages_first(by, bucket + 1)
			   : INFINITY;
}

int top_ages(struct top *top, struct analysis *analysis, enum ages_by by)
{
	struct ages_row rows[AGES_ROWS];

	top->rows = calloc(AGES_ROWS, sizeof(*top->rows));
	if (!top->rows)
		return DUMP_MEMORY;
	ages_histogram(analysis, by, rows);
	for (unsigned b = 0; b < ages_buckets(by); b++) {
		struct top_row *row = &top->rows[top->count];

		if (rows[b].blocks < 0.5)
			continue;
		row->bucket = b;
		row->place.module = MODULES_NONE;
		if (by == AGES_AGE) {
			row->self.of[METRIC_LIVE_BLOCKS] =
				(int64_t)ages_rounded(rows[b].blocks);
			row->self.of[METRIC_LIVE_BYTES] =
				(int64_t)ages_rounded(rows[b].bytes);
		} else {
			row->self.of[METRIC_FREES] =
				(int64_t)ages_rounded(rows[b].blocks);
		}
		row->cumulative = row->self;
		top->count++;
	}
	return 0;
}
