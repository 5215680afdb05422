/* SPDX-License-Identifier: MIT */
/* memprof leaks: blocks live at the end by site, largest first. */
#include "config.h"

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_sites.h"
#include "analyzer/view/json_timeline.h"
#include "analyzer/view/text_growth.h"
#include "analyzer/view/text_sites.h"

#define SITES_SHOWN 20

struct options_of_leaks {
	struct report_options report;
	int sort;
	int64_t error_exitcode;
	bool is_growing;
};

static const char *const sort_keys[] = { "bytes", "blocks", NULL };

static const struct option_spec leaks_specs[] = {
	{ .type = OPTION_INT,
	  .name = "error-exitcode",
	  .argument = "N",
	  .min = 0,
	  .max = 255,
	  .offset = offsetof(struct options_of_leaks, error_exitcode),
	  .help = "exit with N when something leaked" },
	{ .type = OPTION_FLAG,
	  .name = "growing",
	  .offset = offsetof(struct options_of_leaks, is_growing),
	  .help = "list the sites whose live bytes keep rising" },
	REPORT_SORT_SPEC(struct options_of_leaks, sort, sort_keys),
	{ 0 }
};

static const struct option_table leaks_tables[] = {
	{ .heading = "Options", .specs = leaks_specs },
	REPORT_OPTIONS_TABLE(struct options_of_leaks, report),
	{ 0 }
};

static const struct options_of_leaks leaks_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_leaks *options = values;
	size_t limit = subject_limit(&options->report, SITES_SHOWN);
	enum metric sort = options->sort == 1 ? text_sites_blocks(SITES_LEAKS)
					      : text_sites_bytes(SITES_LEAKS);
	const struct counts *live;
	int ret;

	if (options->report.is_json)
		ret = json_sites_print(term->file, analysis,
				       &(struct json_sites_options) {
					       .schema = "memprof-leaks/1",
					       .sort = sort,
					       .limit = limit,
				       });
	else
		ret = text_sites_print(term, analysis, SITES_LEAKS, sort,
				       limit);
	/* What is known of all is exact, sampled or not. */
	live = analysis->filter.is_complete ? &analysis->sites.totals
					    : &analysis->filter.sum;
	if (ret == 0 && live->of[METRIC_LIVE_BLOCKS] > 0)
		ret = (int)options->error_exitcode;
	return ret;
}

static int print_growing(struct term *term, struct analysis *analysis,
			 const void *values)
{
	const struct options_of_leaks *options = values;
	size_t limit = subject_limit(&options->report, SITES_SHOWN);
	struct growth growth;
	int ret;

	if (!analysis->summary.has_timeline) {
		diag_error("%s: has no timeline, so what grows is not known; "
			   "record without MEMPROF_TIMELINE=off",
			   analysis->summary.dump_path);
		return CMD_UNREADABLE;
	}
	ret = growth_init(&growth, analysis);
	if (ret < 0)
		return ret;
	if (options->report.is_json)
		ret = json_growth_print(term->file, analysis, &growth, limit);
	else
		ret = text_growth_print(term, analysis, &growth, limit);
	if (ret == 0 && growth.count > 0)
		ret = (int)options->error_exitcode;
	growth_done(&growth);
	return ret;
}

static int leaks_run(const void *values, int argc, char **argv)
{
	const struct options_of_leaks *options = values;

	if (options->is_growing)
		return subject_show_series(&options->report,
					   argc ? argv[0] : NULL, print_growing,
					   values);
	return subject_show(&options->report, argc ? argv[0] : NULL, print,
			    values);
}

const struct cmd cmd_leaks = {
	.name = "leaks",
	.summary = "what was not freed, by site, with its call stack",
	.usage = "[options] [DUMP]",
	.tables = leaks_tables,
	.defaults = &leaks_defaults,
	.options_bytes = sizeof(leaks_defaults),
	.operands_max = 1,
	.run = leaks_run,
};
