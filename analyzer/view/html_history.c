/* SPDX-License-Identifier: MIT */
/* What changed from moment to moment, as columns. */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/history.h"
#include "analyzer/model/history_items.h"
#include "analyzer/view/html_timeline.h"
#include "analyzer/view/json_parts.h"

/* Changes of sites on a page, at most, of a sampled dump half as many because
 * they have errors too; moments are left out beyond it. */
#define CHANGES_MAX 600000u
#define MOMENTS_MIN 8u
#define MOMENTS_MAX 300u

/* The others follow from these. */
static const enum metric metrics[] = {
	METRIC_ALLOCATIONS, METRIC_ALLOCATED_BYTES, METRIC_REALLOCS,
	METRIC_LIVE_BLOCKS, METRIC_LIVE_BYTES,	    METRIC_PEAK_BLOCKS,
	METRIC_PEAK_BYTES,  METRIC_TEMPORARY,
};
#define METRICS (sizeof(metrics) / sizeof(metrics[0]))

/* Those whose estimates have errors on the page. */
static const enum metric estimated[] = {
	METRIC_PEAK_BYTES,  METRIC_LIVE_BYTES, METRIC_ALLOCATED_BYTES,
	METRIC_ALLOCATIONS, METRIC_TEMPORARY,
};
#define ESTIMATED (sizeof(estimated) / sizeof(estimated[0]))

enum kind { TOTAL, SITES, SIZES, THREADS, KINDS };

static const char *const kind_names[KINDS] = { "total", "site", "size",
					       "thread" };
/* Threads of a sampled dump know their own totals. */
static const char *const variance_names[KINDS] = {
	[SITES] = "site_variance",
	[SIZES] = "size_variance",
};

/* All that a page tells of one dump over time. */
struct printer {
	struct json *json;
	const struct analysis *analysis;
	const struct html_links *links;
	struct history history;
	struct history_items items;
	struct history_changes changes[KINDS];
	struct counts *threads; /* by row of the page's table */
	struct history_variances sizes[MPF_BUCKETS];
};

/* Which changed, each as the distance from the last, and by how much. */
static void put_changes(struct json *json, const char *key,
			const struct history_changes *from)
{
	uint32_t next = 0;

	json_begin_array(json, key);
	json_begin_array(json, NULL);
	for (size_t i = 0; i < from->count; i++) {
		json_unsigned(json, NULL, from->numbers[i] - next);
		next = from->numbers[i] + 1;
	}
	json_end(json);
	for (size_t m = 0; m < METRICS; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < from->count; i++)
			json_number(json, NULL, from->by[i].of[metrics[m]]);
		json_end(json);
	}
	json_end(json);
}

/* Of those that changed, not how it did but what it is now. */
static void put_variances(struct json *json, const char *key,
			  const struct history_changes *from)
{
	if (!key || !from->variances)
		return;
	json_begin_array(json, key);
	for (size_t m = 0; m < ESTIMATED; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < from->count; i++)
			json_rounded(json, NULL,
				     from->variances[i].of[estimated[m]]);
		json_end(json);
	}
	json_end(json);
}

static void put_instant(const struct printer *printer)
{
	const struct history_instant *now = &printer->history.now;
	const struct dump *dump = printer->analysis->dump;
	struct json *json = printer->json;
	char name[MPF_MOMENT_NAME_BYTES + 1] = "";
	size_t bytes = 0;

	if (!now->is_end) {
		const char *text = dump_text(
			dump, dump->moments[now->moment].name, &bytes);

		for (size_t i = 0; i < bytes && i < MPF_MOMENT_NAME_BYTES; i++)
			name[i] = text[i];
	}
	json_unsigned(json, "ns", now->ns);
	json_text(json, "name", *name ? name : NULL);
	json_unsigned(json, "peak_ns", now->peak_ns);
	json_bool(json, "peak_is_now", now->is_peak_now);
	json_number(json, "live_bytes", now->live_bytes);
	json_number(json, "slots_live", now->slots_live_bytes);
}

static void gather_threads(struct printer *printer)
{
	const struct html_links *links = printer->links;

	for (size_t i = 0; i < links->thread_count; i++)
		printer->threads[i] =
			links->threads[i] != UINT32_MAX
				? printer->history.threads[links->threads[i]]
				: (struct counts) { 0 };
}

static void gather_sizes(struct printer *printer)
{
	for (unsigned b = 0; b < MPF_BUCKETS; b++)
		for (int m = 0; m < METRIC_COUNT; m++)
			printer->sizes[b].of[m] =
				printer->history.size_errors[b].variance[m];
}

static void put_moment(struct printer *printer)
{
	const struct history *history = &printer->history;
	const struct counts totals[] = { history->total, history->selection };

	json_begin_object(printer->json, NULL);
	put_instant(printer);
	history_items_sum(&printer->items, history);
	gather_sizes(printer);
	history_changes_take(&printer->changes[TOTAL], totals, NULL);
	history_changes_take(&printer->changes[SITES], printer->items.sums,
			     printer->items.variances);
	history_changes_take(&printer->changes[SIZES], history->sizes,
			     printer->sizes);
	if (history->threads) {
		gather_threads(printer);
		history_changes_take(&printer->changes[THREADS],
				     printer->threads, NULL);
	}
	for (int k = 0; k < KINDS; k++) {
		put_changes(printer->json, kind_names[k], &printer->changes[k]);
		put_variances(printer->json, variance_names[k],
			      &printer->changes[k]);
	}
	json_end(printer->json);
}

static int begin(struct printer *printer, const struct analysis *analysis,
		 const struct html_links *links)
{
	const struct history_places places = { .rows = links->rows,
					       .row_count = links->row_count,
					       .nodes = links->nodes,
					       .is_folded = links->is_folded };
	const bool is_sampled = analysis->sites.errors != NULL;
	const size_t most = is_sampled ? CHANGES_MAX / 2 : CHANGES_MAX;
	size_t limit, all[KINDS] = { [TOTAL] = 2, [SIZES] = MPF_BUCKETS };
	int ret = history_items_init(&printer->items, analysis, &places);

	if (ret < 0)
		return ret;
	/* There are not many more changes than the dump has. */
	limit = analysis->dump->change_count <= most
			? MOMENTS_MAX
			: most / (printer->items.count + 1);
	if (limit < MOMENTS_MIN)
		limit = MOMENTS_MIN;
	if (limit > MOMENTS_MAX)
		limit = MOMENTS_MAX;
	ret = history_init(&printer->history, analysis, limit);
	printer->threads =
		calloc(links->thread_count + 1, sizeof(*printer->threads));
	if (!printer->threads)
		ret = DUMP_MEMORY;
	all[SITES] = printer->items.count;
	all[THREADS] = printer->history.threads ? links->thread_count : 0;
	for (int k = 0; k < KINDS && ret == 0; k++)
		ret = history_changes_init(&printer->changes[k], all[k],
					   is_sampled && variance_names[k]);
	return ret;
}

static void put_items(struct json *json, const struct history_items *items)
{
	json_begin_array(json, "rows");
	for (size_t i = 0; i < items->count; i++)
		json_number(json, NULL,
			    items->array[i].row == HISTORY_NO_ROW
				    ? -1
				    : (int64_t)items->array[i].row);
	json_end(json);
	json_begin_array(json, "nodes");
	for (size_t i = 0; i < items->count; i++)
		json_unsigned(json, NULL, items->array[i].node);
	json_end(json);
	json_begin_array(json, "folded");
	for (size_t i = 0; i < items->count; i++)
		json_number(json, NULL, items->array[i].is_folded);
	json_end(json);
}

static void put_all(struct printer *printer)
{
	struct history *history = &printer->history;
	struct json *json = printer->json;

	json_begin_object(json, "history");
	json_bool(json, "has_start", !printer->analysis->summary.is_forked);
	json_bool(json, "has_threads", history->threads != NULL);
	json_begin_array(json, "metrics");
	for (size_t m = 0; m < METRICS; m++)
		json_text(json, NULL, json_parts_metric(metrics[m]));
	json_end(json);
	json_begin_array(json, "estimated");
	for (size_t m = 0; m < ESTIMATED; m++)
		json_text(json, NULL, json_parts_metric(estimated[m]));
	json_end(json);
	put_items(json, &printer->items);
	json_begin_array(json, "moments");
	for (history_next(history); !history->is_over; history_next(history))
		put_moment(printer);
	json_end(json);
	json_unsigned(json, "left_out", history->left_out);
	json_end(json);
}

int html_history_put(struct json *json, const struct analysis *analysis,
		     const struct html_links *links)
{
	struct printer printer = { .json = json,
				   .analysis = analysis,
				   .links = links };
	int ret;

	/* Of a part of the recording there is nothing before and after; and
	 * who had what was not attributed at the peak of a part, is not known.
	 */
	if (!analysis->summary.has_timeline || analysis->range.is_set ||
	    analysis->summary.overflow_allocs) {
		json_null(json, "history");
		return 0;
	}
	ret = begin(&printer, analysis, links);
	if (ret == 0)
		put_all(&printer);
	for (int k = 0; k < KINDS; k++)
		history_changes_done(&printer.changes[k]);
	free(printer.threads);
	history_done(&printer.history);
	history_items_done(&printer.items);
	return ret;
}
