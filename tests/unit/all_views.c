/* SPDX-License-Identifier: MIT */
/* Every view of an analysis. */
#include "config.h"

#include "tests/unit/all_views.h"

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/find.h"
#include "analyzer/view/json_diff.h"
#include "analyzer/view/html_data.h"
#include "analyzer/view/json_info.h"
#include "analyzer/view/json_leaks.h"
#include "analyzer/view/json_lines.h"
#include "analyzer/view/json_sites.h"
#include "analyzer/view/json_timeline.h"
#include "analyzer/view/json_top.h"
#include "analyzer/view/supp.h"
#include "analyzer/view/svg_flame.h"
#include "analyzer/view/svg_timeline.h"
#include "analyzer/view/text_growth.h"
#include "analyzer/view/json_tree.h"
#include "analyzer/view/text_diff.h"
#include "analyzer/view/text_info.h"
#include "analyzer/view/text_leaks.h"
#include "analyzer/view/text_lines.h"
#include "analyzer/view/text_report.h"
#include "analyzer/view/text_sites.h"
#include "analyzer/view/text_timeline.h"
#include "analyzer/view/text_top.h"
#include "analyzer/view/text_tree.h"

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

static int print_top(struct term *term, struct set *set, enum top_by by,
		     bool is_json)
{
	const char *const restrictions[] = { "0.9", "." };
	const struct order_options how = {
		.metric = METRIC_ALLOCATED_BYTES,
		.by_cumulative = by == TOP_LINE,
		.keys = { { .key = ORDER_CUMULATIVE }, { .key = ORDER_NAME } },
		.key_count = 2,
		.restrictions = restrictions,
		.restriction_count = by == TOP_FUNCTION ? 2 : 0,
		.limit = LIMIT,
	};
	const struct text_top_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.title = "bytes allocated",
		.has_average = true,
		.has_greatest = true,
		.has_lifetime = by <= TOP_SITE,
		.has_slack = by <= TOP_SITE,
	};
	const struct top_extras extras = { .greatest = true,
					   .ages = by <= TOP_SITE };
	char fault[FILTER_FAULT_BYTES];
	struct top tops[2] = { 0 }, top;
	const char *regex;
	struct order order;
	int ret = 0;

	for (size_t i = 0; i < set->count && ret == 0; i++)
		ret = top_init_with(&tops[i], &set->array[i], by, &extras);
	if (ret == 0)
		ret = top_merge(&top, set, tops, by == TOP_FILE);
	for (size_t i = 0; i < set->count; i++)
		top_done(&tops[i]);
	if (ret < 0)
		return ret;
	ret = order_init(&order, set, &top, &how, fault, &regex);
	if (ret == 0 && is_json)
		ret = json_top_print(term->file, set, &top, &order, &how, NULL,
				     0);
	else if (ret == 0)
		ret = text_top_print(term, set, &top, &order, &options);
	order_done(&order);
	top_done(&top);
	return ret;
}

static int print_edges(struct term *term, struct set *set, bool is_json)
{
	const struct edges_options options = {
		.by = PLACES_MODULE,
		.regex = ".",
		.callees = is_json,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;
	int ret = edges_init(&edges, set, &options, fault);

	if (ret < 0)
		return ret;
	if (is_json)
		json_edges_print(term->file, set, &edges, &options);
	else
		text_edges_print(term, set, &edges, &options, LIMIT);
	edges_done(&edges);
	return 0;
}

static int print_tree(struct term *term, struct set *set, bool is_inverted,
		      bool is_json)
{
	const struct calltree_options options = {
		.by = is_inverted ? PLACES_LINE : PLACES_FUNCTION,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = is_inverted,
		.folds_recursion = true,
		.depth = LIMIT,
		.min_percent = 0.1,
	};
	struct calltree tree;
	int ret = calltree_init(&tree, set, &options);

	if (ret < 0)
		return ret == CALLTREE_TOO_LARGE ? 0 : ret;
	if (is_json)
		json_tree_print(term->file, set, &tree, &options);
	else
		text_tree_print(term, set, &tree, &options, LIMIT);
	calltree_done(&tree);
	return 0;
}

static int print_diff(struct term *term, struct set *set, bool is_json)
{
	const double units[] = { 2, 3 };
	const struct diff_options options = {
		.by = TOP_SITE,
		.metric = METRIC_LIVE_BYTES,
		.units = units,
		.limit = LIMIT,
	};
	struct diff diff;
	int ret = diff_init(&diff, set, &options);

	if (ret < 0)
		return ret;
	if (is_json)
		ret = json_diff_print(term->file, set, &diff);
	else
		ret = text_diff_print(term, set, &diff);
	diff_done(&diff);
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
	struct ages ages;
	int ret = top_init(&threads, analysis, TOP_THREAD);

	if (ret < 0)
		return ret;
	ret = ages_init(&ages, analysis);
	if (ret == 0 && is_json)
		json_info_print(term->file, analysis, &ages, &threads, LIMIT);
	else if (ret == 0)
		ret = text_info_print(term, analysis, &ages, &threads, LIMIT);
	ages_done(&ages);
	top_done(&threads);
	return ret;
}

static int print_timeline(FILE *file, struct term *term,
			  struct analysis *analysis, int n)
{
	struct recording recording = { .analysis = analysis };
	const struct recordings recordings = { &recording, 1 };
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
	ret = timeline_init(&recording.timeline, analysis);
	if (ret < 0)
		return ret;
	if (n == 2)
		ret = text_timeline_print(term, &recordings, LIMIT);
	else if (n == 3)
		ret = json_timeline_print(file, &recordings);
	else
		ret = svg_timeline_print(file, &recordings, UNITS_IEC);
	timeline_done(&recording.timeline);
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
	return ret == EXPORT_NO_ESTIMATES || ret == EXPORT_TOO_MANY ||
			       ret == EXPORT_NO_COURSE
		       ? 0
		       : ret;
}

/* What takes several dumps gets the same one twice. */
static int print_set(struct term *term, struct analysis *analysis, int view,
		     bool is_json)
{
	static const enum top_by tops[] = { TOP_FUNCTION, TOP_LINE,
					    TOP_MODULE,	  TOP_SITE,
					    TOP_FILE,	  TOP_THREAD,
					    TOP_SIZE,	  TOP_AGE,
					    TOP_LIFETIME, TOP_LIFETIME_ALLOCS };
	struct analysis array[2] = { *analysis, *analysis };
	struct set one = { array, 1 }, both = { array, 2 };

	if (view < 10)
		return print_top(term, view % 2 ? &both : &one, tops[view],
				 is_json);
	switch (view) {
	case 10:
		return print_edges(term, &both, is_json);
	case 11:
		return print_tree(term, &one, false, is_json);
	case 12:
		return print_tree(term, &both, true, is_json);
	default:
		return print_diff(term, &both, is_json);
	}
}

/* The second text view is rules. */
static int print_leaks(struct term *term, struct analysis *analysis, int n)
{
	static const char rules[] = "leak:libplain\n";
	struct suppressions suppressions = { 0 };
	struct suppressions_error error;
	struct leaks leaks;
	int ret;

	suppressions_add(&suppressions, "rules", rules, sizeof(rules) - 1,
			 &error);
	ret = leaks_init(&leaks, analysis, &suppressions, true);
	if (ret == 0 && n == 0) {
		ret = text_leaks_print(term, analysis, &leaks,
				       METRIC_LIVE_BYTES, LIMIT, true);
		text_leaks_print_scan(term, &leaks);
		text_leaks_print_suppressions(term, &suppressions);
	} else if (ret == 0 && n == 2) {
		ret = supp_print(term->file, analysis, &leaks, true);
	} else if (ret == 0) {
		ret = json_leaks_print(term->file, analysis, &leaks,
				       &suppressions, METRIC_LIVE_BYTES, LIMIT);
	}
	leaks_done(&leaks);
	suppressions_done(&suppressions);
	return ret;
}

static int print_page(FILE *file, struct analysis *analysis)
{
	const struct html_options options = { .rows = LIMIT,
					      .nodes = LIMIT,
					      .with_source = true };

	return html_data_print(file, analysis, &options);
}

static int print_picture(FILE *file, struct analysis *analysis)
{
	const struct svg_flame_options options = { .title = "test" };
	struct flame flame;
	int ret = flame_init(&flame, analysis, LIMIT);

	if (ret < 0)
		return ret;
	ret = svg_flame_print(file, analysis, &flame, &options);
	flame_done(&flame);
	return ret;
}

/* Nothing is found where no blocks are listed. */
static int print_found(struct term *term, struct analysis *analysis,
		       bool is_json)
{
	struct find find = { .has_time = true };

	if (!find_init(&find, analysis, 0x5014))
		find.address = 0x5014;
	return is_json ? find_print_json(term->file, analysis, &find)
		       : find_print_text(term, analysis, &find);
}

int all_views_print(FILE *file, struct analysis *analysis, int n,
		    const char *source)
{
	const struct term_choice choice = { .color = TERM_COLOR_NEVER };
	bool is_json = n % 2;
	struct term term;

	term_init(&term, file, &choice);
	if (n < 6)
		return print_sites(&term, analysis, n);
	if (n < 8)
		return print_lines(&term, analysis, source, is_json);
	if (n < 10)
		return print_info(&term, analysis, is_json);
	if (n < 38)
		return print_set(&term, analysis, (n - 10) / 2, is_json);
	if (n < 44) {
		if (n == 43) /* the picture has no JSON */
			n = 41;
		return print_timeline(file, &term, analysis, n - 38);
	}
	if (n < 48)
		return print_leaks(&term, analysis, n - 44);
	if (n < 50)
		return print_found(&term, analysis, is_json);
	if (n < ALL_VIEWS_COUNT)
		return is_json ? print_page(file, analysis)
			       : print_picture(file, analysis);
	for (int i = ALL_VIEWS_COUNT; exporters[i - ALL_VIEWS_COUNT]; i++)
		if (i == n)
			return print_export(file, analysis,
					    (size_t)(i - ALL_VIEWS_COUNT));
	return 0;
}
