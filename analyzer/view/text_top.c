/* SPDX-License-Identifier: MIT */
/* The flat table as text. */
#include "config.h"

#include "analyzer/view/text_top.h"

#include "analyzer/model/analysis.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_ages.h"
#include "analyzer/view/text_place.h"
#include "analyzer/view/text_set.h"

/* Which columns there is room for: the first ones go last. */
enum column {
	COLUMN_CUMULATIVE,
	COLUMN_SHARE,
	COLUMN_CUMULATIVE_SHARE,
	COLUMN_ALLOCATIONS,
	COLUMN_SUM,
	COLUMN_COUNT
};

struct layout {
	const struct text_top_options *options;
	bool has[COLUMN_COUNT];
	bool has_errors;
	bool has_time;	 /* lifetimes are known in time */
	bool has_usable; /* usable sizes are known */
	unsigned used;	 /* columns before the name */
	struct counts whole;
};

const char *text_metric_title(enum metric metric)
{
	static const char *const titles[METRIC_COUNT] = {
		[METRIC_ALLOCATIONS] = "blocks allocated",
		[METRIC_ALLOCATED_BYTES] = "bytes allocated",
		[METRIC_FREES] = "blocks freed",
		[METRIC_FREED_BYTES] = "bytes freed",
		[METRIC_REALLOCS] = "blocks reallocated",
		[METRIC_LIVE_BLOCKS] = "blocks live at the end",
		[METRIC_LIVE_BYTES] = "bytes live at the end",
		[METRIC_PEAK_BLOCKS] = "blocks at the peak",
		[METRIC_PEAK_BYTES] = "bytes at the peak",
		[METRIC_TEMPORARY] = "temporary blocks",
	};

	return titles[metric];
}

bool text_metric_is_bytes(enum metric metric)
{
	return metric == METRIC_ALLOCATED_BYTES ||
	       metric == METRIC_FREED_BYTES || metric == METRIC_LIVE_BYTES ||
	       metric == METRIC_PEAK_BYTES;
}

int text_metric_columns(const struct term *term, enum metric metric)
{
	return text_metric_is_bytes(metric) ? text_size_columns(term)
					    : text_count_columns();
}

void text_metric_cell(struct term *term, enum metric metric, int64_t value)
{
	if (text_metric_is_bytes(metric))
		text_size_cell(term, value, false);
	else
		text_count_cell(term, value, false);
}

static unsigned width_of(const struct term *term, const struct layout *layout,
			 enum column column)
{
	unsigned value =
		(unsigned)text_metric_columns(term, layout->options->metric) +
		1;
	unsigned error = layout->has_errors ? TEXT_ERROR + 1 : 0;

	switch (column) {
	case COLUMN_CUMULATIVE:
		return value + error;
	case COLUMN_ALLOCATIONS:
		return (unsigned)text_count_columns() + 1;
	default:
		return TEXT_SHARE + 1;
	}
}

/* On a terminal, columns that leave no room for the names are left out. */
static void lay_out(struct layout *layout, const struct term *term,
		    enum top_by by)
{
	const struct text_top_options *options = layout->options;

	layout->used = width_of(term, layout, COLUMN_CUMULATIVE) + 2;
	layout->used +=
		options->has_frees ? (unsigned)text_count_columns() + 1 : 0;
	layout->used += options->has_average
				? (unsigned)text_size_columns(term) + 1
				: 0;
	layout->used += options->has_greatest
				? (unsigned)text_size_columns(term) + 1
				: 0;
	layout->used += options->has_lifetime ? 3 * TEXT_AGE_COLUMNS : 0;
	layout->used += options->has_slack
				? 2 * ((unsigned)text_size_columns(term) + 1)
				: 0;
	for (int c = 0; c < COLUMN_COUNT; c++) {
		unsigned more = width_of(term, layout, (enum column)c);
		bool is_cumulative =
			c == COLUMN_CUMULATIVE || c == COLUMN_CUMULATIVE_SHARE;

		if (is_cumulative && (by == TOP_SITE || by == TOP_THREAD ||
				      top_is_histogram(by)))
			continue;
		if (c == COLUMN_ALLOCATIONS && top_is_of_ages(by))
			continue;
		if (term->is_terminal &&
		    layout->used + more + TEXT_PLACE_MIN > term->width)
			continue;
		layout->has[c] = true;
		layout->used += more;
	}
}

static void print_titles(struct term *term, const struct layout *layout,
			 enum top_by by)
{
	const struct text_top_options *options = layout->options;
	int columns = text_metric_columns(term, options->metric);
	int error = layout->has_errors ? TEXT_ERROR + 1 : 0;

	fputs(term_style(term, TERM_HEADING), term->file);
	text_cell(term, "self", columns);
	fprintf(term->file, "%*s", error, "");
	if (layout->has[COLUMN_SHARE])
		text_cell(term, "share", TEXT_SHARE);
	if (layout->has[COLUMN_SUM])
		text_cell(term, "sum", TEXT_SHARE);
	if (layout->has[COLUMN_CUMULATIVE]) {
		text_cell(term, "cumulative", columns);
		fprintf(term->file, "%*s", error, "");
	}
	if (layout->has[COLUMN_CUMULATIVE_SHARE])
		text_cell(term, "share", TEXT_SHARE);
	if (layout->has[COLUMN_ALLOCATIONS])
		text_cell(term, "allocations", text_count_columns());
	if (options->has_frees)
		text_cell(term, "frees", text_count_columns());
	if (options->has_average)
		text_cell(term, "average", text_size_columns(term));
	if (options->has_greatest)
		text_cell(term, "largest", text_size_columns(term));
	if (options->has_lifetime)
		text_age_titles(term);
	if (options->has_slack) {
		text_cell(term, "usable", text_size_columns(term));
		text_cell(term, "slack", text_size_columns(term));
	}
	fprintf(term->file, "  %s%s\n", top_by_name(by),
		term_style(term, TERM_PLAIN));
}

static void print_head(struct term *term, const struct layout *layout,
		       const struct set *set, const struct top *top,
		       const struct order *order)
{
	enum metric metric = layout->options->metric;
	int64_t whole = layout->whole.of[metric];
	char shown[UNITS_TEXT_BYTES], all[UNITS_TEXT_BYTES];
	char sum[UNITS_TEXT_BYTES];

	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "Top");
	fprintf(term->file, " by %s: %s, %s in all; %s of %s rows shown\n",
		top_by_name(top->by), layout->options->title,
		text_metric_is_bytes(metric) ? text_size(sum, term, whole)
					     : text_count(sum, whole),
		text_count(shown, (int64_t)order->shown),
		text_count(all, (int64_t)order->count));
	for (size_t i = 0; i < order->step_count; i++) {
		const struct order_step *step = &order->steps[i];

		fprintf(term->file, "  reduced from %s to %s by ",
			text_count(all, (int64_t)step->before),
			text_count(shown, (int64_t)step->after));
		term_text(term, step->restriction);
		putc('\n', term->file);
	}
	text_set_python_note(term, set, top->by);
	putc('\n', term->file);
	print_titles(term, layout, top->by);
}

static void print_slack(struct term *term, const struct top_row *row,
			bool has_usable)
{
	int64_t slack = order_slack(row);

	if (!has_usable || row->has_no_stack) {
		text_cell(term, "-", text_size_columns(term));
		text_cell(term, "-", text_size_columns(term));
		return;
	}
	text_size_cell(term, row->self.of[METRIC_LIVE_BYTES] + slack, false);
	text_size_cell(term, slack, false);
}

static void print_numbers(struct term *term, const struct layout *layout,
			  const struct top_row *row,
			  const struct top_error *error, int64_t sum)
{
	enum metric metric = layout->options->metric;
	int64_t whole = layout->whole.of[metric];

	fputs(term_style(term, TERM_NUMBER), term->file);
	text_metric_cell(term, metric, row->self.of[metric]);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (error)
		text_error_cell(term, &row->self, &error->self, metric);
	else if (layout->has_errors)
		text_cell(term, "", TEXT_ERROR);
	if (layout->has[COLUMN_SHARE])
		text_share_cell(term, row->self.of[metric], whole);
	if (layout->has[COLUMN_SUM])
		text_share_cell(term, sum, whole);
	if (layout->has[COLUMN_CUMULATIVE]) {
		text_metric_cell(term, metric, row->cumulative.of[metric]);
		if (error)
			text_error_cell(term, &row->cumulative,
					&error->cumulative, metric);
	}
	if (layout->has[COLUMN_CUMULATIVE_SHARE])
		text_share_cell(term, row->cumulative.of[metric], whole);
	if (layout->has[COLUMN_ALLOCATIONS])
		text_count_cell(term, row->self.of[METRIC_ALLOCATIONS], false);
	if (layout->options->has_frees)
		text_count_cell(term, row->self.of[METRIC_FREES], false);
	if (layout->options->has_average)
		text_size_cell(term, (int64_t)(order_average(&row->self) + 0.5),
			       false);
	if (layout->options->has_greatest)
		text_size_cell(term,
			       order_greatest(row) > INT64_MAX
				       ? INT64_MAX
				       : (int64_t)order_greatest(row),
			       false);
	if (layout->options->has_lifetime)
		text_age_cells(term, &row->lifetime, layout->has_time);
	if (layout->options->has_slack)
		print_slack(term, row, layout->has_usable);
	fputs("  ", term->file);
}

int text_top_print(struct term *term, struct set *set, const struct top *top,
		   const struct order *order,
		   const struct text_top_options *options)
{
	struct layout layout = {
		.options = options,
		.has_errors = top->errors != NULL,
		.has_time = top->has_time,
		.has_usable = top->has_usable,
	};
	struct stack stack = { 0 };
	struct counts sum = { 0 };
	int ret = 0;

	set_whole(set, top->is_estimate, &layout.whole);
	lay_out(&layout, term, top->by);
	text_set_head(term, set, "added up");
	text_set_filter_note(term, set);
	print_head(term, &layout, set, top, order);
	for (size_t i = 0; i < order->shown && ret == 0; i++) {
		size_t number = order->numbers[i];
		const struct top_row *row = &top->rows[number];

		if (term_is_done(term))
			break;
		counts_add_bounded(&sum, &row->self);
		print_numbers(term, &layout, row,
			      top->errors ? &top->errors[number] : NULL,
			      sum.of[options->metric]);
		if (top_is_of_ages(top->by))
			text_age_bucket(term, top, row->bucket);
		else
			ret = text_place_row(term, set, top->by, row, &stack,
					     layout.used);
		putc('\n', term->file);
	}
	if (ret == 0)
		text_set_losses(term, set);
	stack_done(&stack);
	return ret;
}
