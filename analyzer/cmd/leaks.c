/* SPDX-License-Identifier: MIT */
/* memprof leaks: blocks live at the end by verdict and site, largest first. */
#include "config.h"

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/rules.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/model/leaks.h"
#include "analyzer/model/suppressions.h"
#include "analyzer/view/json_leaks.h"
#include "analyzer/view/json_timeline.h"
#include "analyzer/view/supp.h"
#include "analyzer/view/text_growth.h"
#include "analyzer/view/text_leaks.h"
#include "analyzer/view/text_sites.h"

#define SITES_SHOWN 20

struct options_of_leaks {
	struct report_options report;
	int sort;
	int64_t error_exitcode;
	bool is_growing;
	bool with_reachable;
	bool generate;
	bool no_defaults;
	struct option_list suppressions;

	/* Read before the dump is. */
	struct suppressions *rules;
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
	{ .type = OPTION_FLAG,
	  .name = "reachable",
	  .offset = offsetof(struct options_of_leaks, with_reachable),
	  .help = "list what is still reachable too" },
	RULES_FILES_SPEC(struct options_of_leaks, suppressions),
	RULES_NO_DEFAULTS_SPEC(struct options_of_leaks, no_defaults),
	{ .type = OPTION_FLAG,
	  .name = "gen-suppressions",
	  .offset = offsetof(struct options_of_leaks, generate),
	  .help = "print rules for what would be listed" },
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

/* What nobody judged: as before there were verdicts, without what rules
 * cover. */
static int print_unjudged(struct term *term, struct analysis *analysis,
			  const struct leaks *leaks, enum metric sort,
			  size_t limit)
{
	for (size_t i = 0; i < analysis->sites.count; i++)
		if (leaks->rules[LEAKS_UNJUDGED][i])
			filter_drop(&analysis->filter, i);
	return text_sites_print(term, analysis, SITES_LEAKS, sort, limit);
}

static int print_text(struct term *term, struct analysis *analysis,
		      const struct leaks *leaks,
		      const struct options_of_leaks *options, enum metric sort)
{
	size_t limit = subject_limit(&options->report, SITES_SHOWN);
	int ret;

	if (leaks->is_judged)
		ret = text_leaks_print(term, analysis, leaks, sort, limit,
				       options->with_reachable);
	else
		ret = print_unjudged(term, analysis, leaks, sort, limit);
	if (ret < 0)
		return ret;
	text_leaks_print_suppressions(term, options->rules);
	text_leaks_print_scan(term, leaks);
	return ret;
}

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_leaks *options = values;
	enum metric sort = options->sort == 1 ? text_sites_blocks(SITES_LEAKS)
					      : text_sites_bytes(SITES_LEAKS);
	struct leaks leaks;
	int ret;

	if (!options->no_defaults)
		rules_add_own(options->rules, analysis);
	ret = leaks_init(&leaks, analysis, options->rules,
			 options->with_reachable || options->report.is_json);
	if (ret < 0)
		return ret;
	if (options->generate)
		ret = supp_print(term->file, analysis, &leaks,
				 options->with_reachable);
	else if (options->report.is_json)
		ret = json_leaks_print(
			term->file, analysis, &leaks, options->rules, sort,
			subject_limit(&options->report, SITES_SHOWN));
	else
		ret = print_text(term, analysis, &leaks, options, sort);
	if (ret == 0 && leaks_blamed(&leaks).of[METRIC_LIVE_BLOCKS] > 0)
		ret = (int)options->error_exitcode;
	leaks_done(&leaks);
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
	if (!options->no_defaults)
		rules_add_own(options->rules, analysis);
	ret = growth_init(&growth, analysis);
	if (ret < 0)
		return ret;
	if (options->rules->count)
		ret = growth_suppress(&growth, analysis, options->rules);
	if (ret == 0 && options->report.is_json)
		ret = json_growth_print(term->file, analysis, &growth, limit);
	else if (ret == 0)
		ret = text_growth_print(term, analysis, &growth, limit);
	if (ret == 0 && !options->report.is_json)
		text_leaks_print_suppressions(term, options->rules);
	if (ret == 0 && growth.count > 0)
		ret = (int)options->error_exitcode;
	growth_done(&growth);
	return ret;
}

static int leaks_run(const void *values, int argc, char **argv)
{
	struct options_of_leaks options =
		*(const struct options_of_leaks *)values;
	struct suppressions rules = { 0 };
	int status;

	options.rules = &rules;
	status =
		rules_read(&rules, &options.suppressions, !options.no_defaults);
	if (status == CMD_DONE && options.is_growing)
		status = subject_show_series(&options.report,
					     argc ? argv[0] : NULL,
					     print_growing, &options);
	else if (status == CMD_DONE)
		status = subject_show(&options.report, argc ? argv[0] : NULL,
				      print, &options);
	suppressions_done(&rules);
	return status;
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
