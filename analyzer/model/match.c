/* SPDX-License-Identifier: MIT */
/* Which rows of several flat tables are of the same thing. */
#include "config.h"

#include "analyzer/model/match.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/keys.h"

/* A row as a place of its own kind: what is no place gets a line that none
 * has, and its name as the function. */
static struct place place_of(enum top_by by, const struct top_row *row)
{
	struct place place = { .module = MODULES_NONE };

	switch (by) {
	case TOP_THREAD:
		place.function = row->thread_name;
		place.line = UINT32_MAX - row->is_inherited;
		break;
	case TOP_SIZE:
	case TOP_LIFETIME:
	case TOP_LIFETIME_ALLOCS:
	case TOP_AGE:
		place.line = row->bucket;
		break;
	default:
		place = row->place;
		break;
	}
	if (row->has_no_stack)
		place = (struct place) { .module = MODULES_NONE,
					 .line = UINT32_MAX - 2 };
	return place;
}

static int match_places(struct match *match, const struct set *set,
			const struct top *tops, bool strip_dirs)
{
	struct keys keys = { .strip_dirs = strip_dirs };
	int ret = 0;

	for (uint32_t t = 0; t < set->count; t++) {
		for (size_t i = 0; i < tops[t].count && ret == 0; i++) {
			struct place place =
				place_of(tops[t].by, &tops[t].rows[i]);

			ret = keys_add(&keys, &set->array[t], t, &place,
				       &match->numbers[t][i]);
		}
	}
	match->count = keys.count;
	keys_done(&keys);
	return ret;
}

int match_init(struct match *ret_match, const struct set *set,
	       const struct top *tops, bool strip_dirs)
{
	struct match match = { .tables = set->count };
	int ret = 0;

	match.numbers = calloc(set->count, sizeof(*match.numbers));
	if (!match.numbers)
		return DUMP_MEMORY;
	for (size_t t = 0; t < set->count; t++) {
		match.numbers[t] =
			calloc(tops[t].count + 1, sizeof(**match.numbers));
		if (!match.numbers[t])
			ret = DUMP_MEMORY;
	}
	if (ret == 0 && tops[0].by == TOP_SITE)
		ret = match_stacks(&match, set, tops);
	else if (ret == 0)
		ret = match_places(&match, set, tops, strip_dirs);
	if (ret == 0)
		*ret_match = match;
	else
		match_done(&match);
	return ret;
}

int match_init_sites(struct match *ret_match, const struct set *set)
{
	struct match match = { .tables = set->count };
	int ret = 0;

	match.numbers = calloc(set->count, sizeof(*match.numbers));
	if (!match.numbers)
		return DUMP_MEMORY;
	for (size_t t = 0; t < set->count; t++) {
		match.numbers[t] = calloc(set->array[t].sites.count + 1,
					  sizeof(**match.numbers));
		if (!match.numbers[t])
			ret = DUMP_MEMORY;
	}
	if (ret == 0)
		ret = match_stacks(&match, set, NULL);
	if (ret == 0)
		*ret_match = match;
	else
		match_done(&match);
	return ret;
}

void match_done(struct match *match)
{
	for (size_t t = 0; t < match->tables && match->numbers; t++)
		free(match->numbers[t]);
	free(match->numbers);
	*match = (struct match) { 0 };
}
