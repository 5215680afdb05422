/* SPDX-License-Identifier: MIT */
/* Sites that are told apart, groups of others, and what changes of them. */
#include "config.h"

#include "analyzer/model/history_items.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/flame.h"
#include "analyzer/model/history.h"
#include "analyzer/model/intmap.h"

/* The item of all sites without a row that are at one place. */
static uint32_t group_of(struct history_items *items, struct intmap *known,
			 uint32_t node, bool is_folded)
{
	uint32_t *number = intmap_at(known, node, is_folded);

	if (!number)
		return HISTORY_NO_ROW;
	if (*number == 0) {
		items->array[items->count++] = (struct history_item) {
			.row = HISTORY_NO_ROW,
			.node = node,
			.is_folded = is_folded,
		};
		*number = (uint32_t)items->count;
	}
	return *number - 1;
}

int history_items_init(struct history_items *ret_items,
		       const struct analysis *analysis,
		       const struct history_places *places)
{
	const size_t sites = analysis->sites.count;
	struct history_items items = { .site_count = sites };
	struct intmap known = { 0 };
	int ret = DUMP_MEMORY;

	items.array =
		calloc(sites + places->row_count + 1, sizeof(*items.array));
	items.of_site = calloc(sites + 1, sizeof(*items.of_site));
	if (!items.array || !items.of_site)
		goto out;
	items.count = places->row_count;
	for (size_t i = 0; i < sites; i++) {
		const uint32_t row = places->rows[i];

		items.of_site[i] = HISTORY_NO_ROW;
		if (places->nodes[i] == FLAME_NOWHERE)
			continue;
		items.of_site[i] =
			row != HISTORY_NO_ROW
				? row
				: group_of(&items, &known, places->nodes[i],
					   places->is_folded[i]);
		if (items.of_site[i] == HISTORY_NO_ROW)
			goto out;
		if (row != HISTORY_NO_ROW)
			items.array[row] = (struct history_item) {
				.row = row,
				.node = places->nodes[i],
				.is_folded = places->is_folded[i],
			};
	}
	items.sums = calloc(items.count + 1, sizeof(*items.sums));
	if (analysis->sites.errors)
		items.variances =
			calloc(items.count + 1, sizeof(*items.variances));
	if (items.sums && (items.variances || !analysis->sites.errors))
		ret = 0;
out:
	intmap_clear(&known);
	*ret_items = items;
	if (ret < 0)
		history_items_done(ret_items);
	return ret;
}

void history_items_done(struct history_items *items)
{
	free(items->array);
	free(items->of_site);
	free(items->sums);
	free(items->variances);
	*items = (struct history_items) { 0 };
}

static void add_variances(struct history_variances *sum,
			  const struct estimate *estimate)
{
	for (int m = 0; m < METRIC_COUNT; m++)
		sum->of[m] += estimate->error.variance[m];
}

void history_items_sum(struct history_items *items,
		       const struct history *history)
{
	memset(items->sums, 0, items->count * sizeof(*items->sums));
	if (items->variances)
		memset(items->variances, 0,
		       items->count * sizeof(*items->variances));
	for (size_t i = 0; i < items->site_count; i++) {
		const uint32_t item = items->of_site[i];

		if (item == HISTORY_NO_ROW)
			continue;
		counts_add(&items->sums[item], &history->sites[i]);
		if (items->variances)
			add_variances(&items->variances[item],
				      &history->estimates[i]);
	}
}

int history_changes_init(struct history_changes *ret_changes, size_t all,
			 bool is_estimate)
{
	struct history_changes changes = {
		.all = all,
		.numbers = calloc(all + 1, sizeof(*changes.numbers)),
		.by = calloc(all + 1, sizeof(*changes.by)),
		.last = calloc(all + 1, sizeof(*changes.last)),
	};
	bool is_whole = changes.numbers && changes.by && changes.last;

	if (is_estimate) {
		changes.variances = calloc(all + 1, sizeof(*changes.variances));
		changes.last_variances =
			calloc(all + 1, sizeof(*changes.last_variances));
		is_whole =
			is_whole && changes.variances && changes.last_variances;
	}
	*ret_changes = changes;
	if (is_whole)
		return 0;
	history_changes_done(ret_changes);
	return DUMP_MEMORY;
}

void history_changes_take(struct history_changes *changes,
			  const struct counts *now,
			  const struct history_variances *variances)
{
	changes->count = 0;
	for (size_t i = 0; i < changes->all; i++) {
		struct counts by = now[i];
		bool is_same;

		counts_subtract(&by, &changes->last[i]);
		is_same = counts_is_zero(&by);
		if (changes->variances &&
		    memcmp(&changes->last_variances[i], &variances[i],
			   sizeof(*variances)) != 0)
			is_same = false;
		if (is_same)
			continue;
		changes->last[i] = now[i];
		changes->by[changes->count] = by;
		if (changes->variances) {
			changes->last_variances[i] = variances[i];
			changes->variances[changes->count] = variances[i];
		}
		changes->numbers[changes->count++] = (uint32_t)i;
	}
}

void history_changes_done(struct history_changes *changes)
{
	free(changes->numbers);
	free(changes->by);
	free(changes->last);
	free(changes->variances);
	free(changes->last_variances);
	*changes = (struct history_changes) { 0 };
}
