/* SPDX-License-Identifier: MIT */
/* What changed from dump to dump. */
#include "config.h"

#include "analyzer/model/diff.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/match.h"
#include "analyzer/model/region.h"

const struct counts *diff_counts(const struct diff *diff, size_t row,
				 size_t dump)
{
	if (row == DIFF_TOTALS)
		return &diff->totals[dump];
	return &diff->cells[row * diff->dumps + dump];
}

const struct error *diff_error(const struct diff *diff, size_t row, size_t dump)
{
	if (!diff->errors)
		return NULL;
	if (row == DIFF_TOTALS)
		return &diff->total_errors[dump];
	return &diff->errors[row * diff->dumps + dump];
}

enum metric diff_beside(enum metric metric)
{
	switch (metric) {
	case METRIC_ALLOCATED_BYTES:
		return METRIC_ALLOCATIONS;
	case METRIC_FREED_BYTES:
		return METRIC_FREES;
	case METRIC_LIVE_BYTES:
		return METRIC_LIVE_BLOCKS;
	case METRIC_PEAK_BYTES:
		return METRIC_PEAK_BLOCKS;
	default:
		return METRIC_COUNT;
	}
}

double diff_value(const struct diff *diff, size_t row, size_t dump,
		  enum metric metric)
{
	double value = (double)diff_counts(diff, row, dump)->of[metric];

	return diff->units ? value / diff->units[dump] : value;
}

double diff_change(const struct diff *diff, size_t row, enum metric metric)
{
	size_t last = diff->dumps - 1;

	/* Whole numbers stay whole, however large they are. */
	if (!diff->units)
		return (double)(diff_counts(diff, row, last)->of[metric] -
				diff_counts(diff, row, 0)->of[metric]);
	return diff_value(diff, row, last, metric) -
	       diff_value(diff, row, 0, metric);
}

double diff_change_error(const struct diff *diff, size_t row,
			 enum metric metric)
{
	size_t last = diff->dumps - 1;
	double a, b;

	if (!diff->errors)
		return 0;
	a = error_of(diff_error(diff, row, 0), metric);
	b = error_of(diff_error(diff, row, last), metric);
	if (diff->units) {
		a /= diff->units[0];
		b /= diff->units[last];
	}
	return sqrt(a * a + b * b);
}

enum diff_status diff_status(const struct diff *diff, size_t row)
{
	double change = diff_change(diff, row, diff->metric);
	int64_t first = diff_counts(diff, row, 0)->of[diff->metric];
	int64_t last =
		diff_counts(diff, row, diff->dumps - 1)->of[diff->metric];

	if (first == 0 && last != 0)
		return DIFF_NEW;
	if (first != 0 && last == 0)
		return DIFF_GONE;
	if (change != 0)
		return change > 0 ? DIFF_GROWN : DIFF_SHRUNK;
	return DIFF_SAME;
}

const char *diff_status_name(enum diff_status status)
{
	static const char *const names[] = {
		[DIFF_SAME] = "same",	  [DIFF_NEW] = "new",
		[DIFF_GONE] = "gone",	  [DIFF_GROWN] = "grown",
		[DIFF_SHRUNK] = "shrunk",
	};

	return names[status];
}

/* Is nothing of it different in any dump? What is the same in the first and
 * the last, but not between, is shown in a series. */
static bool is_same(const struct diff *diff, size_t row)
{
	enum metric beside = diff_beside(diff->metric);

	for (size_t d = 1; d < diff->dumps; d++) {
		if (diff_value(diff, row, d, diff->metric) !=
		    diff_value(diff, row, 0, diff->metric))
			return false;
		if (beside != METRIC_COUNT &&
		    diff_value(diff, row, d, beside) !=
			    diff_value(diff, row, 0, beside))
			return false;
	}
	return true;
}

/* The greatest change first, then the greatest number, as they came last. */
static int compare(const void *left, const void *right, void *context)
{
	const uint32_t *a = left, *b = right;
	const struct diff *diff = context;
	enum metric metrics[] = { diff->metric, diff_beside(diff->metric) };

	for (int i = 0; i < 2 && metrics[i] != METRIC_COUNT; i++) {
		double x = fabs(diff_change(diff, *a, metrics[i]));
		double y = fabs(diff_change(diff, *b, metrics[i]));

		if (x != y)
			return x > y ? -1 : 1;
	}
	return *a < *b ? -1 : *a > *b;
}

static void add_row(struct diff *diff, const struct top *top, size_t i,
		    uint32_t dump, size_t number, bool by_cumulative)
{
	const struct top_row *from = &top->rows[i];

	counts_add_bounded(&diff->cells[number * diff->dumps + dump],
			   by_cumulative ? &from->cumulative : &from->self);
	counts_add_bounded(&diff->totals[dump], &from->self);
	/* The newest knows best what it is called. */
	diff->rows[number] = *from;
	diff->rows[number].dump = dump;
	if (!top->errors)
		return;
	error_add(&diff->errors[number * diff->dumps + dump],
		  by_cumulative ? &top->errors[i].cumulative
				: &top->errors[i].self);
	error_add(&diff->total_errors[dump], &top->errors[i].self);
}

/* What is known of all is known exactly. */
static void know_totals(struct diff *diff, const struct set *set)
{
	for (size_t d = 0; d < set->count; d++) {
		const struct analysis *analysis = &set->array[d];

		/* Histograms of lifetimes have a part of it only. */
		if (top_is_of_ages(diff->by))
			diff->totals[d] = analysis->filter.sum;
		if (!analysis->sites.errors || !analysis->filter.is_complete ||
		    !diff->errors)
			continue;
		diff->totals[d] = analysis->sites.totals;
		diff->total_errors[d] = (struct error) { 0 };
	}
}

int diff_rank(struct diff *diff, enum metric metric, size_t limit)
{
	free(diff->order);
	diff->order = calloc(diff->row_count + 1, sizeof(*diff->order));
	if (!diff->order)
		return DUMP_MEMORY;
	diff->metric = metric;
	diff->count = diff->same = 0;
	memset(diff->of_status, 0, sizeof(diff->of_status));
	for (size_t i = 0; i < diff->row_count; i++) {
		if (is_same(diff, i)) {
			diff->same +=
				diff_counts(diff, i, 0)->of[diff->metric] != 0;
			continue;
		}
		diff->order[diff->count++] = (uint32_t)i;
		diff->of_status[diff_status(diff, i)]++;
	}
	qsort_r(diff->order, diff->count, sizeof(*diff->order), compare, diff);
	diff->shown = diff->count;
	if (limit && limit < diff->shown)
		diff->shown = limit;
	return 0;
}

int diff_pick(struct diff *diff, const enum metric *metrics, size_t count,
	      size_t limit, uint32_t **ret_rows, size_t *ret_count)
{
	uint32_t *rows = calloc(diff->row_count + 1, sizeof(*rows));
	uint8_t *keeps = calloc(diff->row_count + 1, 1);
	int ret = rows && keeps ? 0 : DUMP_MEMORY;

	*ret_count = 0;
	for (size_t m = 0; m < count && ret == 0; m++) {
		ret = diff_rank(diff, metrics[m], limit);
		for (size_t i = 0; i < diff->shown && ret == 0; i++)
			keeps[diff->order[i]] = 1;
	}
	for (size_t i = 0; i < diff->row_count && ret == 0; i++)
		if (keeps[i])
			rows[(*ret_count)++] = (uint32_t)i;
	free(keeps);
	if (ret < 0)
		free(rows);
	else
		*ret_rows = rows;
	return ret;
}

static int fill(struct diff *diff, const struct set *set,
		const struct top *tops, const struct diff_options *options)
{
	struct match match;
	int ret = match_init(&match, set, tops, options->strip_dirs);

	if (ret < 0)
		return ret;
	diff->rows = calloc(match.count + 1, sizeof(*diff->rows));
	diff->totals = calloc(set->count, sizeof(*diff->totals));
	diff->cells =
		calloc(match.count + 1, set->count * sizeof(*diff->cells));
	if (diff->is_estimate) {
		diff->errors = calloc(match.count + 1,
				      set->count * sizeof(*diff->errors));
		diff->total_errors =
			calloc(set->count, sizeof(*diff->total_errors));
	}
	if (!diff->rows || !diff->cells || !diff->totals ||
	    (diff->is_estimate && (!diff->errors || !diff->total_errors)))
		ret = DUMP_MEMORY;
	for (uint32_t t = 0; t < set->count && ret == 0; t++)
		for (size_t i = 0; i < tops[t].count; i++)
			add_row(diff, &tops[t], i, t, match.numbers[t][i],
				options->by_cumulative);
	for (size_t i = 0; i < match.count && ret == 0; i++) {
		struct top_row *row = &diff->rows[i];

		row->is_stripped = options->strip_dirs;
		if (options->strip_dirs && row->place.file)
			row->place.file = keys_base_name(row->place.file);
	}
	if (ret == 0) {
		know_totals(diff, set);
		diff->row_count = match.count;
		ret = diff_rank(diff, diff->metric, options->limit);
	}
	match_done(&match);
	return ret;
}

int diff_init(struct diff *ret_diff, const struct set *set,
	      const struct diff_options *options)
{
	struct diff diff = {
		.by = options->by,
		.metric = options->metric,
		.is_estimate =
			set_is_estimate(set) && !top_is_of_ages(options->by),
		.dumps = set->count,
		.units = options->units,
	};
	struct top *tops = calloc(set->count, sizeof(*tops));
	int ret = tops ? 0 : DUMP_MEMORY;

	for (size_t t = 0; t < set->count && ret == 0; t++)
		ret = top_init(&tops[t], &set->array[t], options->by);
	if (ret == 0) {
		diff.shape = tops[0];
		diff.shape.rows = NULL;
		diff.shape.errors = NULL;
		ret = fill(&diff, set, tops, options);
	}
	for (size_t t = 0; t < set->count && tops; t++)
		top_done(&tops[t]);
	free(tops);
	if (ret == 0)
		*ret_diff = diff;
	else
		diff_done(&diff);
	return ret;
}

void diff_done(struct diff *diff)
{
	free(diff->rows);
	free(diff->cells);
	free(diff->errors);
	free(diff->totals);
	free(diff->total_errors);
	free(diff->order);
	*diff = (struct diff) { 0 };
}
