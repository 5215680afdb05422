/* SPDX-License-Identifier: MIT */
/* The flat table as text. */
#include "config.h"

#include "analyzer/view/text_top.h"

#include <inttypes.h>

#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_losses.h"

int text_top_rank(struct ranking *ret_ranking, const struct top *top,
		  enum metric metric, bool by_cumulative, size_t limit)
{
	const struct ranking_source source = {
		.first = by_cumulative ? &top->rows->cumulative
				       : &top->rows->self,
		.stride = sizeof(*top->rows),
		.count = top->count,
	};

	return ranking_init(ret_ranking, &source, metric, limit);
}

static bool is_bytes(enum metric metric)
{
	return metric == METRIC_ALLOCATED_BYTES ||
	       metric == METRIC_FREED_BYTES || metric == METRIC_LIVE_BYTES ||
	       metric == METRIC_PEAK_BYTES;
}

static bool has_cumulative(enum top_by by)
{
	return by != TOP_SITE && by != TOP_THREAD;
}

static void value_cell(struct term *term, enum metric metric, int64_t value)
{
	if (is_bytes(metric))
		text_size_cell(term, value, false);
	else
		text_count_cell(term, value, false);
}

static void print_place(struct term *term, const struct analysis *analysis,
			enum top_by by, const struct place *place)
{
	char name[TEXT_NAME_BYTES], path[TEXT_NAME_BYTES];

	if (place->file) {
		text_path(path, place->file, &analysis->summary);
		if (by == TOP_FUNCTION) {
			text_styled(term, TERM_FUNCTION,
				    text_function(name, place->function, 0));
			fputs("  ", term->file);
		}
		text_styled(term, TERM_PATH, path);
		if (place->line)
			fprintf(term->file, ":%" PRIu32, place->line);
		if (by == TOP_LINE && place->function) {
			fputs("  ", term->file);
			text_styled(
				term, TERM_FUNCTION,
				text_short_function(name, place->function, 0));
		}
		return;
	}
	if (place->function) {
		text_styled(term, TERM_FUNCTION,
			    text_function(name, place->function, 0));
		fputs("  ", term->file);
	}
	if (place->module == MODULES_NONE) {
		fputs("[unknown code]", term->file);
		return;
	}
	text_base_name(name, analysis->tree.modules.array[place->module].path);
	fprintf(term->file, by == TOP_MODULE ? "%s" : "[%s]", name);
	if (by == TOP_FILE || (by != TOP_MODULE && !place->function))
		text_styled(term, TERM_DIM, " (no debug information)");
}

static int print_name(struct term *term, struct analysis *analysis,
		      enum top_by by, const struct top_row *row,
		      struct stack *stack, unsigned used)
{
	int ret;

	if (row->has_no_stack && by != TOP_SITE) {
		fputs(stack_text_missing(SITE_STACK), term->file);
		return 0;
	}
	switch (by) {
	case TOP_SITE:
		ret = stack_read(stack, &analysis->names,
				 &analysis->sites.array[row->site]);
		if (ret == 0)
			stack_text_line(term, stack, &analysis->summary, used);
		return ret;
	case TOP_THREAD:
		text_thread(term, row);
		return 0;
	default:
		print_place(term, analysis, by, &row->place);
		return 0;
	}
}

static unsigned print_head(struct term *term, const struct top *top,
			   const struct text_top_options *options,
			   const struct ranking *ranking)
{
	int columns = is_bytes(options->metric) ? text_size_columns(term)
						: text_count_columns();
	int used = columns + 1 + TEXT_SHARE + 1 + text_count_columns() + 1 + 2;
	int error = top->errors ? TEXT_ERROR + 1 : 0;
	char buf[UNITS_TEXT_BYTES];

	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "Top");
	fprintf(term->file, " by %s: %s%s, ", top_by_name(top->by),
		options->by_cumulative ? "cumulative " : "", options->title);
	fprintf(term->file, "%s of %s shown\n\n",
		text_count(buf, (int64_t)ranking->shown),
		text_count((char[UNITS_TEXT_BYTES]) { 0 },
			   (int64_t)ranking->count));
	fputs(term_style(term, TERM_HEADING), term->file);
	text_cell(term, "self", columns);
	fprintf(term->file, "%*s", error, "");
	text_cell(term, "share", TEXT_SHARE);
	if (has_cumulative(top->by)) {
		text_cell(term, "cumulative", columns);
		fprintf(term->file, "%*s", error, "");
		text_cell(term, "share", TEXT_SHARE);
		used += columns + 1 + error + TEXT_SHARE + 1;
	}
	text_cell(term, "allocations", text_count_columns());
	fprintf(term->file, "  %s%s\n", top_by_name(top->by),
		term_style(term, TERM_PLAIN));
	return (unsigned)(used + error);
}

/* What rows with exact counts are parts of. */
static const struct counts *whole_of(const struct analysis *analysis)
{
	const struct error *error;

	return text_list_sum(analysis, &analysis->filter.sum, &error);
}

static int print_row(struct term *term, struct analysis *analysis,
		     const struct top *top, size_t number, enum metric metric,
		     struct stack *stack, unsigned used)
{
	const struct top_row *row = &top->rows[number];
	const struct top_error *error =
		top->errors ? &top->errors[number] : NULL;
	int64_t whole = top->is_estimate ? analysis->filter.sum.of[metric]
					 : whole_of(analysis)->of[metric];
	int ret;

	fputs(term_style(term, TERM_NUMBER), term->file);
	value_cell(term, metric, row->self.of[metric]);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (error)
		text_error_cell(term, &row->self, &error->self, metric);
	text_share_cell(term, row->self.of[metric], whole);
	if (has_cumulative(top->by)) {
		value_cell(term, metric, row->cumulative.of[metric]);
		if (error)
			text_error_cell(term, &row->cumulative,
					&error->cumulative, metric);
		text_share_cell(term, row->cumulative.of[metric], whole);
	}
	text_count_cell(term, row->self.of[METRIC_ALLOCATIONS], false);
	fputs("  ", term->file);
	ret = print_name(term, analysis, top->by, row, stack, used);
	putc('\n', term->file);
	return ret;
}

int text_top_print(struct term *term, struct analysis *analysis,
		   const struct top *top,
		   const struct text_top_options *options)
{
	struct stack stack = { 0 };
	struct ranking ranking;
	unsigned used;
	int ret = text_top_rank(&ranking, top, options->metric,
				options->by_cumulative, options->limit);

	if (ret < 0)
		return ret;
	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	used = print_head(term, top, options, &ranking);
	for (size_t i = 0; i < ranking.shown && ret == 0; i++) {
		if (term_is_done(term))
			break;
		ret = print_row(term, analysis, top, ranking.numbers[i],
				options->metric, &stack, used);
	}
	if (ret == 0)
		text_losses_print_serious(term, analysis);
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}
