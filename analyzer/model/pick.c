/* SPDX-License-Identifier: MIT */
/* The rows of a table that matter. */
#include "config.h"

#include "analyzer/model/pick.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/flame.h"
#include "analyzer/model/ranking.h"
#include "analyzer/model/top.h"

/* Marks the greatest by one metric. */
static int mark(uint8_t *keeps, const struct counts *first, size_t count,
		enum metric metric, size_t limit)
{
	const struct ranking_source source = {
		.first = first,
		.stride = sizeof(struct top_row),
		.count = count,
	};
	struct ranking ranking;
	int ret = ranking_init(&ranking, &source, metric, limit);

	if (ret < 0)
		return ret;
	for (size_t i = 0; i < ranking.shown; i++)
		keeps[ranking.numbers[i]] = 1;
	ranking_done(&ranking);
	return 0;
}

int pick_init(struct pick *ret_pick, const struct top *top, size_t limit)
{
	uint8_t *keeps = calloc(top->count + 1, 1);
	struct pick pick = {
		.numbers = calloc(top->count + 1, sizeof(*pick.numbers)),
	};
	int ret = keeps && pick.numbers ? 0 : DUMP_MEMORY;

	for (int m = 0; m < FLAME_METRICS && ret == 0 && top->count; m++) {
		ret = mark(keeps, &top->rows->self, top->count,
			   flame_metrics[m], limit);
		if (ret == 0)
			ret = mark(keeps, &top->rows->cumulative, top->count,
				   flame_metrics[m], limit);
	}
	for (size_t i = 0; i < top->count && ret == 0; i++) {
		if (keeps[i] || limit == 0) {
			pick.numbers[pick.count++] = (uint32_t)i;
			continue;
		}
		pick.rest_count++;
		counts_add(&pick.rest, &top->rows[i].self);
	}
	free(keeps);
	if (ret == 0)
		*ret_pick = pick;
	else
		pick_done(&pick);
	return ret;
}

void pick_done(struct pick *pick)
{
	free(pick->numbers);
	*pick = (struct pick) { 0 };
}
