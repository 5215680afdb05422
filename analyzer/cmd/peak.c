/* SPDX-License-Identifier: MIT */
/* memprof peak: what filled the heap at its peak, by site. */
#include "config.h"

#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_sites.h"
#include "analyzer/view/text_sites.h"

#define SITES_SHOWN 20

struct options_of_peak {
	struct report_options report;
	int sort;
};

static const char *const sort_keys[] = { "bytes", "blocks", NULL };

static const struct option_spec peak_specs[] = {
	REPORT_SORT_SPEC(struct options_of_peak, sort, sort_keys), { 0 }
};

static const struct option_table peak_tables[] = {
	{ .heading = "Options", .specs = peak_specs },
	REPORT_OPTIONS_TABLE(struct options_of_peak, report),
	{ 0 }
};

static const struct options_of_peak peak_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_peak *options = values;
	size_t limit = subject_limit(&options->report, SITES_SHOWN);
	enum metric sort = options->sort == 1 ? text_sites_blocks(SITES_PEAK)
					      : text_sites_bytes(SITES_PEAK);
	int ret;

	if (options->report.is_json)
		ret = json_sites_print(term->file, analysis,
				       &(struct json_sites_options) {
					       .schema = "memprof-peak/1",
					       .sort = sort,
					       .limit = limit,
				       });
	else
		ret = text_sites_print(term, analysis, SITES_PEAK, sort, limit);
	return ret;
}

static int peak_run(const void *values, int argc, char **argv)
{
	const struct options_of_peak *options = values;

	return subject_show(&options->report, argc ? argv[0] : NULL, print,
			    values);
}

const struct cmd cmd_peak = {
	.name = "peak",
	.summary = "what filled the heap at its peak, by site",
	.usage = "[options] [DUMP]",
	.tables = peak_tables,
	.defaults = &peak_defaults,
	.options_bytes = sizeof(peak_defaults),
	.operands_max = 1,
	.run = peak_run,
};
