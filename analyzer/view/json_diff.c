/* SPDX-License-Identifier: MIT */
/* What changed, as JSON. */
#include "config.h"

#include "analyzer/view/json_diff.h"

#include "analyzer/view/json_top.h"

static int put_row(struct json *json, struct set *set, const struct diff *diff,
		   size_t row, struct stack *stack)
{
	size_t last = diff->dumps - 1;
	struct counts change = *diff_counts(diff, row, last);
	int ret;

	json_begin_object(json, NULL);
	ret = json_top_row(json, set, diff->by, &diff->rows[row], stack);
	if (top_is_of_ages(diff->by))
		json_top_ages(json, &diff->shape, &diff->rows[row]);
	json_text(json, "status", diff_status_name(diff_status(diff, row)));
	json_begin_array(json, "counts");
	for (size_t d = 0; d < diff->dumps; d++) {
		json_begin_object(json, NULL);
		json_parts_estimate(json, diff_counts(diff, row, d),
				    diff_error(diff, row, d));
		json_end(json);
	}
	json_end(json);
	counts_subtract(&change, diff_counts(diff, row, 0));
	json_begin_object(json, "change");
	json_parts_counts(json, &change);
	json_end(json);
	json_end(json);
	return ret;
}

int json_diff_print(FILE *file, struct set *set, const struct diff *diff)
{
	struct stack stack = { 0 };
	struct json json;
	char unit[64];
	int ret = 0;

	json_top_begin(&json, file, "memprof-diff/1", set);
	json_bool(&json, "python_first", set->array[0].python_first);
	json_text(&json, "by", top_by_name(diff->by));
	json_text(&json, "sort", json_parts_metric(diff->metric));
	json_begin_array(&json, "units");
	for (size_t d = 0; d < diff->dumps && diff->units; d++) {
		snprintf(unit, sizeof(unit), "%.15g", diff->units[d]);
		json_text(&json, NULL, unit);
	}
	json_end(&json);
	json_unsigned(&json, "rows_total", diff->count);
	json_unsigned(&json, "rows_same", diff->same);
	json_begin_array(&json, "rows");
	for (size_t i = 0; i < diff->shown && ret == 0; i++)
		ret = put_row(&json, set, diff, diff->order[i], &stack);
	json_end(&json);
	json_parts_losses(&json, "losses", &set->array[0]);
	json_end(&json);
	stack_done(&stack);
	return ret;
}
