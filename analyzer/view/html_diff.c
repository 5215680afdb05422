/* SPDX-License-Identifier: MIT */
/* What changed since an older dump: tables, and both call trees as one. */
#include "config.h"

#include "analyzer/view/html_diff.h"

#include <stdlib.h>

#include "analyzer/model/diff.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/flame.h"
#include "analyzer/model/stack.h"
#include "analyzer/view/html_flame.h"
#include "analyzer/view/json_parts.h"

#define NODES_MAX 20000u
#define OLD	  0
#define NEW	  1

/* One table. */
struct printer {
	struct json *json;
	const struct set *set;
	struct html_strings *strings;
	struct diff diff;
	uint32_t *rows;
	size_t count;
};

enum column { FUNCTION, FILE_NAME, LINE, MODULE, ATTRIBUTED };

static const char *const column_names[] = {
	[FUNCTION] = "function", [FILE_NAME] = "file",	      [LINE] = "line",
	[MODULE] = "module",	 [ATTRIBUTED] = "attributed",
};

static int64_t value(const struct printer *printer, size_t i,
		     enum column column)
{
	const struct top_row *row = &printer->diff.rows[printer->rows[i]];

	switch (column) {
	case FUNCTION:
		return html_strings_of(printer->strings, row->place.function);
	case FILE_NAME:
		return html_strings_of(printer->strings, row->place.file);
	case LINE:
		return row->place.line;
	case MODULE:
		if (row->place.module == MODULES_NONE)
			return -1;
		/* The older one's follow. */
		return (int64_t)row->place.module +
		       (row->dump == OLD ? (int64_t)printer->set->array[NEW]
						   .tree.modules.count
					 : 0);
	case ATTRIBUTED:
		break;
	}
	return !row->has_no_stack;
}

enum part { COUNTS_OLD, COUNTS_NEW, ERROR_OLD, ERROR_NEW, ERROR_CHANGE };

static int64_t part_of(const struct diff *diff, size_t row, enum part part,
		       enum metric metric)
{
	switch (part) {
	case COUNTS_OLD:
		return diff_counts(diff, row, OLD)->of[metric];
	case COUNTS_NEW:
		return diff_counts(diff, row, NEW)->of[metric];
	case ERROR_OLD:
		return error_rounded(diff_error(diff, row, OLD), metric);
	case ERROR_NEW:
		return error_rounded(diff_error(diff, row, NEW), metric);
	case ERROR_CHANGE:
		break;
	}
	return (int64_t)(diff_change_error(diff, row, metric) + 0.5);
}

static void put_counts(const struct printer *printer)
{
	static const char *const names[] = {
		[COUNTS_OLD] = "old",
		[COUNTS_NEW] = "new",
		[ERROR_OLD] = "old_stderr",
		[ERROR_NEW] = "new_stderr",
		[ERROR_CHANGE] = "change_stderr",
	};
	const int last = printer->diff.errors ? ERROR_CHANGE : COUNTS_NEW;

	for (int part = COUNTS_OLD; part <= last; part++) {
		json_begin_array(printer->json, names[part]);
		for (int m = 0; m < METRIC_COUNT; m++) {
			json_begin_array(printer->json, NULL);
			for (size_t i = 0; i < printer->count; i++)
				json_number(printer->json, NULL,
					    part_of(&printer->diff,
						    printer->rows[i],
						    (enum part)part,
						    (enum metric)m));
			json_end(printer->json);
		}
		json_end(printer->json);
	}
}

/* Which instant of it the older dump is looked at. */
static void put_instant(struct json *json, const struct analysis *analysis)
{
	const struct range *range = &analysis->range;

	json_text(json, "at_name",
		  range->is_set && range->to.name[0] ? range->to.name : NULL);
	if (range->is_set)
		json_unsigned(json, "at_ns", range->to.ns);
	else
		json_null(json, "at_ns");
}

/* Function, file and line of each frame, innermost first. */
static int put_stacks(const struct printer *printer)
{
	struct stack stack = { 0 };
	int ret = 0;

	json_begin_array(printer->json, "stacks");
	for (size_t i = 0; i < printer->count && ret == 0; i++) {
		const struct top_row *row =
			&printer->diff.rows[printer->rows[i]];
		struct analysis *analysis = &printer->set->array[row->dump];

		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[row->site]);
		json_begin_array(printer->json, NULL);
		for (size_t k = 0; k < stack.count && ret == 0; k++) {
			const struct stack_frame *frame = &stack.frames[k];
			const char *name = frame->function ? frame->function
							   : frame->module;

			json_number(printer->json, NULL,
				    html_strings_of(printer->strings, name));
			json_number(
				printer->json, NULL,
				html_strings_of(printer->strings, frame->file));
			json_number(printer->json, NULL, frame->line);
		}
		json_end(printer->json);
	}
	json_end(printer->json);
	stack_done(&stack);
	return ret;
}

static int put_rows(struct printer *printer)
{
	int ret = 0;

	json_begin_object(printer->json, top_by_name(printer->diff.by));
	json_unsigned(printer->json, "left_out",
		      printer->diff.row_count - printer->count);
	if (printer->diff.by == TOP_SITE)
		ret = put_stacks(printer);
	for (int c = FUNCTION; c <= ATTRIBUTED; c++) {
		json_begin_array(printer->json, column_names[c]);
		for (size_t i = 0; i < printer->count; i++)
			json_number(printer->json, NULL,
				    value(printer, i, (enum column)c));
		json_end(printer->json);
	}
	put_counts(printer);
	json_end(printer->json);
	return ret;
}

static int put_table(struct printer *printer, enum top_by by, size_t limit)
{
	const struct diff_options how = { .by = by,
					  .metric = METRIC_ALLOCATED_BYTES };
	int ret = diff_init(&printer->diff, printer->set, &how);

	if (ret < 0)
		return ret;
	ret = diff_pick(&printer->diff, flame_metrics, FLAME_METRICS, limit,
			&printer->rows, &printer->count);
	if (ret == 0) {
		ret = put_rows(printer);
		free(printer->rows);
	}
	diff_done(&printer->diff);
	return ret;
}

int html_diff_put(struct json *json, const struct html_options *options,
		  struct html_strings *strings)
{
	const struct set *set = options->pair;
	struct printer printer = { .json = json,
				   .set = set,
				   .strings = strings };
	size_t nodes = options->nodes;
	int ret = 0;

	if (!set) {
		json_null(json, "diff");
		return 0;
	}
	if (nodes > NODES_MAX)
		nodes = NODES_MAX;
	json_begin_object(json, "diff");
	json_text(json, "dump", set->array[OLD].summary.dump_path);
	json_text(json, "program", set->array[OLD].summary.program);
	put_instant(json, &set->array[OLD]);
	json_unsigned(json, "start_unix_ns",
		      set->array[OLD].summary.start_unix_ns);
	json_unsigned(json, "sample_bytes",
		      set->array[OLD].summary.sample_bytes);
	json_parts_totals(json, "totals", &set->array[OLD]);
	json_parts_selection(json, "selection", &set->array[OLD]);
	json_begin_object(json, "tables");
	for (int by = TOP_FUNCTION; by <= TOP_SITE && ret == 0; by++)
		ret = put_table(&printer, (enum top_by)by, options->rows);
	json_end(json);
	if (ret == 0)
		ret = html_flame_put_pair(json, &set->array[NEW],
					  &set->array[OLD], nodes, strings);
	json_end(json);
	return ret;
}
