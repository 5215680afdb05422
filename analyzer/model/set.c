/* SPDX-License-Identifier: MIT */
/* The dumps that a report is about. */
#include "config.h"

#include "analyzer/model/set.h"

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

/* So that the difference of two still fits. */
#define BOUND (DUMP_MAX_COUNT << 1)

void counts_add_bounded(struct counts *sum, const struct counts *more)
{
	for (int m = 0; m < METRIC_COUNT; m++) {
		int64_t value;

		if (__builtin_add_overflow(sum->of[m], more->of[m], &value))
			value = sum->of[m] < 0 ? -BOUND : BOUND;
		if (value > BOUND)
			value = BOUND;
		if (value < -BOUND)
			value = -BOUND;
		sum->of[m] = value;
	}
}

bool set_is_estimate(const struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->array[i].sites.errors)
			return true;
	return false;
}

void set_whole(const struct set *set, bool of_estimates,
	       struct counts *ret_counts)
{
	*ret_counts = (struct counts) { 0 };
	for (size_t i = 0; i < set->count; i++) {
		const struct analysis *analysis = &set->array[i];
		bool is_known = analysis->sites.errors && !of_estimates &&
				analysis->filter.is_complete;

		counts_add_bounded(ret_counts, is_known
						       ? &analysis->sites.totals
						       : &analysis->filter.sum);
	}
}
