/* SPDX-License-Identifier: MIT */
/* The rows of a flat table in order. */
#include "config.h"

#include "analyzer/model/order.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

#define NAME_BYTES 4096 /* of a name that an expression is tried on */
#define ROWS_MAX   UINT64_C(1000000000000) /* no table is that long */

struct sorter {
	const struct set *set;
	const struct top *top;
	const struct order_options *options;
};

double order_average(const struct counts *counts)
{
	int64_t count = counts->of[METRIC_ALLOCATIONS];

	if (count == 0)
		return 0;
	return (double)counts->of[METRIC_ALLOCATED_BYTES] / (double)count;
}

uint64_t order_greatest(const struct top_row *row)
{
	uint64_t first, last;

	top_bucket_range(row->greatest, &first, &last);
	return last;
}

int64_t order_slack(const struct top_row *row)
{
	return lifetime_slack(&row->lifetime, row->self.of[METRIC_LIVE_BYTES]);
}

/* What a row of a stack is called: its innermost activation. */
static struct place innermost(const struct set *set, const struct top_row *row)
{
	struct analysis *analysis = &set->array[row->dump];
	const struct site *site = &analysis->sites.array[row->site];
	uint32_t node = names_self(&analysis->names, site->node);
	uint32_t frame = analysis->tree.frame_of[node];
	struct place place = { .module = MODULES_NONE };
	const struct sym_frame *known;

	if (frame == 0)
		return place;
	place.module = analysis->tree.frames[frame].module;
	if (names_of(&analysis->names, frame, &known) > 0) {
		place.function = known->function;
		place.file = known->file;
		place.line = known->line;
	}
	return place;
}

static struct place place_of(const struct sorter *sorter,
			     const struct top_row *row)
{
	if (sorter->top->by == TOP_SITE)
		return innermost(sorter->set, row);
	if (sorter->top->by == TOP_THREAD)
		return (struct place) { .function = row->thread_name,
					.module = MODULES_NONE };
	return row->place;
}

static const char *module_of(const struct sorter *sorter,
			     const struct top_row *row,
			     const struct place *place)
{
	const struct modules *modules =
		&sorter->set->array[row->dump].tree.modules;

	return place->module == MODULES_NONE
		       ? NULL
		       : modules->array[place->module].path;
}

static int compare_texts(const char *a, const char *b)
{
	if (!a || !b)
		return (a == NULL) - (b == NULL);
	return strcmp(a, b);
}

static int compare_names(const struct sorter *sorter, const struct top_row *a,
			 const struct top_row *b)
{
	struct place of_a = place_of(sorter, a), of_b = place_of(sorter, b);
	bool by_file = sorter->top->by == TOP_LINE;
	int ret = 0;

	if (top_is_histogram(sorter->top->by))
		return a->bucket < b->bucket ? -1 : a->bucket > b->bucket;
	if (!by_file)
		ret = compare_texts(of_a.function, of_b.function);
	if (ret == 0)
		ret = compare_texts(of_a.file, of_b.file);
	if (ret == 0 && of_a.line != of_b.line)
		ret = of_a.line < of_b.line ? -1 : 1;
	if (ret == 0)
		ret = compare_texts(module_of(sorter, a, &of_a),
				    module_of(sorter, b, &of_b));
	return ret;
}

static int compare_values(int64_t a, int64_t b)
{
	return a > b ? -1 : a < b;
}

static int compare_key(const struct sorter *sorter, size_t k,
		       const struct top_row *a, const struct top_row *b)
{
	const struct order_options *options = sorter->options;
	enum metric shown = options->metric;
	double x, y;

	switch (options->keys[k].key) {
	case ORDER_METRIC:
		shown = options->keys[k].metric;
		if (options->by_cumulative)
			return compare_values(a->cumulative.of[shown],
					      b->cumulative.of[shown]);
		return compare_values(a->self.of[shown], b->self.of[shown]);
	case ORDER_SELF:
		return compare_values(a->self.of[shown], b->self.of[shown]);
	case ORDER_CUMULATIVE:
		return compare_values(a->cumulative.of[shown],
				      b->cumulative.of[shown]);
	case ORDER_AVERAGE:
		x = order_average(&a->self);
		y = order_average(&b->self);
		return x > y ? -1 : x < y;
	case ORDER_GREATEST:
		return (int)b->greatest - (int)a->greatest;
	case ORDER_LIFETIME:
		x = lifetime_ns(&a->lifetime);
		y = lifetime_ns(&b->lifetime);
		if (!sorter->top->has_time) {
			x = lifetime_allocs(&a->lifetime);
			y = lifetime_allocs(&b->lifetime);
		}
		return x > y ? -1 : x < y;
	case ORDER_SLACK:
		return compare_values(order_slack(a), order_slack(b));
	case ORDER_NAME:
		break;
	}
	return compare_names(sorter, a, b);
}

static int compare(const void *left, const void *right, void *context)
{
	const uint32_t *a = left, *b = right;
	const struct sorter *sorter = context;
	const struct top_row *rows = sorter->top->rows;

	for (size_t k = 0; k < sorter->options->key_count; k++) {
		int ret = compare_key(sorter, k, &rows[*a], &rows[*b]);

		if (ret != 0)
			return ret;
	}
	return *a < *b ? -1 : *a > *b;
}

/* Restores the heap (the last in order on top) from a place on. */
static void sift(struct sorter *sorter, uint32_t *heap, size_t count, size_t at)
{
	for (;;) {
		size_t child = 2 * at + 1;
		uint32_t moved = heap[at];

		if (child >= count)
			break;
		if (child + 1 < count &&
		    compare(&heap[child], &heap[child + 1], sorter) < 0)
			child++;
		if (compare(&moved, &heap[child], sorter) >= 0)
			break;
		heap[at] = heap[child];
		heap[child] = moved;
		at = child;
	}
}

/* The first shown of them to the front, in order: most often few of many. */
static void choose(struct sorter *sorter, uint32_t *numbers, size_t count,
		   size_t shown)
{
	if (shown < count) {
		for (size_t at = shown / 2; at-- > 0;)
			sift(sorter, numbers, shown, at);
		for (size_t i = shown; i < count; i++) {
			if (compare(&numbers[i], &numbers[0], sorter) >= 0)
				continue;
			numbers[0] = numbers[i];
			sift(sorter, numbers, shown, 0);
		}
	}
	qsort_r(numbers, shown, sizeof(*numbers), compare, sorter);
}

static bool matches(const regex_t *regex, const char *text)
{
	return text && regexec(regex, text, 0, NULL, 0) == 0;
}

static bool is_kept(const struct sorter *sorter, uint32_t number,
		    const regex_t *regex)
{
	const struct top_row *row = &sorter->top->rows[number];
	struct place place = place_of(sorter, row);
	char name[NAME_BYTES];

	if (place.file && place.line) {
		snprintf(name, sizeof(name), "%s:%u", place.file, place.line);
		if (matches(regex, name))
			return true;
	}
	return matches(regex, place.function) || matches(regex, place.file) ||
	       matches(regex, module_of(sorter, row, &place));
}

static int keep_matching(struct sorter *sorter, struct order *order,
			 const char *text, char *fault, const char **ret_regex)
{
	size_t kept = 0;
	regex_t regex;
	int err = regcomp(&regex, text, REG_EXTENDED | REG_NOSUB);

	if (err == REG_ESPACE)
		return DUMP_MEMORY;
	if (err) {
		regerror(err, &regex, fault, FILTER_FAULT_BYTES);
		*ret_regex = text;
		return FILTER_BAD_REGEX;
	}
	for (size_t i = 0; i < order->shown; i++)
		if (is_kept(sorter, order->numbers[i], &regex))
			order->numbers[kept++] = order->numbers[i];
	order->shown = kept;
	regfree(&regex);
	return 0;
}

bool order_read_number(const char *text, size_t count, size_t *ret_kept)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t whole = 0, part = 0, scale = 1;

	for (size_t i = 0; i < digits && whole < ROWS_MAX; i++)
		whole = 10 * whole + (uint64_t)(text[i] - '0');
	if (digits > 0 && text[digits] == '\0') {
		*ret_kept = whole < count ? (size_t)whole : count;
		return true;
	}
	text += digits;
	if (*text++ != '.' || whole > 1)
		return false;
	digits = strspn(text, "0123456789");
	if (digits == 0 || digits > 9 || text[digits] != '\0')
		return false;
	for (size_t i = 0; i < digits; i++) {
		part = 10 * part + (uint64_t)(text[i] - '0');
		scale *= 10;
	}
	if (whole == 1 && part != 0)
		return false;
	/* Rounded half up, as pstats does. */
	part = (count * (part + whole * scale) + scale / 2) / scale;
	*ret_kept = part < count ? (size_t)part : count;
	return true;
}

static int restrict_rows(struct sorter *sorter, struct order *order,
			 char *fault, const char **ret_regex)
{
	const struct order_options *options = sorter->options;

	order->steps =
		calloc(options->restriction_count + 1, sizeof(*order->steps));
	if (!order->steps)
		return DUMP_MEMORY;
	for (size_t i = 0; i < options->restriction_count; i++) {
		const char *text = options->restrictions[i];
		size_t before = order->shown;

		if (!order_read_number(text, before, &order->shown)) {
			int ret = keep_matching(sorter, order, text, fault,
						ret_regex);

			if (ret < 0)
				return ret;
		}
		order->steps[order->step_count++] = (struct order_step) {
			.restriction = text,
			.before = before,
			.after = order->shown,
		};
	}
	return 0;
}

/* Has the row anything of what is shown? */
static bool has_part(const struct order_options *options,
		     const struct top_row *row)
{
	return (options->by_cumulative ? &row->cumulative : &row->self)
		       ->of[options->metric] != 0;
}

int order_init(struct order *ret_order, const struct set *set,
	       const struct top *top, const struct order_options *options,
	       char fault[static FILTER_FAULT_BYTES], const char **ret_regex)
{
	struct order_options keyed = *options;
	struct sorter sorter = { set, top, &keyed };
	struct order order = { 0 };
	size_t wanted;
	int ret;

	if (keyed.key_count == 0) {
		keyed.keys[0].key = ORDER_METRIC;
		keyed.keys[0].metric = keyed.metric;
		keyed.key_count = 1;
	}
	order.numbers = calloc(top->count + 1, sizeof(*order.numbers));
	if (!order.numbers)
		return DUMP_MEMORY;
	for (size_t i = 0; i < top->count; i++)
		if (has_part(&keyed, &top->rows[i]))
			order.numbers[order.count++] = (uint32_t)i;
	wanted = order.count;
	if (keyed.limit && keyed.limit < wanted && keyed.restriction_count == 0)
		wanted = keyed.limit;
	choose(&sorter, order.numbers, order.count, wanted);
	order.shown = wanted;
	ret = restrict_rows(&sorter, &order, fault, ret_regex);
	if (keyed.limit && keyed.limit < order.shown)
		order.shown = keyed.limit;
	if (ret == 0)
		*ret_order = order;
	else
		order_done(&order);
	return ret;
}

void order_done(struct order *order)
{
	free(order->numbers);
	free(order->steps);
	*order = (struct order) { 0 };
}
