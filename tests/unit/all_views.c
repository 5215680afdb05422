/* SPDX-License-Identifier: MIT */
/* Every view of an analysis. */
#include "config.h"

#include "tests/unit/all_views.h"

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/json_info.h"
#include "analyzer/view/json_lines.h"
#include "analyzer/view/json_sites.h"
#include "analyzer/view/json_timeline.h"
#include "analyzer/view/json_top.h"
#include "analyzer/view/svg_timeline.h"
#include "analyzer/view/text_growth.h"
#include "analyzer/view/text_info.h"
#include "analyzer/view/text_lines.h"
#include "analyzer/view/text_report.h"
#include "analyzer/view/text_sites.h"
#include "analyzer/view/text_timeline.h"

#define LIMIT 50
#define CALLS 10000

static int print_sites(struct term *term, struct analysis *analysis, int n)
{
	const struct json_sites_options json = {
		.schema = "memprof-test/1",
		.sort = METRIC_LIVE_BYTES,
		.has_zeros = n == 1,
		.limit = LIMIT,
	};

	switch (n) {
	case 0:
		return text_report_print(term, analysis, LIMIT, false);
	case 2:
		return text_sites_print(term, analysis, SITES_LEAKS,
					METRIC_LIVE_BYTES, LIMIT);
	case 4:
		return text_sites_print(term, analysis, SITES_PEAK,
					METRIC_PEAK_BLOCKS, LIMIT);
	default:
		return json_sites_print(term->file, analysis, &json);
	}
}

static int print_top(struct term *term, struct analysis *analysis,
		     enum top_by by, bool is_json)
{
	const struct text_top_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.title = "bytes allocated",
		.by_cumulative = by == TOP_LINE,
		.limit = LIMIT,
	};
	struct top top;
	int ret = top_init(&top, analysis, by);

	if (ret < 0)
		return ret;
	if (is_json)
		ret = json_top_print(term->file, analysis, &top, &options);
	else
		ret = text_top_print(term, analysis, &top, &options);
	top_done(&top);
	return ret;
}

static int print_lines(struct term *term, struct analysis *analysis,
		       const char *source, bool is_json)
{
	const struct lines_search search = { .file = source };
	struct lines_candidates candidates;
	struct lines lines;
	int ret = lines_init(&lines, analysis, &search, &candidates);

	if (ret == LINES_UNKNOWN || ret == LINES_AMBIGUOUS)
		return 0;
	if (ret < 0)
		return ret;
	if (is_json)
		ret = json_lines_print(term->file, analysis, &lines, 1);
	else
		text_lines_print(term, analysis, &lines, TEXT_LINES_CHANGED);
	lines_done(&lines);
	return ret;
}

static int print_info(struct term *term, struct analysis *analysis,
		      bool is_json)
{
	struct top threads;
	int ret = top_init(&threads, analysis, TOP_THREAD);

	if (ret < 0)
		return ret;
	if (is_json)
		json_info_print(term->file, analysis, &threads, LIMIT);
	else
		ret = text_info_print(term, analysis, &threads, LIMIT);
	top_done(&threads);
	return ret;
}

static int print_timeline(FILE *file, struct term *term,
			  struct analysis *analysis, int n)
{
	struct svg_recording recording = { .analysis = *analysis };
	struct timeline timeline;
	struct growth growth;
	int ret;

	if (n < 2) {
		ret = growth_init(&growth, analysis);
		if (ret == 0)
			ret = n ? json_growth_print(file, analysis, &growth,
						    LIMIT)
				: text_growth_print(term, analysis, &growth,
						    LIMIT);
		growth_done(&growth);
		return ret;
	}
	ret = timeline_init(&timeline, analysis);
	if (ret < 0)
		return ret;
	recording.timeline = timeline;
	if (n == 2)
		ret = text_timeline_print(term, analysis, &timeline, LIMIT);
	else if (n == 3)
		ret = json_timeline_print(file, analysis, &timeline);
	else
		ret = svg_timeline_print(file, &recording, 1, UNITS_IEC);
	timeline_done(&timeline);
	return ret;
}

/* One of the formats of others. */
static int print_export(FILE *file, struct analysis *analysis, size_t format)
{
	const struct export_options how = { .metric = METRIC_PEAK_BYTES,
					    .limit = LIMIT };
	const struct catalog_options what = {
		.metric = how.metric,
		.has_zeros = exporters[format]->has_zeros,
		.limit = how.limit,
	};
	struct catalog catalog;
	int ret = catalog_init(&catalog, analysis, &what);

	if (ret < 0)
		return ret;
	/* An event for each call is too much where counts are hostile. */
	if (exporters[format] != &export_heaptrack ||
	    catalog.sum.of[METRIC_ALLOCATIONS] < CALLS)
		ret = exporters[format]->write(file, &catalog, &how);
	catalog_done(&catalog);
	return ret == EXPORT_NO_ESTIMATES || ret == EXPORT_TOO_MANY ? 0 : ret;
}

int all_views_print(FILE *file, struct analysis *analysis, int n,
		    const char *source)
{
	static const enum top_by tops[] = { TOP_FUNCTION, TOP_LINE, TOP_MODULE,
					    TOP_SITE };
	const struct term_choice choice = { .color = TERM_COLOR_NEVER };
	bool is_json = n % 2;
	struct term term;

	term_init(&term, file, &choice);
	if (n < 6)
		return print_sites(&term, analysis, n);
	if (n < 14)
		return print_top(&term, analysis, tops[(n - 6) / 2], is_json);
	if (n < 16)
		return print_lines(&term, analysis, source, is_json);
	if (n < 18)
		return print_info(&term, analysis, is_json);
	if (n < ALL_VIEWS_COUNT) {
		if (n == 23) /* the picture has no JSON */
			n = 21;
		return print_timeline(file, &term, analysis, n - 18);
	}
	for (int i = ALL_VIEWS_COUNT; exporters[i - ALL_VIEWS_COUNT]; i++)
		if (i == n)
			return print_export(file, analysis,
					    (size_t)(i - ALL_VIEWS_COUNT));
	return 0;
}
