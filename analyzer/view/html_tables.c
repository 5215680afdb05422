/* SPDX-License-Identifier: MIT */
/* The tables as columns. */
#include "config.h"

#include "analyzer/view/html_tables.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/frames.h"
#include "analyzer/model/pick.h"
#include "analyzer/model/top.h"
#include "analyzer/view/json_parts.h"
#include "analyzer/view/text.h"

/* What a table is printed from. */
struct table {
	struct json *json;
	struct analysis *analysis;
	const struct top *top;
	const struct pick *pick;
	struct html_strings *strings;
};

enum column {
	FUNCTION,
	FILE_NAME,
	LINE,
	MODULE,
	TID,
	THREADS,
	INHERITED,
	ATTRIBUTED,
	SAMPLES
};

static int64_t value(const struct table *table, size_t i, enum column column)
{
	const struct top_row *row = &table->top->rows[i];

	switch (column) {
	case FUNCTION:
		return html_strings_of(table->strings, row->place.function);
	case FILE_NAME:
		return html_strings_of(table->strings, row->place.file);
	case LINE:
		return row->place.line;
	case MODULE:
		return row->place.module == MODULES_NONE
			       ? -1
			       : (int64_t)row->place.module;
	case TID:
		return row->tid;
	case THREADS:
		return row->threads;
	case INHERITED:
		return row->is_inherited;
	case ATTRIBUTED:
		return !row->has_no_stack;
	case SAMPLES:
		break;
	}
	return error_samples(&table->top->errors[i].self, METRIC_ALLOCATIONS);
}

static void put_column(const struct table *table, const char *key,
		       enum column column)
{
	json_begin_array(table->json, key);
	for (size_t i = 0; i < table->pick->count; i++)
		json_number(table->json, NULL,
			    value(table, table->pick->numbers[i], column));
	json_end(table->json);
}

static void put_counts(const struct table *table, const char *key, bool is_self)
{
	json_begin_array(table->json, key);
	for (int m = 0; m < METRIC_COUNT; m++) {
		json_begin_array(table->json, NULL);
		for (size_t i = 0; i < table->pick->count; i++) {
			const struct top_row *row =
				&table->top->rows[table->pick->numbers[i]];

			json_number(table->json, NULL,
				    is_self ? row->self.of[m]
					    : row->cumulative.of[m]);
		}
		json_end(table->json);
	}
	json_end(table->json);
}

static void put_errors(const struct table *table, const char *key, bool is_self)
{
	json_begin_array(table->json, key);
	for (int m = 0; m < METRIC_COUNT; m++) {
		json_begin_array(table->json, NULL);
		for (size_t i = 0; i < table->pick->count; i++) {
			const struct top_error *error =
				&table->top->errors[table->pick->numbers[i]];

			json_number(table->json, NULL,
				    error_rounded(is_self ? &error->self
							  : &error->cumulative,
						  (enum metric)m));
		}
		json_end(table->json);
	}
	json_end(table->json);
}

/* Where they were started, as text. */
static int put_starts(const struct table *table)
{
	struct stack stack = { 0 };
	char text[TEXT_NAME_BYTES];
	int ret = 0;

	json_begin_array(table->json, "started_at");
	for (size_t i = 0; i < table->pick->count && ret == 0; i++) {
		const struct top_row *row =
			&table->top->rows[table->pick->numbers[i]];
		const struct stack_frame *start = stack.starts;

		ret = stack_read_start(&stack, &table->analysis->names,
				       row->started_at);
		if (ret < 0 || stack.start_count == 0) {
			json_null(table->json, NULL);
			continue;
		}
		if (start->file)
			snprintf(text, sizeof(text), "%s:%" PRIu32 " in %s",
				 start->file, start->line,
				 start->function ? start->function : "?");
		else
			snprintf(text, sizeof(text), "%s",
				 start->function ? start->function : "?");
		json_text(table->json, NULL, text);
	}
	json_end(table->json);
	stack_done(&stack);
	return ret;
}

static int put_threads(const struct table *table)
{
	json_begin_array(table->json, "name");
	for (size_t i = 0; i < table->pick->count; i++)
		json_text(
			table->json, NULL,
			table->top->rows[table->pick->numbers[i]].thread_name);
	json_end(table->json);
	put_column(table, "tid", TID);
	put_column(table, "threads", THREADS);
	put_column(table, "inherited", INHERITED);
	return put_starts(table);
}

/* As numbers of frames, innermost first. */
static int put_stacks(const struct table *table, struct frames *frames)
{
	struct analysis *analysis = table->analysis;
	int ret = 0;

	json_begin_array(table->json, "stacks");
	for (size_t i = 0; i < table->pick->count && ret == 0; i++) {
		const struct top_row *row =
			&table->top->rows[table->pick->numbers[i]];
		const uint32_t *numbers = NULL;
		size_t count = 0;

		ret = frames_of_site(frames, &analysis->names,
				     &analysis->sites.array[row->site],
				     &numbers, &count);
		json_begin_array(table->json, NULL);
		for (size_t k = 0; k < count; k++)
			json_unsigned(table->json, NULL, numbers[k]);
		json_end(table->json);
	}
	json_end(table->json);
	json_begin_array(table->json, "truncated");
	for (size_t i = 0; i < table->pick->count; i++) {
		uint32_t site = table->top->rows[table->pick->numbers[i]].site;

		json_number(table->json, NULL,
			    analysis->sites.array[site].is_cut);
	}
	json_end(table->json);
	return ret;
}

static int put_columns(const struct table *table, struct frames *frames)
{
	enum top_by by = table->top->by;
	int ret = 0;

	json_begin_object(table->json, top_by_name(by));
	json_unsigned(table->json, "rest_rows", table->pick->rest_count);
	json_begin_object(table->json, "rest");
	json_parts_counts(table->json, &table->pick->rest);
	json_end(table->json);
	if (by == TOP_THREAD)
		ret = put_threads(table);
	else if (by == TOP_SITE)
		ret = put_stacks(table, frames);
	else {
		put_column(table, "function", FUNCTION);
		put_column(table, "file", FILE_NAME);
		put_column(table, "line", LINE);
		put_column(table, "module", MODULE);
	}
	put_column(table, "attributed", ATTRIBUTED);
	if (table->top->errors) {
		put_column(table, "samples", SAMPLES);
		put_errors(table, "self_stderr", true);
		put_errors(table, "cumulative_stderr", false);
	}
	put_counts(table, "self", true);
	if (by != TOP_THREAD && by != TOP_SITE)
		put_counts(table, "cumulative", false);
	json_end(table->json);
	return ret;
}

/* Which site, or which thread of the dump, a row is of. */
static int keep_links(const struct table *table, struct html_links *links)
{
	const struct analysis *analysis = table->analysis;
	const struct pick *pick = table->pick;
	const size_t sites = analysis->sites.count;
	const struct top_row *rows = table->top->rows;

	if (table->top->by == TOP_SITE) {
		links->rows = calloc(sites + 1, sizeof(*links->rows));
		if (!links->rows)
			return DUMP_MEMORY;
		for (size_t i = 0; i < sites; i++)
			links->rows[i] = UINT32_MAX;
		links->row_count = pick->count;
		for (size_t i = 0; i < pick->count; i++)
			links->rows[rows[pick->numbers[i]].site] = (uint32_t)i;
	} else if (table->top->by == TOP_THREAD) {
		links->threads =
			calloc(pick->count + 1, sizeof(*links->threads));
		if (!links->threads)
			return DUMP_MEMORY;
		links->thread_count = pick->count;
		for (size_t i = 0; i < pick->count; i++)
			links->threads[i] = rows[pick->numbers[i]].thread;
	}
	return 0;
}

static int put_table(struct json *json, struct analysis *analysis,
		     enum top_by by, size_t limit, struct html_strings *strings,
		     struct frames *frames, struct html_links *links)
{
	struct pick pick;
	struct top top;
	int ret = top_init(&top, analysis, by);

	if (ret < 0)
		return ret;
	ret = pick_init(&pick, &top, limit);
	if (ret == 0) {
		const struct table table = { .json = json,
					     .analysis = analysis,
					     .top = &top,
					     .pick = &pick,
					     .strings = strings };

		ret = put_columns(&table, frames);
		if (ret == 0)
			ret = keep_links(&table, links);
		pick_done(&pick);
	}
	top_done(&top);
	return ret;
}

static int64_t frame_value(const struct frames_entry *entry, int column,
			   struct html_strings *strings)
{
	const struct stack_frame *frame = &entry->frame;

	switch (column) {
	case 0:
		return html_strings_of(strings, frame->function);
	case 1:
		return html_strings_of(strings, frame->file);
	case 2:
		return frame->line;
	case 3:
		return entry->module == MODULES_NONE ? -1
						     : (int64_t)entry->module;
	case 4:
		return (int64_t)(frame->module ? frame->offset
					       : frame->address);
	case 5:
		return frame->is_inlined;
	default:
		return frame->is_guessed;
	}
}

static void put_frames(struct json *json, const struct frames *frames,
		       struct html_strings *strings)
{
	static const char *const names[] = { "function", "file",   "line",
					     "module",	 "offset", "inlined",
					     "guessed" };

	json_begin_object(json, "frames");
	for (int c = 0; c < (int)(sizeof(names) / sizeof(names[0])); c++) {
		json_begin_array(json, names[c]);
		for (size_t i = 0; i < frames->count; i++)
			json_number(json, NULL,
				    frame_value(&frames->array[i], c, strings));
		json_end(json);
	}
	json_end(json);
}

int html_tables_put(struct json *json, struct analysis *analysis, size_t limit,
		    struct html_strings *strings, struct html_links *links)
{
	struct frames frames = { 0 };
	int ret = 0;

	json_begin_object(json, "tables");
	for (int by = TOP_FUNCTION; by <= TOP_THREAD && ret == 0; by++)
		ret = put_table(json, analysis, (enum top_by)by, limit, strings,
				&frames, links);
	json_end(json);
	put_frames(json, &frames, strings);
	frames_done(&frames);
	return ret;
}
