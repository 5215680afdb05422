/* SPDX-License-Identifier: MIT */
/* memprof timeline: the heap over time. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/recordings.h"
#include "analyzer/view/json_timeline.h"
#include "analyzer/view/svg_timeline.h"
#include "analyzer/view/text_timeline.h"

#define NAMES_SHOWN 52
#define DUMPS_MAX   64

struct options_of_timeline {
	struct report_options report;
	const char *svg; /* path of the picture; NULL: none */
};

static const struct option_spec timeline_specs[] = {
	{ .type = OPTION_STRING,
	  .name = "svg",
	  .argument = "FILE",
	  .offset = offsetof(struct options_of_timeline, svg),
	  .help = "draw into FILE, replacing it; -: to standard output" },
	{ 0 }
};

static const struct option_table timeline_tables[] = {
	{ .heading = "Options", .specs = timeline_specs },
	REPORT_OPTIONS_TABLE(struct options_of_timeline, report),
	{ 0 }
};

static const struct options_of_timeline timeline_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

/* Makes the timelines of what was opened. CMD_DONE, or the exit status. */
static int make_all(struct recordings *recordings)
{
	for (size_t i = 0; i < recordings->count; i++) {
		struct recording *recording = &recordings->array[i];
		const struct analysis *analysis = recording->analysis;

		if (!analysis->summary.has_timeline) {
			diag_error("%s: has no timeline; record without "
				   "MEMPROF_TIMELINE=off",
				   analysis->summary.dump_path);
			return CMD_UNREADABLE;
		}
		if (timeline_init(&recording->timeline, analysis) < 0) {
			diag_error("%s: out of memory",
				   analysis->summary.dump_path);
			return CMD_FAILED;
		}
	}
	return CMD_DONE;
}

static int write_svg(const struct options_of_timeline *options,
		     const struct recordings *recordings)
{
	const bool is_stdout = strcmp(options->svg, "-") == 0;
	FILE *file = is_stdout ? stdout : fopen(options->svg, "we");
	int ret;

	if (!file) {
		diag_error("%s: cannot be written: %s", options->svg,
			   strerror(errno));
		return CMD_FAILED;
	}
	ret = svg_timeline_print(file, recordings,
				 (enum units)options->report.units);
	if (fflush(file) != 0 || ferror(file)) {
		diag_error("%s: cannot be written: %s", options->svg,
			   strerror(errno));
		ret = -1;
	} else if (ret < 0) {
		diag_error("%s: out of memory", options->svg);
	}
	if (!is_stdout)
		fclose(file);
	return ret < 0 ? CMD_FAILED : CMD_DONE;
}

static int print(struct term *term, struct set *set, const void *values)
{
	const struct options_of_timeline *options = values;
	struct recordings recordings = {
		.array = calloc(set->count, sizeof(*recordings.array)),
		.count = set->count,
	};
	int ret;

	if (!recordings.array)
		return DUMP_MEMORY;
	for (size_t i = 0; i < set->count; i++)
		recordings.array[i].analysis = &set->array[i];
	ret = make_all(&recordings);
	if (ret == CMD_DONE && options->svg)
		ret = write_svg(options, &recordings);
	else if (ret == CMD_DONE && options->report.is_json)
		ret = json_timeline_print(term->file, &recordings);
	else if (ret == CMD_DONE)
		ret = text_timeline_print(
			term, &recordings,
			subject_limit(&options->report, NAMES_SHOWN));
	for (size_t i = 0; i < set->count; i++)
		timeline_done(&recordings.array[i].timeline);
	free(recordings.array);
	return ret;
}

static int timeline_run(const void *values, int argc, char **argv)
{
	struct options_of_timeline options =
		*(const struct options_of_timeline *)values;

	if (options.svg) {
		options.report.no_pager = true;
		options.report.is_elsewhere = strcmp(options.svg, "-") != 0;
	}
	return subject_show_all_series(&options.report, argv, argc, print,
				       &options);
}

const struct cmd cmd_timeline = {
	.name = "timeline",
	.summary = "the heap over time, as a plot or a picture",
	.usage = "[options] [DUMP...]",
	.tables = timeline_tables,
	.defaults = &timeline_defaults,
	.options_bytes = sizeof(timeline_defaults),
	.operands_max = DUMPS_MAX,
	.run = timeline_run,
};
