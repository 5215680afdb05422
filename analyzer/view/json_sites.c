/* SPDX-License-Identifier: MIT */
/* Sites as JSON. */
#include "config.h"

#include "analyzer/view/json_sites.h"

#include "analyzer/model/ranking.h"
#include "analyzer/view/json_parts.h"
#include "analyzer/view/text_heap.h"

int json_sites_print(FILE *file, struct analysis *analysis,
		     const struct json_sites_options *options)
{
	struct ranking_source source = filter_source(&analysis->filter);
	struct ranking ranking;
	struct stack stack = { 0 };
	struct json json;
	int ret;

	source.has_zeros = options->has_zeros;
	ret = ranking_init(&ranking, &source, options->sort, options->limit);
	if (ret < 0)
		return ret;
	json_parts_begin(&json, file, options->schema, &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_heap_put(&json, "memory_at_end", analysis);
	json_parts_selection(&json, "selection", analysis);
	json_text(&json, "sort", json_parts_metric(options->sort));
	json_unsigned(&json, "sites_total", ranking.count);
	json_begin_array(&json, "sites");
	for (size_t i = 0; i < ranking.shown && ret == 0; i++)
		ret = json_parts_site(
			&json, NULL, analysis,
			&analysis->sites.array[ranking.numbers[i]], &stack);
	json_end(&json);
	/* Last: now it is known which code had no names. */
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}
