/* SPDX-License-Identifier: MIT */
/* memprof diff: what changed from dump to dump. */
#include "config.h"

#include "analyzer/model/diff.h"

#include <stdlib.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/lifetimes.h"
#include "analyzer/cmd/sort_keys.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_diff.h"
#include "analyzer/view/text_diff.h"

#define ROWS_SHOWN 20
#define UNITS_MAX  UINT64_C(1000000000000000) /* exact in a double */

struct options_of_diff {
	struct report_options report;
	int by;
	const char *sort;
	bool by_cumulative;
	bool strip_dirs;
	const char *per_unit;
};

static const char *const by_keys[] = { "site",	   "function",
				       "line",	   "file",
				       "module",   "size",
				       "lifetime", "lifetime-allocations",
				       "age",	   NULL };

/* In the order of by_keys. */
static const enum top_by bys[] = { TOP_SITE,	 TOP_FUNCTION,	      TOP_LINE,
				   TOP_FILE,	 TOP_MODULE,	      TOP_SIZE,
				   TOP_LIFETIME, TOP_LIFETIME_ALLOCS, TOP_AGE };

#define FIELD(field) .offset = offsetof(struct options_of_diff, field)

static const struct option_spec diff_specs[] = {
	{ OPTION_ENUM, "by", 'b', "WHAT", FIELD(by), .help = "one row for each",
	  .choices = by_keys },
	{ OPTION_STRING, "sort", 's', "KEY", FIELD(sort),
	  .help = "greatest change first of live, peak, allocated (the "
		  "default), count, frees or temporary" },
	{ OPTION_FLAG, "cumulative", 'c', FIELD(by_cumulative),
	  .help = "compare what is allocated below it too, not by it alone" },
	{ OPTION_FLAG, "strip-dirs", FIELD(strip_dirs),
	  .help = "files of one name are one file, whatever their folders" },
	{ OPTION_STRING, "per-unit", .argument = "N[,N...]", FIELD(per_unit),
	  .help = "divide by so many units of work, in each dump or all of "
		  "them" },
	{ 0 }
};

static const struct option_table diff_tables[] = {
	{ .heading = "Options", .specs = diff_specs },
	REPORT_OPTIONS_TABLE(struct options_of_diff, report),
	{ 0 }
};

static const struct options_of_diff diff_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

struct request {
	const struct options_of_diff *options;
	struct diff_options how;
};

/* Rows of Python on one side, native ones on the other: all would differ. */
static void warn_of_python(const struct set *set)
{
	for (size_t i = 1; i < set->count; i++)
		if (set->array[i].python_first != set->array[0].python_first) {
			diag_warn("diff: not all of the dumps have Python "
				  "frames; --python=native compares what all "
				  "have");
			return;
		}
}

static int print(struct term *term, struct set *set, const void *context)
{
	const struct request *request = context;
	struct diff diff;
	int ret;

	if (top_is_of_ages(request->how.by) &&
	    !lifetimes_are_there(set, request->how.by == TOP_AGE))
		return CMD_USAGE;
	warn_of_python(set);
	ret = diff_init(&diff, set, &request->how);
	if (ret < 0)
		return ret;
	if (request->options->report.is_json)
		ret = json_diff_print(term->file, set, &diff);
	else
		ret = text_diff_print(term, set, &diff);
	diff_done(&diff);
	return ret;
}

/* "1000" or "1000,2500": one for all dumps or one for each. */
static bool parse_units(const char *text, double *units, size_t count)
{
	const char *at = text;
	size_t given = 0;

	for (;;) {
		uint64_t number = 0;
		const char *from = at;

		for (; *at >= '0' && *at <= '9' && number < UNITS_MAX; at++)
			number = 10 * number + (uint64_t)(*at - '0');
		if (at == from || number == 0 || given == count)
			break;
		units[given++] = (double)number;
		if (*at == ',') {
			at++;
			continue;
		}
		if (*at != '\0' || (given != 1 && given != count))
			break;
		for (; given < count; given++)
			units[given] = units[0];
		return true;
	}
	diag_error("diff: --per-unit: '%s' is not one number above 0, nor one "
		   "for each of the %zu dumps, with commas",
		   text, count);
	return false;
}

static int diff_run(const void *values, int argc, char **argv)
{
	const struct options_of_diff *options = values;
	struct report_options report = options->report;
	struct request request = {
		.options = options,
		.how = {
			.by = bys[options->by],
			.metric = METRIC_ALLOCATED_BYTES,
			.by_cumulative = options->by_cumulative,
			.strip_dirs = options->strip_dirs,
			.limit = subject_limit(&options->report, ROWS_SHOWN),
		},
	};
	double *units = NULL;
	int status;

	/* Histograms of lifetimes count what they are of. */
	if (top_is_of_ages(request.how.by))
		request.how.metric = request.how.by == TOP_AGE
					     ? METRIC_LIVE_BYTES
					     : METRIC_FREES;
	if (!sort_keys_metric(options->sort, "diff", &request.how.metric))
		return CMD_USAGE;
	if (options->per_unit) {
		units = calloc((size_t)argc, sizeof(*units));
		if (!units) {
			diag_error("diff: out of memory");
			return CMD_FAILED;
		}
		if (!parse_units(options->per_unit, units, (size_t)argc)) {
			free(units);
			return CMD_USAGE;
		}
		request.how.units = units;
	}
	report.has_places = request.how.by < TOP_MODULE;
	status = subject_show_all(&report, argv, argc, print, &request);
	free(units);
	return status;
}

const struct cmd cmd_diff = {
	.name = "diff",
	.summary = "what grew and shrank from dump to dump",
	.usage = "[options] DUMP DUMP...",
	.tables = diff_tables,
	.defaults = &diff_defaults,
	.options_bytes = sizeof(diff_defaults),
	.operands_min = 2,
	.operands_max = CMD_OPERANDS_ANY,
	.run = diff_run,
};
