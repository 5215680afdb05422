/* SPDX-License-Identifier: MIT */
/* Repeated runs as a table. */
#include "config.h"

#include "analyzer/view/stat.h"

#include <stdbool.h>
#include <string.h>

#include "analyzer/view/json.h"

#define NAME_COLUMNS  16
#define VALUE_COLUMNS 14

enum kind { KIND_TIME, KIND_BYTES, KIND_COUNT };

static const struct {
	const char *text; /* of the table */
	const char *key;  /* of JSON */
	enum kind kind;
} rows[SPREADS] = {
	[SPREAD_TIME_NS] = { "time", "time_ns", KIND_TIME },
	[SPREAD_RSS_BYTES] = { "peak RSS", "rss_bytes", KIND_BYTES },
	[SPREAD_FAULTS] = { "page faults", "faults", KIND_COUNT },
	[SPREAD_PEAK_BYTES] = { "peak heap", "peak_bytes", KIND_BYTES },
	[SPREAD_BEYOND_BYTES] = { "RSS beyond heap", "beyond_bytes",
				  KIND_BYTES },
	[SPREAD_ALLOCATIONS] = { "allocations", "allocations", KIND_COUNT },
	[SPREAD_ALLOCATED_BYTES] = { "allocated", "allocated_bytes",
				     KIND_BYTES },
	[SPREAD_TEMPORARY] = { "temporary", "temporary", KIND_COUNT },
	[SPREAD_LEAKED_BYTES] = { "leaked", "leaked_bytes", KIND_BYTES },
	[SPREAD_IDLE_BYTES] = { "held but free", "idle_bytes", KIND_BYTES },
};

static void put_value(struct term *term, int row, int64_t value)
{
	uint64_t size = value < 0 ? 0 : (uint64_t)value;
	char buf[UNITS_TEXT_BYTES];

	switch (rows[row].kind) {
	case KIND_TIME:
		units_duration(buf, size);
		break;
	case KIND_BYTES:
		units_size(buf, term->units, size);
		break;
	case KIND_COUNT:
		units_count(buf, size);
		break;
	}
	fprintf(term->file, " %*s", VALUE_COLUMNS, value < 0 ? "-" : buf);
}

/* The second as a part of the first: "+5.0%". */
static void put_change(struct term *term, int64_t before, int64_t after)
{
	char buf[UNITS_TEXT_BYTES] = "-";

	if (before == after)
		snprintf(buf, sizeof(buf), "same");
	else if (before > 0 && after >= 0)
		snprintf(buf, sizeof(buf), "%+.1f%%",
			 100.0 * ((double)after - (double)before) /
				 (double)before);
	fprintf(term->file, " %*s", VALUE_COLUMNS, buf);
}

/* Medians differ, but runs of one are among those of the other: what is
 * between them may be chance. */
static bool do_overlap(const struct spread *a, const struct spread *b)
{
	return a->median != b->median && a->least <= b->greatest &&
	       b->least <= a->greatest;
}

static void put_title(struct term *term, const char *title)
{
	char clean[VALUE_COLUMNS + 1];
	size_t bytes = strlen(title);

	/* Its end tells more than its beginning. */
	if (bytes > VALUE_COLUMNS)
		title += bytes - VALUE_COLUMNS;
	term_clean(clean, sizeof(clean), title, strlen(title));
	fprintf(term->file, " %*s", VALUE_COLUMNS, clean);
}

static void put_head(struct term *term, const struct stat_page *page)
{
	static const char *const spread[] = { "median", "least", "greatest" };

	if (page->count <= 2)
		for (size_t i = 0; i < page->count; i++) {
			fprintf(term->file, "%s ", i ? "Against " : "Command ");
			term_text(term, page->columns[i].title);
			fputc('\n', term->file);
		}
	fprintf(term->file, "Runs    %zu%s\n\n%s%*s", page->runs,
		page->count > 1 ? " each; medians" : "",
		term_style(term, TERM_HEADING), NAME_COLUMNS, "");
	if (page->count == 1)
		for (int i = 0; i < 3; i++)
			fprintf(term->file, " %*s", VALUE_COLUMNS, spread[i]);
	else if (page->count == 2)
		fprintf(term->file, " %*s %*s %*s", VALUE_COLUMNS, "first",
			VALUE_COLUMNS, "against", VALUE_COLUMNS, "change");
	else
		for (size_t i = 0; i < page->count; i++)
			put_title(term, page->columns[i].title);
	fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
}

void stat_print_text(struct term *term, const struct stat_page *page)
{
	put_head(term, page);
	for (int row = 0; row < SPREADS; row++) {
		const struct spread *first = &page->columns[0].of[row];

		fprintf(term->file, "%-*s", NAME_COLUMNS, rows[row].text);
		for (size_t i = 0; i < page->count; i++)
			put_value(term, row, page->columns[i].of[row].median);
		if (page->count == 1) {
			put_value(term, row, first->least);
			put_value(term, row, first->greatest);
		} else if (page->count == 2) {
			put_change(term, first->median,
				   page->columns[1].of[row].median);
			if (do_overlap(first, &page->columns[1].of[row]))
				fputs("  overlap", term->file);
		}
		fputc('\n', term->file);
	}
}

static void put_number(struct json *json, const char *key, int64_t value)
{
	if (value < 0)
		json_null(json, key);
	else
		json_number(json, key, value);
}

void stat_print_json(FILE *file, const struct stat_page *page)
{
	struct json json;

	json_init(&json, file);
	json_begin_object(&json, NULL);
	json_text(&json, "schema", "memprof-stat/1");
	json_unsigned(&json, "runs", page->runs);
	json_begin_array(&json, "columns");
	for (size_t i = 0; i < page->count; i++) {
		const struct stat_column *column = &page->columns[i];

		json_begin_object(&json, NULL);
		json_text(&json, "title", column->title);
		for (int row = 0; row < SPREADS; row++) {
			json_begin_object(&json, rows[row].key);
			put_number(&json, "median", column->of[row].median);
			put_number(&json, "least", column->of[row].least);
			put_number(&json, "greatest", column->of[row].greatest);
			json_end(&json);
		}
		json_end(&json);
	}
	json_end(&json);
	json_end(&json);
}
