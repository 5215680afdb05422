/* SPDX-License-Identifier: MIT */
/* The flat table as JSON. */
#include "config.h"

#include "analyzer/view/json_top.h"

#include <math.h>

#include "analyzer/model/keys.h"

static int put_thread(struct json *json, enum top_by by,
		      const struct top_row *row, struct names *names,
		      struct stack *stack)
{
	int ret;

	if (by != TOP_THREAD || row->has_no_stack) {
		json_null(json, "thread");
		return 0;
	}
	ret = stack_read_start(stack, names, row->started_at);
	if (ret < 0)
		return ret;
	json_begin_object(json, "thread");
	json_text(json, "name", row->thread_name);
	json_unsigned(json, "tid", row->tid);
	json_unsigned(json, "threads", row->threads);
	json_bool(json, "inherited", row->is_inherited);
	json_parts_start(json, "started_at", stack);
	json_end(json);
	return 0;
}

static void put_sizes(struct json *json, enum top_by by,
		      const struct top_row *row)
{
	uint64_t first, last;

	if (by != TOP_SIZE || row->has_no_stack) {
		json_null(json, "first_size");
		json_null(json, "last_size");
		return;
	}
	top_bucket_range(row->bucket, &first, &last);
	json_unsigned(json, "first_size", first);
	json_unsigned(json, "last_size", last);
}

void json_top_ages(struct json *json, const struct top *top,
		   const struct top_row *row)
{
	const char *unit = top->by == TOP_LIFETIME_ALLOCS ? "allocations"
			   : top->has_time		  ? "ns"
							  : "ticks";
	double first, end;

	top_age_range(top, row->bucket, &first, &end);
	json_text(json, "unit", unit);
	json_parts_rounded(json, "first", first);
	if (isinf(end))
		json_null(json, "end");
	else
		json_parts_rounded(json, "end", end);
}

static void put_lifetime(struct json *json, const struct top *top,
			 const struct top_row *row)
{
	if (!top->has_ages || row->has_no_stack) {
		json_null(json, "lifetime");
		json_null(json, "slack_bytes");
		return;
	}
	json_begin_object(json, "lifetime");
	json_parts_lifetime(json, &row->lifetime, top->has_time);
	json_end(json);
	if (top->has_usable)
		json_number(json, "slack_bytes", order_slack(row));
	else
		json_null(json, "slack_bytes");
}

void json_top_place(struct json *json, const struct place *place,
		    const char *module)
{
	json_text(json, "function", place ? place->function : NULL);
	json_text(json, "file", place ? place->file : NULL);
	if (place && place->line)
		json_unsigned(json, "line", place->line);
	else
		json_null(json, "line");
	json_text(json, "module", module);
	json_parts_function_start(json, place ? place->start : 0);
}

int json_top_row(struct json *json, struct set *set, enum top_by by,
		 const struct top_row *row, struct stack *stack)
{
	struct analysis *analysis = &set->array[row->dump];
	bool is_place = by < TOP_SITE && !row->has_no_stack;
	const char *module = NULL;
	int ret = 0;

	if (is_place && row->place.module != MODULES_NONE)
		module = analysis->tree.modules.array[row->place.module].path;
	if (module && row->is_stripped)
		module = keys_base_name(module);
	json_top_place(json, is_place ? &row->place : NULL, module);
	ret = put_thread(json, by, row, &analysis->names, stack);
	if (ret < 0)
		return ret;
	put_sizes(json, by, row);
	json_bool(json, "attributed", !row->has_no_stack);
	if (by != TOP_SITE)
		return 0;
	ret = stack_read(stack, &analysis->names,
			 &analysis->sites.array[row->site]);
	if (ret == 0)
		json_parts_stack(json, "stack", stack);
	return ret;
}

static int put_row(struct json *json, struct set *set, const struct top *top,
		   size_t number, struct stack *stack)
{
	const struct top_row *row = &top->rows[number];
	const struct top_error *error =
		top->errors ? &top->errors[number] : NULL;
	int ret;

	json_begin_object(json, NULL);
	ret = json_top_row(json, set, top->by, row, stack);
	if (top->has_greatest)
		json_unsigned(json, "largest", order_greatest(row));
	if (top_is_of_ages(top->by))
		json_top_ages(json, top, row);
	else if (top->by <= TOP_SITE)
		put_lifetime(json, top, row);
	json_begin_object(json, "self");
	json_parts_estimate(json, &row->self, error ? &error->self : NULL);
	json_end(json);
	json_begin_object(json, "cumulative");
	json_parts_estimate(json, &row->cumulative,
			    error ? &error->cumulative : NULL);
	json_end(json);
	json_end(json);
	return ret;
}

static void put_restrictions(struct json *json, const struct order *order)
{
	json_begin_array(json, "restrictions");
	for (size_t i = 0; i < order->step_count; i++) {
		json_begin_object(json, NULL);
		json_text(json, "restriction", order->steps[i].restriction);
		json_unsigned(json, "before", order->steps[i].before);
		json_unsigned(json, "after", order->steps[i].after);
		json_end(json);
	}
	json_end(json);
}

static void put_dump(struct json *json, const struct analysis *analysis)
{
	json_begin_object(json, NULL);
	json_text(json, "path", analysis->summary.dump_path);
	json_parts_totals(json, "totals", analysis);
	json_end(json);
}

void json_top_begin(struct json *json, FILE *file, const char *schema,
		    struct set *set)
{
	struct analysis *first = &set->array[0];

	json_parts_begin(json, file, schema, &first->summary);
	json_parts_totals(json, "totals", first);
	json_parts_selection(json, "selection", first);
	json_begin_array(json, "dumps");
	for (size_t i = 0; i < set->count; i++)
		put_dump(json, &set->array[i]);
	json_end(json);
}

int json_top_print(FILE *file, struct set *set, const struct top *top,
		   const struct order *order, const struct order_options *how,
		   const char *const *sort_keys, size_t sort_key_count)
{
	struct stack stack = { 0 };
	struct json json;
	int ret = 0;

	json_top_begin(&json, file, "memprof-top/1", set);
	json_bool(&json, "python_first", set->array[0].python_first);
	json_text(&json, "by", top_by_name(top->by));
	json_text(&json, "sort", json_parts_metric(how->metric));
	json_bool(&json, "sort_by_cumulative", how->by_cumulative);
	json_begin_array(&json, "sort_keys");
	for (size_t i = 0; i < sort_key_count; i++)
		json_text(&json, NULL, sort_keys[i]);
	json_end(&json);
	put_restrictions(&json, order);
	json_unsigned(&json, "rows_total", order->count);
	json_begin_array(&json, "rows");
	for (size_t i = 0; i < order->shown && ret == 0; i++)
		ret = put_row(&json, set, top, order->numbers[i], &stack);
	json_end(&json);
	json_parts_losses(&json, "losses", &set->array[0]);
	json_end(&json);
	stack_done(&stack);
	return ret;
}

static void put_edge(struct json *json, const struct edges *edges,
		     const struct edges_row *row, uint32_t number)
{
	const struct keys_entry *entry =
		number == EDGES_NONE ? NULL : &edges->keys.array[number];

	json_top_place(json, entry ? &entry->place : NULL,
		       entry ? entry->module : NULL);
	json_begin_object(json, "cumulative");
	json_parts_estimate(json, &row->counts,
			    edges->is_estimate ? &row->error : NULL);
	json_end(json);
}

void json_edges_print(FILE *file, struct set *set, const struct edges *edges,
		      const struct edges_options *options)
{
	static const char *const names[] = {
		[PLACES_FUNCTION] = "function",
		[PLACES_LINE] = "line",
		[PLACES_FILE] = "file",
		[PLACES_MODULE] = "module",
	};
	struct json json;
	size_t at = 0;

	json_top_begin(&json, file, "memprof-edges/1", set);
	json_text(&json, "by", names[options->by]);
	json_text(&json, "sort", json_parts_metric(options->metric));
	json_bool(&json, "callees", options->callees);
	json_text(&json, "expression", options->regex);
	json_begin_array(&json, "places");
	for (size_t p = 0; p < edges->place_count; p++) {
		const struct edges_row *place = &edges->places[p];

		json_begin_object(&json, NULL);
		put_edge(&json, edges, place, place->place);
		json_begin_array(&json, "edges");
		for (;
		     at < edges->count && edges->rows[at].place == place->place;
		     at++) {
			json_begin_object(&json, NULL);
			put_edge(&json, edges, &edges->rows[at],
				 edges->rows[at].other);
			json_end(&json);
		}
		json_end(&json);
		json_end(&json);
	}
	json_end(&json);
	json_parts_losses(&json, "losses", &set->array[0]);
	json_end(&json);
}
