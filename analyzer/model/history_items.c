/* SPDX-License-Identifier: MIT */
/* Sites that are told apart, groups of others, and what changes of them. */
#include "config.h"

#include "analyzer/model/history_items.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
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
	ret = items.sums ? 0 : DUMP_MEMORY;
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
	*items = (struct history_items) { 0 };
}

void history_items_sum(struct history_items *items,
		       const struct history *history)
{
	memset(items->sums, 0, items->count * sizeof(*items->sums));
	for (size_t i = 0; i < items->site_count; i++)
		if (items->of_site[i] != HISTORY_NO_ROW)
			counts_add(&items->sums[items->of_site[i]],
				   &history->sites[i]);
}

int history_changes_init(struct history_changes *ret_changes, size_t all)
{
	struct history_changes changes = {
		.all = all,
		.numbers = calloc(all + 1, sizeof(*changes.numbers)),
		.by = calloc(all + 1, sizeof(*changes.by)),
		.last = calloc(all + 1, sizeof(*changes.last)),
	};

	*ret_changes = changes;
	if (changes.numbers && changes.by && changes.last)
		return 0;
	history_changes_done(ret_changes);
	return DUMP_MEMORY;
}

void history_changes_take(struct history_changes *changes,
			  const struct counts *now)
{
	changes->count = 0;
	for (size_t i = 0; i < changes->all; i++) {
		struct counts by = now[i];

		counts_subtract(&by, &changes->last[i]);
		if (counts_is_zero(&by))
			continue;
		changes->last[i] = now[i];
		changes->by[changes->count] = by;
		changes->numbers[changes->count++] = (uint32_t)i;
	}
}

void history_changes_done(struct history_changes *changes)
{
	free(changes->numbers);
	free(changes->by);
	free(changes->last);
	*changes = (struct history_changes) { 0 };
}
