/* SPDX-License-Identifier: MIT */
/* Flat tables of several dumps as one. */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/match.h"
#include "analyzer/model/top.h"

static void add_row(struct top *top, struct top_row *row,
		    const struct top_row *more, uint32_t dump)
{
	uint32_t threads = row->threads;
	struct lifetime lifetime = row->lifetime;
	unsigned greatest = row->greatest;

	counts_add_bounded(&row->self, &more->self);
	counts_add_bounded(&row->cumulative, &more->cumulative);
	lifetime_add(&lifetime, &more->lifetime);
	if (more->greatest > greatest)
		greatest = more->greatest;
	if (!row->is_known) {
		struct counts self = row->self, cumulative = row->cumulative;

		*row = *more;
		row->self = self;
		row->cumulative = cumulative;
		row->dump = dump;
		row->is_known = true;
		top->count++;
	} else {
		row->started_at = 0;
	}
	row->threads = top->by == TOP_THREAD ? threads + more->threads : 0;
	row->greatest = greatest;
	row->lifetime = lifetime;
}

/* What nothing but the name of a place is left of, has no path. */
static void strip(struct top_row *row)
{
	row->is_stripped = true;
	if (row->place.file)
		row->place.file = keys_base_name(row->place.file);
}

int top_merge(struct top *ret_top, const struct set *set,
	      const struct top *tops, bool strip_dirs)
{
	struct top top = {
		.by = tops[0].by,
		.has_greatest = tops[0].has_greatest,
		.ns_per_tick = tops[0].ns_per_tick,
		.has_time = true,
		.has_usable = true,
	};
	struct match match;
	int ret = match_init(&match, set, tops, strip_dirs);
	bool has_errors = false;

	if (ret < 0)
		return ret;
	for (size_t t = 0; t < set->count; t++) {
		has_errors |= tops[t].errors != NULL;
		top.is_estimate |= tops[t].is_estimate;
		top.has_ages |= tops[t].has_ages;
		top.has_time &= tops[t].has_time;
		top.has_usable &= tops[t].has_usable;
	}
	top.rows = calloc(match.count + 1, sizeof(*top.rows));
	if (has_errors)
		top.errors = calloc(match.count + 1, sizeof(*top.errors));
	if (!top.rows || (has_errors && !top.errors)) {
		match_done(&match);
		top_done(&top);
		return DUMP_MEMORY;
	}
	for (uint32_t t = 0; t < set->count; t++) {
		for (size_t i = 0; i < tops[t].count; i++) {
			uint32_t number = match.numbers[t][i];

			add_row(&top, &top.rows[number], &tops[t].rows[i], t);
			if (strip_dirs)
				strip(&top.rows[number]);
			if (!tops[t].errors)
				continue;
			error_add(&top.errors[number].self,
				  &tops[t].errors[i].self);
			error_add(&top.errors[number].cumulative,
				  &tops[t].errors[i].cumulative);
		}
	}
	match_done(&match);
	*ret_top = top;
	return 0;
}
