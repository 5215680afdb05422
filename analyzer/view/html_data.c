/* SPDX-License-Identifier: MIT */
/* What the page shows, as JSON. */
#include "config.h"

#include "analyzer/view/html_data.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/flame.h"
#include "analyzer/model/top.h"
#include "analyzer/view/html_diff.h"
#include "analyzer/view/html_flame.h"
#include "analyzer/view/html_leaks.h"
#include "analyzer/view/html_sources.h"
#include "analyzer/view/html_strings.h"
#include "analyzer/view/html_tables.h"
#include "analyzer/view/html_text.h"
#include "analyzer/view/html_timeline.h"
#include "analyzer/view/json_parts.h"
#include "analyzer/view/json_top.h"
#include "analyzer/view/text_losses.h"

static void put_metrics(struct json *json)
{
	json_begin_array(json, "metrics");
	for (int m = 0; m < METRIC_COUNT; m++)
		json_text(json, NULL, json_parts_metric((enum metric)m));
	json_end(json);
}

static void put_modules(struct json *json, const struct modules *modules)
{
	for (size_t i = 0; i < modules->count; i++) {
		json_begin_object(json, NULL);
		json_text(json, "path", modules->array[i].path);
		json_bool(json, "main", modules->array[i].is_main);
		json_bool(json, "allocator", modules->array[i].is_allocator);
		json_end(json);
	}
}

/* The sentences of the text view, without its heading. */
static int put_losses_text(struct json *json, struct analysis *analysis,
			   enum units units)
{
	struct html_text text;
	int ret = html_text_open(&text, units);

	if (ret < 0)
		return ret;
	text_losses_print(&text.term, analysis);
	return html_text_lines(&text, json, "losses_text", true);
}

static int put_sizes(struct json *json, struct analysis *analysis)
{
	struct top top;
	int ret = top_init(&top, analysis, TOP_SIZE);

	if (ret < 0)
		return ret;
	json_begin_array(json, "sizes");
	for (size_t i = 0; i < top.count; i++) {
		const struct top_row *row = &top.rows[i];
		uint64_t first, last;

		if (row->has_no_stack || counts_is_zero(&row->self))
			continue;
		top_bucket_range(row->bucket, &first, &last);
		json_begin_object(json, NULL);
		json_unsigned(json, "bucket", row->bucket);
		json_unsigned(json, "first", first);
		json_unsigned(json, "last", last);
		json_parts_estimate(json, &row->self,
				    top.errors ? &top.errors[i].self : NULL);
		json_end(json);
	}
	json_end(json);
	top_done(&top);
	return 0;
}

static int put_lifetimes_by(struct json *json, struct analysis *analysis,
			    enum top_by by)
{
	struct top top;
	int ret = top_init(&top, analysis, by);

	if (ret < 0)
		return ret;
	json_begin_array(json, top_by_name(by));
	for (size_t i = 0; i < top.count; i++) {
		json_begin_object(json, NULL);
		json_top_ages(json, &top, &top.rows[i]);
		json_parts_counts(json, &top.rows[i].self);
		json_end(json);
	}
	json_end(json);
	top_done(&top);
	return 0;
}

static int put_lifetimes(struct json *json, struct analysis *analysis)
{
	int ret;

	if (!analysis->dump->has_lifetimes) {
		json_null(json, "lifetimes");
		return 0;
	}
	json_begin_object(json, "lifetimes");
	ret = put_lifetimes_by(json, analysis, TOP_LIFETIME);
	if (ret == 0)
		ret = put_lifetimes_by(json, analysis, TOP_LIFETIME_ALLOCS);
	if (ret == 0 && analysis->dump->has_live)
		ret = put_lifetimes_by(json, analysis, TOP_AGE);
	json_end(json);
	return ret;
}

int html_data_print(FILE *file, struct analysis *analysis,
		    const struct html_options *options)
{
	static const char *const units[] = { "iec", "si", "bytes" };
	struct html_strings strings = { 0 };
	struct html_links links = { 0 };
	struct json json;
	int ret;

	json_parts_begin(&json, file, "memprof-page/1", &analysis->summary);
	json_text(&json, "version", PACKAGE_VERSION);
	json_text(&json, "units", units[options->units]);
	json_parts_totals(&json, "totals", analysis);
	json_parts_selection(&json, "selection", analysis);
	put_metrics(&json);
	json_begin_array(&json, "modules");
	put_modules(&json, &analysis->tree.modules);
	if (options->pair)
		put_modules(&json, &options->pair->array[0].tree.modules);
	json_end(&json);
	ret = html_flame_put(&json, analysis, options->nodes, &strings, &links);
	if (ret == 0)
		ret = html_tables_put(&json, analysis, options->rows, &strings,
				      &links);
	if (ret == 0)
		ret = put_sizes(&json, analysis);
	if (ret == 0)
		ret = put_lifetimes(&json, analysis);
	if (ret == 0)
		ret = html_sources_put(&json, analysis, options, &strings);
	if (ret == 0)
		ret = html_timeline_put(&json, analysis, options, &links);
	if (ret == 0)
		ret = html_history_put(&json, analysis, &links);
	if (ret == 0)
		ret = html_leaks_put(&json, analysis, options, &links);
	if (ret == 0)
		ret = html_diff_put(&json, options, &strings);
	html_strings_print(&strings, &json);
	/* Last: now it is known which code had no names. */
	json_parts_losses(&json, "losses", analysis);
	if (ret == 0)
		ret = put_losses_text(&json, analysis, options->units);
	json_end(&json);
	if (strings.is_failed)
		ret = DUMP_MEMORY;
	html_strings_done(&strings);
	free(links.rows);
	free(links.nodes);
	free(links.is_folded);
	free(links.threads);
	return ret;
}
