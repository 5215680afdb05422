/* SPDX-License-Identifier: MIT */
/* What changed, as text. */
#include "config.h"

#include "analyzer/view/text_diff.h"

#include <math.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_ages.h"
#include "analyzer/view/text_place.h"
#include "analyzer/view/text_set.h"
#include "analyzer/view/text_top.h"

#define PERCENT_COLUMNS 9
#define NAME_COLUMNS	16 /* so that 80 columns have room for all */
#define DUMPS_MAX	8  /* that have a column of their own */

/* Which columns there is room for beside the change. */
struct layout {
	bool has_percent, has_dumps, has_beside;
	unsigned used; /* columns before the name */
};

/* A number with one decimal where it is divided: "12.3 KiB", "1,234.5". */
static char *value_text(char buf[static UNITS_TEXT_BYTES],
			const struct term *term, const struct diff *diff,
			enum metric metric, double value)
{
	double whole = fabs(value);
	char text[UNITS_TEXT_BYTES];

	if (diff->units && whole < 1000 &&
	    (!text_metric_is_bytes(metric) || term->units == UNITS_BYTES ||
	     whole < 1000))
		snprintf(text, sizeof(text),
			 text_metric_is_bytes(metric) ? "%.1f B" : "%.1f",
			 whole);
	else if (text_metric_is_bytes(metric))
		units_size(text, term->units, (uint64_t)(whole + 0.5));
	else
		units_count(text, (uint64_t)(whole + 0.5));
	snprintf(buf, UNITS_TEXT_BYTES, "%s%.38s", value < 0 ? "-" : "", text);
	return buf;
}

/* The same with its sign always there; nothing for no change. */
static char *change_text(char buf[static UNITS_TEXT_BYTES],
			 const struct term *term, const struct diff *diff,
			 enum metric metric, double value)
{
	char text[UNITS_TEXT_BYTES];

	if (value == 0) {
		snprintf(buf, UNITS_TEXT_BYTES, "0%s",
			 text_metric_is_bytes(metric) ? " B" : "");
		return buf;
	}
	value_text(text, term, diff, metric, fabs(value));
	snprintf(buf, UNITS_TEXT_BYTES, "%c%.38s", value < 0 ? '-' : '+', text);
	return buf;
}

static void percent_cell(struct term *term, const struct diff *diff, size_t row,
			 enum metric metric)
{
	double first = diff_value(diff, row, 0, metric);
	double change = diff_change(diff, row, metric);
	char buf[UNITS_TEXT_BYTES] = "-";

	if (first == 0 && change != 0)
		snprintf(buf, sizeof(buf), "new");
	else if (first != 0 &&
		 diff_value(diff, row, diff->dumps - 1, metric) == 0)
		snprintf(buf, sizeof(buf), "gone");
	else if (first != 0 && fabs(change / first) >= 99.995)
		snprintf(buf, sizeof(buf), "x%.0f", change / first + 1);
	else if (first != 0)
		snprintf(buf, sizeof(buf), "%+.1f%%", change / first * 100);
	text_cell(term, buf, PERCENT_COLUMNS);
}

static void change_cells(struct term *term, const struct diff *diff, size_t row,
			 enum metric metric)
{
	double change = diff_change(diff, row, metric);
	char buf[UNITS_TEXT_BYTES], of[UNITS_TEXT_BYTES];
	enum term_style style = TERM_PLAIN;

	if (change != 0)
		style = change > 0 ? TERM_BAD : TERM_GOOD;
	fputs(term_style(term, style), term->file);
	text_cell(term, change_text(buf, term, diff, metric, change),
		  text_metric_columns(term, metric) + 1);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (!diff->errors)
		return;
	snprintf(buf, sizeof(buf), "+-%.37s",
		 value_text(of, term, diff, metric,
			    diff_change_error(diff, row, metric)));
	text_cell(term, buf, text_metric_columns(term, metric) + 2);
}

static size_t dumps_shown(const struct diff *diff)
{
	return diff->dumps > DUMPS_MAX ? DUMPS_MAX : diff->dumps;
}

/* Of very many only the first ones and the last have columns. */
static size_t dump_of(const struct diff *diff, size_t column)
{
	return column + 1 == dumps_shown(diff) ? diff->dumps - 1 : column;
}

static void print_numbers(struct term *term, const struct diff *diff,
			  const struct layout *layout, size_t row,
			  enum metric metric, enum metric beside)
{
	char buf[UNITS_TEXT_BYTES];

	for (size_t c = 0; c < dumps_shown(diff) && layout->has_dumps; c++)
		text_cell(term,
			  value_text(buf, term, diff, metric,
				     diff_value(diff, row, dump_of(diff, c),
						metric)),
			  text_metric_columns(term, metric));
	change_cells(term, diff, row, metric);
	if (layout->has_percent)
		percent_cell(term, diff, row, metric);
	if (beside != METRIC_COUNT && layout->has_beside)
		change_cells(term, diff, row, beside);
}

/* Takes columns when names keep their room beside them. */
static bool take(struct layout *layout, const struct term *term,
		 unsigned columns)
{
	if (term->is_terminal &&
	    layout->used + columns + NAME_COLUMNS > term->width)
		return false;
	layout->used += columns;
	return true;
}

static void lay_out(struct layout *layout, const struct term *term,
		    const struct diff *diff)
{
	unsigned columns =
		(unsigned)text_metric_columns(term, diff->metric) + 1;
	unsigned blocks = (unsigned)text_count_columns() + 2;

	*layout = (struct layout) { .used = columns + 1 + 2 };
	if (diff->errors)
		layout->used += columns + 2;
	layout->has_percent = take(layout, term, PERCENT_COLUMNS + 1);
	layout->has_dumps =
		layout->has_percent &&
		take(layout, term, columns * (unsigned)dumps_shown(diff));
	layout->has_beside =
		layout->has_dumps &&
		take(layout, term, diff->errors ? 2 * blocks + 1 : blocks);
	/* The totals have it all the same. */
	if (layout->has_beside && diff_beside(diff->metric) == METRIC_COUNT)
		layout->used -= diff->errors ? 2 * blocks + 1 : blocks;
}

static void print_titles(struct term *term, const struct diff *diff,
			 const struct layout *layout)
{
	int columns = text_metric_columns(term, diff->metric);
	int error = diff->errors ? columns + 3 : 0;
	char buf[UNITS_TEXT_BYTES];

	fputs(term_style(term, TERM_HEADING), term->file);
	for (size_t c = 0; c < dumps_shown(diff) && layout->has_dumps; c++) {
		snprintf(buf, sizeof(buf), "#%zu", dump_of(diff, c) + 1);
		text_cell(term, buf, columns);
	}
	text_cell(term, "change", columns + 1);
	fprintf(term->file, "%*s", error, "");
	if (layout->has_percent)
		text_cell(term, "", PERCENT_COLUMNS);
	if (layout->has_beside && diff_beside(diff->metric) != METRIC_COUNT) {
		text_cell(term, "blocks", text_count_columns() + 1);
		if (diff->errors)
			text_cell(term, "", text_count_columns() + 2);
	}
	fprintf(term->file, "  %s%s\n", top_by_name(diff->by),
		term_style(term, TERM_PLAIN));
}

static void print_totals(struct term *term, const struct diff *diff,
			 const struct layout *layout)
{
	static const struct {
		const char *label;
		enum metric metric;
	} lines[] = {
		{ "allocated", METRIC_ALLOCATED_BYTES },
		{ "live at the end", METRIC_LIVE_BYTES },
		{ "at the peak", METRIC_PEAK_BYTES },
		{ "temporary", METRIC_TEMPORARY },
	};

	text_heading(term, diff->units ? "Totals by unit of work" : "Totals");
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		enum metric metric = lines[i].metric;

		print_numbers(term, diff, layout, DIFF_TOTALS, metric,
			      diff_beside(metric));
		fprintf(term->file, "  %s\n", lines[i].label);
	}
}

static void print_head(struct term *term, const struct set *set,
		       const struct diff *diff)
{
	char buf[UNITS_TEXT_BYTES], all[UNITS_TEXT_BYTES];
	static const enum diff_status order[] = { DIFF_NEW, DIFF_GROWN,
						  DIFF_SHRUNK, DIFF_GONE };

	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "Changes");
	fprintf(term->file, " by %s: %s, %s of %s shown", top_by_name(diff->by),
		text_metric_title(diff->metric), units_count(buf, diff->shown),
		units_count(all, diff->count));
	for (size_t i = 0; i < 4; i++)
		fprintf(term->file, "%s %s %s", i == 0 ? ":" : ",",
			units_count(buf, diff->of_status[order[i]]),
			diff_status_name(order[i]));
	fprintf(term->file, "; %s the same\n", units_count(buf, diff->same));
	text_set_python_note(term, set, diff->by);
	putc('\n', term->file);
}

int text_diff_print(struct term *term, struct set *set, const struct diff *diff)
{
	enum metric beside = diff_beside(diff->metric);
	struct stack stack = { 0 };
	struct layout layout;
	int ret = 0;

	lay_out(&layout, term, diff);
	text_set_head(term, set, "compared");
	text_set_filter_note(term, set);
	print_totals(term, diff, &layout);
	print_head(term, set, diff);
	print_titles(term, diff, &layout);
	for (size_t i = 0; i < diff->shown && ret == 0; i++) {
		size_t row = diff->order[i];

		if (term_is_done(term))
			break;
		print_numbers(term, diff, &layout, row, diff->metric, beside);
		fputs("  ", term->file);
		if (top_is_of_ages(diff->by)) {
			text_age_bucket(term, &diff->shape,
					diff->rows[row].bucket);
			putc('\n', term->file);
			continue;
		}
		ret = text_place_row(term, set, diff->by, &diff->rows[row],
				     &stack, layout.used);
		putc('\n', term->file);
	}
	if (ret == 0)
		text_set_losses(term, set);
	stack_done(&stack);
	return ret;
}
