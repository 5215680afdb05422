/* SPDX-License-Identifier: MIT */
/* Source files as JSON. */
#include "config.h"

#include "analyzer/view/json_lines.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/json_parts.h"

static void put_line_number(struct json *json, const char *key, uint32_t line)
{
	if (line)
		json_unsigned(json, key, line);
	else
		json_null(json, key);
}

static int put_text(struct json *json, const struct source *source,
		    uint32_t line)
{
	const struct source_line *from;
	char *text;

	if (line == 0 || line > source->count) {
		json_null(json, "text");
		return 0;
	}
	from = &source->lines[line - 1];
	text = strndup(from->text, from->bytes);
	if (!text)
		return DUMP_MEMORY;
	json_text(json, "text", text);
	free(text);
	return 0;
}

/* Of the counts before it: what the interpreter asked for itself. */
static void put_interpreter(struct json *json, const struct lines *lines,
			    const struct counts *counts)
{
	if (!lines->has_interpreter) {
		json_null(json, "interpreter");
		return;
	}
	json_begin_object(json, "interpreter");
	json_parts_counts(json, counts);
	json_end(json);
}

static int put_rows(struct json *json, const struct lines *lines,
		    const struct lines_row *rows, size_t count)
{
	int ret = 0;

	json_begin_array(json, "lines");
	for (size_t i = 0; i < count && ret == 0; i++) {
		json_begin_object(json, NULL);
		put_line_number(json, "line", rows[i].line);
		ret = put_text(json, &lines->source, rows[i].line);
		json_parts_estimate(json, &rows[i].counts,
				    lines->is_estimate ? &rows[i].error : NULL);
		put_interpreter(json, lines, &rows[i].interpreter);
		json_end(json);
	}
	json_end(json);
	return ret;
}

static int put_functions(struct json *json, const struct lines *lines)
{
	int ret = 0;

	json_begin_array(json, "functions");
	for (size_t i = 0; i < lines->function_count && ret == 0; i++) {
		const struct lines_function *function = &lines->functions[i];

		json_begin_object(json, NULL);
		json_text(json, "function", function->name);
		put_line_number(json, "first_line", function->first);
		put_line_number(json, "last_line", function->last);
		json_parts_estimate(json, &function->counts,
				    lines->is_estimate ? &function->error
						       : NULL);
		put_interpreter(json, lines, &function->interpreter);
		ret = put_rows(json, lines, &lines->parts[function->first_part],
			       function->part_count);
		json_end(json);
	}
	json_end(json);
	return ret;
}

static int put_file(struct json *json, const struct lines *lines)
{
	static const char *const charges[] = {
		[LINES_IN_FILE] = "in-file",
		[LINES_SELF] = "self",
		[LINES_CUMULATIVE] = "cumulative",
	};
	int ret;

	json_begin_object(json, NULL);
	json_text(json, "file", lines->file);
	json_text(json, "source", lines->source.path);
	json_bool(json, "source_is_newer", lines->is_source_newer);
	json_text(json, "charge", charges[lines->charge]);
	json_unsigned(json, "sites", lines->site_count);
	json_begin_object(json, "sum");
	json_parts_estimate(json, &lines->sum,
			    lines->is_estimate ? &lines->sum_error : NULL);
	put_interpreter(json, lines, &lines->sum_interpreter);
	json_end(json);
	ret = put_rows(json, lines, lines->rows, lines->row_count);
	if (ret == 0)
		ret = put_functions(json, lines);
	json_end(json);
	return ret;
}

int json_lines_print(FILE *file, struct analysis *analysis,
		     const struct lines *lines, size_t count)
{
	struct json json;
	int ret = 0;

	json_parts_begin(&json, file, "memprof-lines/1", &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_parts_selection(&json, "selection", analysis);
	json_begin_array(&json, "files");
	for (size_t i = 0; i < count && ret == 0; i++)
		ret = put_file(&json, &lines[i]);
	json_end(&json);
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	return ret;
}
