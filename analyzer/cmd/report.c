/* SPDX-License-Identifier: MIT */
/* memprof report: one page with what matters most of everything. */
#include "config.h"

#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_sites.h"
#include "analyzer/view/text_report.h"

#define SITES_SHOWN 5 /* in each section */

struct options_of_report {
	struct report_options report;
	int sort;
};

static const char *const sort_keys[] = { "bytes", "blocks", NULL };

static const struct option_spec report_specs[] = {
	REPORT_SORT_SPEC(struct options_of_report, sort, sort_keys), { 0 }
};

static const struct option_table report_tables[] = {
	{ .heading = "Options", .specs = report_specs },
	REPORT_OPTIONS_TABLE(struct options_of_report, report),
	{ 0 }
};

static const struct options_of_report report_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_report *options = values;
	size_t limit = subject_limit(&options->report, SITES_SHOWN);

	if (!options->report.is_json)
		return text_report_print(term, analysis, limit,
					 options->sort == 1);
	return json_sites_print(
		term->file, analysis,
		&(struct json_sites_options) {
			.schema = "memprof-report/1",
			.sort = options->sort == 1 ? METRIC_ALLOCATIONS
						   : METRIC_ALLOCATED_BYTES,
			.has_zeros = true,
			.limit = limit,
		});
}

static int report_run(const void *values, int argc, char **argv)
{
	const struct options_of_report *options = values;

	return subject_show(&options->report, argc ? argv[0] : NULL, print,
			    values);
}

const struct cmd cmd_report = {
	.name = "report",
	.summary = "one page: totals, peak, leaks, temporaries, top sites",
	.usage = "[options] [DUMP]",
	.tables = report_tables,
	.defaults = &report_defaults,
	.options_bytes = sizeof(report_defaults),
	.operands_max = 1,
	.run = report_run,
};
