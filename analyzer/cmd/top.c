/* SPDX-License-Identifier: MIT */
/* memprof top: the flat table. */
#include "config.h"

#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_top.h"
#include "analyzer/view/text_top.h"

#define ROWS_SHOWN 20

struct options_of_top {
	struct report_options report;
	int by;
	int sort;
	bool by_cumulative;
};

/* In the order of enum top_by. */
static const char *const by_keys[] = { "function", "line",   "file", "module",
				       "site",	   "thread", NULL };

static const char *const sort_keys[] = { "bytes", "blocks",    "live",
					 "peak",  "temporary", NULL };

/* In the order of sort_keys. */
static const struct {
	enum metric metric;
	const char *title;
} sorts[] = {
	{ METRIC_ALLOCATED_BYTES, "bytes allocated" },
	{ METRIC_ALLOCATIONS, "blocks allocated" },
	{ METRIC_LIVE_BYTES, "bytes live at the end" },
	{ METRIC_PEAK_BYTES, "bytes at the peak" },
	{ METRIC_TEMPORARY, "temporary blocks" },
};

static const struct option_spec top_specs[] = {
	{ .type = OPTION_ENUM,
	  .name = "by",
	  .letter = 'b',
	  .argument = "WHAT",
	  .offset = offsetof(struct options_of_top, by),
	  .help = "one row for each",
	  .choices = by_keys },
	REPORT_SORT_SPEC(struct options_of_top, sort, sort_keys),
	{ .type = OPTION_FLAG,
	  .name = "cumulative",
	  .letter = 'c',
	  .offset = offsetof(struct options_of_top, by_cumulative),
	  .help = "sort by what is allocated below it too, not by it alone" },
	{ 0 }
};

static const struct option_table top_tables[] = {
	{ .heading = "Options", .specs = top_specs },
	REPORT_OPTIONS_TABLE(struct options_of_top, report),
	{ 0 }
};

static const struct options_of_top top_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_top *options = values;
	const struct text_top_options how = {
		.metric = sorts[options->sort].metric,
		.title = sorts[options->sort].title,
		.by_cumulative = options->by_cumulative,
		.limit = subject_limit(&options->report, ROWS_SHOWN),
	};
	struct top top;
	int ret = top_init(&top, analysis, (enum top_by)options->by);

	if (ret < 0)
		return ret;
	if (options->report.is_json)
		ret = json_top_print(term->file, analysis, &top, &how);
	else
		ret = text_top_print(term, analysis, &top, &how);
	top_done(&top);
	return ret;
}

static int top_run(const void *values, int argc, char **argv)
{
	const struct options_of_top *options = values;

	return subject_show(&options->report, argc ? argv[0] : NULL, print,
			    values);
}

const struct cmd cmd_top = {
	.name = "top",
	.summary = "a flat table by function, line, file, module, site, thread",
	.usage = "[options] [DUMP]",
	.tables = top_tables,
	.defaults = &top_defaults,
	.options_bytes = sizeof(top_defaults),
	.operands_max = 1,
	.run = top_run,
};
