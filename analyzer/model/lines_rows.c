/* SPDX-License-Identifier: MIT */
/* What is charged to places, as rows by line and as functions with theirs. */
#include "config.h"

#include "analyzer/model/lines_rows.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/places.h"

/* What is charged to a line of a function. */
struct part {
	const char *function;
	const struct lines_row *of_function; /* the function's, in all */
	struct lines_row row;
};

int lines_compare_rows(const void *left, const void *right)
{
	const struct lines_row *a = left, *b = right;

	return a->line < b->line ? -1 : a->line > b->line;
}

static int compare_names(const char *a, const char *b)
{
	if (!a || !b)
		return (a != NULL) - (b != NULL);
	return strcmp(a, b);
}

static int compare_parts(const void *left, const void *right)
{
	const struct part *a = left, *b = right;
	int ret = compare_names(a->function, b->function);

	return ret ? ret : lines_compare_rows(&a->row, &b->row);
}

static int compare_functions(const void *left, const void *right)
{
	const struct lines_function *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return compare_names(a->name, b->name);
}

/* Parts are in order: those of a function, line by line. */
static void make_functions(struct lines *lines, const struct part *parts,
			   size_t count)
{
	struct lines_function *function = NULL;

	for (size_t i = 0; i < count; i++) {
		const struct part *part = &parts[i];

		if (!function ||
		    compare_names(function->name, part->function) != 0) {
			function = &lines->functions[lines->function_count++];
			function->name = part->function;
			function->counts = part->of_function->counts;
			function->interpreter = part->of_function->interpreter;
			function->error = part->of_function->error;
			function->first_part = i;
		}
		if (function->first == 0)
			function->first = part->row.line;
		function->last = part->row.line;
		lines->parts[i] = part->row;
		function->part_count++;
	}
	if (lines->function_count)
		qsort(lines->functions, lines->function_count,
		      sizeof(*lines->functions), compare_functions);
}

static void make_rows(struct lines *lines, const struct places *places,
		      const struct lines_sums *sums)
{
	for (size_t i = 0; i < places->count; i++) {
		struct lines_row *row;

		if (counts_is_zero(&sums->of_line[i].row.counts))
			continue;
		row = &lines->rows[lines->row_count++];
		*row = sums->of_line[i].row;
		row->line = places->array[i].line;
	}
	if (lines->row_count)
		qsort(lines->rows, lines->row_count, sizeof(*lines->rows),
		      lines_compare_rows);
}

int lines_rows_make(struct lines *lines, const struct places *places,
		    const struct lines_sums *sums)
{
	struct part *parts = calloc(places->count + 1, sizeof(*parts));
	size_t count = 0;

	lines->rows = calloc(places->count + 1, sizeof(*lines->rows));
	lines->parts = calloc(places->count + 1, sizeof(*lines->parts));
	lines->functions = calloc(places->count + 1, sizeof(*lines->functions));
	if (!parts || !lines->rows || !lines->parts || !lines->functions) {
		free(parts);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < places->count; i++) {
		if (counts_is_zero(&sums->of_part[i].row.counts))
			continue;
		parts[count] = (struct part) {
			.function = places->array[i].function,
			.of_function =
				&sums->of_function[sums->firsts[i].function]
					 .row,
			.row = sums->of_part[i].row,
		};
		parts[count++].row.line = places->array[i].line;
	}
	if (count)
		qsort(parts, count, sizeof(*parts), compare_parts);
	make_functions(lines, parts, count);
	make_rows(lines, places, sums);
	free(parts);
	return 0;
}

int64_t lines_average(const struct counts *counts)
{
	int64_t count = counts->of[METRIC_ALLOCATIONS];
	int64_t bytes = counts->of[METRIC_ALLOCATED_BYTES];

	if (count <= 0 || bytes < 0)
		return 0;
	return bytes / count + (bytes % count >= count - bytes % count);
}

void lines_native(struct counts *ret_native, const struct counts *counts,
		  const struct counts *interpreter)
{
	for (int m = 0; m < METRIC_COUNT; m++)
		ret_native->of[m] = counts->of[m] - interpreter->of[m];
}

int lines_heat(int64_t part, int64_t greatest, int columns)
{
	int heat;

	if (part <= 0 || greatest <= 0)
		return 0;
	heat = (int)((double)part / (double)greatest * columns + 0.5);
	if (heat > columns)
		return columns;
	return heat ? heat : 1;
}
