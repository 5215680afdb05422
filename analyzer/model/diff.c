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

static int make_rows(struct diff *diff, size_t count)
{
	/* Of rows that are never looked at no memory is touched. */
	diff->row_count = count;
	diff->rows = region_new(count + 1, sizeof(*diff->rows));
	diff->totals = calloc(diff->dumps, sizeof(*diff->totals));
	diff->cells = calloc(count + 1, diff->dumps * sizeof(*diff->cells));
	if (diff->is_estimate) {
		diff->errors =
			calloc(count + 1, diff->dumps * sizeof(*diff->errors));
		diff->total_errors =
			calloc(diff->dumps, sizeof(*diff->total_errors));
	}
	if (!diff->rows || !diff->cells || !diff->totals ||
	    (diff->is_estimate && (!diff->errors || !diff->total_errors)))
		return DUMP_MEMORY;
	return 0;
}

static int add_tops(struct diff *diff, const struct set *set,
		    const struct top *tops, const struct diff_options *options)
{
	struct match match;
	int ret = match_init(&match, set, tops, options->strip_dirs);

	if (ret < 0)
		return ret;
	ret = make_rows(diff, match.count);
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
	match_done(&match);
	return ret;
}

static void add_site(struct diff *diff, const struct sites *sites, size_t i,
		     size_t dump, size_t number)
{
	counts_add_bounded(&diff->cells[number * diff->dumps + dump],
			   &sites->array[i].counts);
	counts_add_bounded(&diff->totals[dump], &sites->array[i].counts);
	if (!sites->errors)
		return;
	error_add(&diff->errors[number * diff->dumps + dump],
		  &sites->errors[i]);
	error_add(&diff->total_errors[dump], &sites->errors[i]);
}

/* Is it the same in all dumps, by any metric? */
static bool is_same_by_all(const struct diff *diff, size_t row)
{
	const struct counts *cells = &diff->cells[row * diff->dumps];

	for (size_t d = 1; d < diff->dumps; d++)
		if (memcmp(&cells[d], &cells[0], sizeof(*cells)) != 0)
			return false;
	return !diff->units;
}

/* Sites need no tables, which would be larger than all they are made from. */
static int add_sites(struct diff *diff, const struct set *set,
		     const struct diff_options *options)
{
	struct match match;
	int ret = match_init_sites(&match, set);

	if (ret < 0)
		return ret;
	ret = make_rows(diff, match.count);
	for (size_t t = 0; t < set->count && ret == 0; t++)
		for (size_t i = 0; i < set->array[t].sites.count; i++)
			if (set->array[t].filter.keeps[i])
				add_site(diff, &set->array[t].sites, i, t,
					 match.numbers[t][i]);
	for (uint32_t t = 0; t < set->count && ret == 0; t++) {
		for (size_t i = 0; i < set->array[t].sites.count; i++) {
			uint32_t number = match.numbers[t][i];

			if (!set->array[t].filter.keeps[i] ||
			    is_same_by_all(diff, number))
				continue;
			/* The newest knows best what it is called. */
			top_site_row(&diff->rows[number], &set->array[t], i);
			diff->rows[number].dump = t;
			diff->rows[number].is_stripped = options->strip_dirs;
		}
	}
	match_done(&match);
	return ret;
}

static int add_tables(struct diff *diff, const struct set *set,
		      const struct diff_options *options)
{
	struct top *tops = calloc(set->count, sizeof(*tops));
	int ret = tops ? 0 : DUMP_MEMORY;

	for (size_t t = 0; t < set->count && ret == 0; t++)
		ret = top_init(&tops[t], &set->array[t], options->by);
	if (ret == 0) {
		diff->shape = tops[0];
		diff->shape.rows = NULL;
		diff->shape.errors = NULL;
		ret = add_tops(diff, set, tops, options);
	}
	for (size_t t = 0; t < set->count && tops; t++)
		top_done(&tops[t]);
	free(tops);
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
	int ret = options->by == TOP_SITE ? add_sites(&diff, set, options)
					  : add_tables(&diff, set, options);

	if (ret == 0) {
		know_totals(&diff, set);
		ret = diff_rank(&diff, diff.metric, options->limit);
	}
	if (ret == 0)
		*ret_diff = diff;
	else
		diff_done(&diff);
	return ret;
}

void diff_done(struct diff *diff)
{
	region_free(diff->rows, diff->row_count + 1, sizeof(*diff->rows));
	free(diff->cells);
	free(diff->errors);
	free(diff->totals);
	free(diff->total_errors);
	free(diff->order);
	*diff = (struct diff) { 0 };
}
