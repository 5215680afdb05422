/* SPDX-License-Identifier: MIT */
/* Annotated source files: what each line has, and the text around it. */
#include "config.h"

#include "analyzer/view/html_sources.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/lines.h"
#include "analyzer/model/pick.h"
#include "analyzer/model/top.h"
#include "analyzer/view/json_parts.h"

#define WHOLE_FILE_LINES 3000 /* longer ones are shown in stretches */
#define AROUND		 40   /* lines before and after one that counts */
#define PER_METRIC	 12   /* files that are shown for each metric */

struct printer {
	struct json *json;
	struct html_strings *strings;
	size_t text_left; /* bytes of text that may still be put */
};

static int put_line_text(struct printer *printer, const struct source_line *at)
{
	char *text = strndup(at->text, at->bytes);

	if (!text)
		return DUMP_MEMORY;
	json_text(printer->json, NULL, text);
	free(text);
	return 0;
}

/* From first to last, both included; as far as there is room for it. */
static int put_stretch(struct printer *printer, const struct source *source,
		       size_t first, size_t last)
{
	int ret = 0;

	json_begin_object(printer->json, NULL);
	json_unsigned(printer->json, "first", first);
	json_begin_array(printer->json, "lines");
	for (size_t i = first; i <= last && ret == 0; i++) {
		const struct source_line *line = &source->lines[i - 1];

		if (line->bytes > printer->text_left)
			break;
		printer->text_left -= line->bytes;
		ret = put_line_text(printer, line);
	}
	json_end(printer->json);
	json_end(printer->json);
	return ret;
}

static int put_text(struct printer *printer, const struct lines *lines)
{
	const struct source *source = &lines->source;
	size_t first = 0, last = 0;
	int ret = 0;

	json_begin_array(printer->json, "text");
	if (source->count && source->count <= WHOLE_FILE_LINES) {
		ret = put_stretch(printer, source, 1, source->count);
		json_end(printer->json);
		return ret;
	}
	for (size_t i = 0; i < lines->row_count && ret == 0; i++) {
		size_t line = lines->rows[i].line;

		if (line == 0 || line > source->count)
			continue;
		if (first && line > last + AROUND) {
			ret = put_stretch(printer, source, first, last);
			first = 0;
		}
		if (!first)
			first = line > AROUND ? line - AROUND : 1;
		last = line + AROUND < source->count ? line + AROUND
						     : source->count;
	}
	if (first && ret == 0)
		ret = put_stretch(printer, source, first, last);
	json_end(printer->json);
	return ret;
}

static void put_rows(struct json *json, const struct lines *lines)
{
	json_begin_array(json, "lines");
	for (size_t i = 0; i < lines->row_count; i++)
		json_unsigned(json, NULL, lines->rows[i].line);
	json_end(json);
	json_begin_array(json, "counts");
	for (int m = 0; m < METRIC_COUNT; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < lines->row_count; i++)
			json_number(json, NULL, lines->rows[i].counts.of[m]);
		json_end(json);
	}
	json_end(json);
}

static void put_errors(struct json *json, const struct lines *lines)
{
	json_begin_array(json, "stderr");
	for (int m = 0; m < METRIC_COUNT; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < lines->row_count; i++)
			json_number(json, NULL,
				    error_rounded(&lines->rows[i].error,
						  (enum metric)m));
		json_end(json);
	}
	json_end(json);
}

static void put_functions(struct printer *printer, const struct lines *lines)
{
	struct json *json = printer->json;

	json_begin_array(json, "functions");
	for (size_t i = 0; i < lines->function_count; i++) {
		json_begin_object(json, NULL);
		json_text(json, "function", lines->functions[i].name);
		json_unsigned(json, "first", lines->functions[i].first);
		json_unsigned(json, "last", lines->functions[i].last);
		json_parts_estimate(
			json, &lines->functions[i].counts,
			lines->is_estimate ? &lines->functions[i].error : NULL);
		json_end(json);
	}
	json_end(json);
}

static int put_file(struct printer *printer, const struct lines *lines,
		    const char *file, bool with_source)
{
	struct json *json = printer->json;
	int ret = 0;

	json_begin_object(json, NULL);
	json_number(json, "file", html_strings_of(printer->strings, file));
	json_text(json, "found", lines->source.path);
	json_bool(json, "newer", lines->is_source_newer);
	json_begin_object(json, "sum");
	json_parts_estimate(json, &lines->sum,
			    lines->is_estimate ? &lines->sum_error : NULL);
	json_end(json);
	put_rows(json, lines);
	if (lines->is_estimate)
		put_errors(json, lines);
	put_functions(printer, lines);
	if (with_source)
		ret = put_text(printer, lines);
	json_end(json);
	return ret;
}

/* Files that are many, such as those of a library, are left out. */
static int put_files(struct printer *printer, struct analysis *analysis,
		     const struct top *top, const struct html_options *options)
{
	struct pick pick;
	int ret = pick_init(&pick, top, PER_METRIC);

	if (ret < 0)
		return ret;
	for (size_t i = 0, shown = 0;
	     i < pick.count && shown < HTML_SOURCES_MAX && ret == 0; i++) {
		const char *file = top->rows[pick.numbers[i]].place.file;
		const struct lines_search search = {
			.file = file,
			.sysroot = options->sysroot,
			.source_dirs = options->source_dirs,
			.source_dir_count = options->source_dir_count,
		};
		struct lines_candidates candidates;
		struct lines lines;

		if (!file)
			continue;
		ret = lines_init(&lines, analysis, &search, &candidates);
		if (ret == LINES_UNKNOWN || ret == LINES_AMBIGUOUS) {
			ret = 0;
			continue;
		}
		if (ret < 0)
			break;
		ret = put_file(printer, &lines, file, options->with_source);
		lines_done(&lines);
		shown++;
	}
	pick_done(&pick);
	return ret;
}

int html_sources_put(struct json *json, struct analysis *analysis,
		     const struct html_options *options,
		     struct html_strings *strings)
{
	struct printer printer = { .json = json,
				   .strings = strings,
				   .text_left = HTML_TEXT_MAX };
	struct top top;
	int ret = top_init(&top, analysis, TOP_FILE);

	if (ret < 0)
		return ret;
	json_begin_array(json, "sources");
	ret = put_files(&printer, analysis, &top, options);
	json_end(json);
	top_done(&top);
	return ret;
}
