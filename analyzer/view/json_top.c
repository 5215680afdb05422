/* SPDX-License-Identifier: MIT */
/* The flat table as JSON. */
#include "config.h"

#include "analyzer/view/json_top.h"

#include "analyzer/view/json_parts.h"

static void put_thread(struct json *json, enum top_by by,
		       const struct top_row *row)
{
	if (by != TOP_THREAD || row->has_no_stack) {
		json_null(json, "thread");
		return;
	}
	json_begin_object(json, "thread");
	json_text(json, "name", row->thread_name);
	json_unsigned(json, "tid", row->tid);
	json_unsigned(json, "threads", row->threads);
	json_bool(json, "inherited", row->is_inherited);
	json_end(json);
}

static void put_place(struct json *json, const struct analysis *analysis,
		      const struct top_row *row, bool is_place)
{
	const struct place *place = &row->place;
	bool has_module = is_place && place->module != MODULES_NONE;

	json_text(json, "function", place->function);
	json_text(json, "file", place->file);
	if (place->line)
		json_unsigned(json, "line", place->line);
	else
		json_null(json, "line");
	json_text(json, "module",
		  has_module ? analysis->tree.modules.array[place->module].path
			     : NULL);
}

static int put_row(struct json *json, struct analysis *analysis,
		   const struct top *top, size_t number, struct stack *stack)
{
	const struct top_row *row = &top->rows[number];
	const struct top_error *error =
		top->errors ? &top->errors[number] : NULL;
	enum top_by by = top->by;

	json_begin_object(json, NULL);
	put_place(json, analysis, row, by != TOP_SITE && by != TOP_THREAD);
	put_thread(json, by, row);
	json_bool(json, "attributed", !row->has_no_stack);
	json_begin_object(json, "self");
	json_parts_estimate(json, &row->self, error ? &error->self : NULL);
	json_end(json);
	json_begin_object(json, "cumulative");
	json_parts_estimate(json, &row->cumulative,
			    error ? &error->cumulative : NULL);
	json_end(json);
	if (by == TOP_SITE) {
		int ret = stack_read(stack, &analysis->names,
				     &analysis->sites.array[row->site]);

		if (ret < 0)
			return ret;
		json_parts_stack(json, "stack", stack);
	}
	json_end(json);
	return 0;
}

int json_top_print(FILE *file, struct analysis *analysis, const struct top *top,
		   const struct text_top_options *options)
{
	struct stack stack = { 0 };
	struct ranking ranking;
	struct json json;
	int ret = text_top_rank(&ranking, top, options->metric,
				options->by_cumulative, options->limit);

	if (ret < 0)
		return ret;
	json_parts_begin(&json, file, "memprof-top/1", &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_parts_selection(&json, "selection", analysis);
	json_text(&json, "by", top_by_name(top->by));
	json_text(&json, "sort", json_parts_metric(options->metric));
	json_bool(&json, "sort_by_cumulative", options->by_cumulative);
	json_unsigned(&json, "rows_total", ranking.count);
	json_begin_array(&json, "rows");
	for (size_t i = 0; i < ranking.shown && ret == 0; i++)
		ret = put_row(&json, analysis, top, ranking.numbers[i], &stack);
	json_end(&json);
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}
