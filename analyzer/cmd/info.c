/* SPDX-License-Identifier: MIT */
/* memprof info: what the dump is. */
#include "config.h"

#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_info.h"
#include "analyzer/view/text_info.h"

#define ROWS_SHOWN 50 /* of code and of threads */

struct options_of_info {
	struct report_options report;
};

static const struct option_table info_tables[] = {
	REPORT_OPTIONS_TABLE(struct options_of_info, report), { 0 }
};

static const struct options_of_info info_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_info *options = values;
	size_t limit = subject_limit(&options->report, ROWS_SHOWN);
	struct top threads;
	struct ages ages;
	int ret = top_init(&threads, analysis, TOP_THREAD);

	if (ret < 0)
		return ret;
	ret = ages_init(&ages, analysis);
	if (ret == 0 && options->report.is_json)
		json_info_print(term->file, analysis, &ages, &threads, limit);
	else if (ret == 0)
		ret = text_info_print(term, analysis, &ages, &threads, limit);
	ages_done(&ages);
	top_done(&threads);
	return ret;
}

static int info_run(const void *values, int argc, char **argv)
{
	const struct options_of_info *options = values;

	return subject_show(&options->report, argc ? argv[0] : NULL, print,
			    values);
}

const struct cmd cmd_info = {
	.name = "info",
	.summary = "what a dump is: program, mode, code, threads, losses",
	.usage = "[options] [DUMP]",
	.tables = info_tables,
	.defaults = &info_defaults,
	.options_bytes = sizeof(info_defaults),
	.operands_max = 1,
	.run = info_run,
};
