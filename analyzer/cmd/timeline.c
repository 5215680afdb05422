/* SPDX-License-Identifier: MIT */
/* memprof timeline: the heap over time. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
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
	  .help = "draw into FILE, replacing it; several dumps share one axis; "
		  "-: to standard output" },
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

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_timeline *options = values;
	size_t limit = subject_limit(&options->report, NAMES_SHOWN);
	struct timeline timeline;
	int ret;

	if (!analysis->summary.has_timeline) {
		diag_error("%s: has no timeline; record without "
			   "MEMPROF_TIMELINE=off",
			   analysis->summary.dump_path);
		return CMD_UNREADABLE;
	}
	ret = timeline_init(&timeline, analysis);
	if (ret < 0)
		return ret;
	if (options->report.is_json)
		ret = json_timeline_print(term->file, analysis, &timeline);
	else
		ret = text_timeline_print(term, analysis, &timeline, limit);
	timeline_done(&timeline);
	return ret;
}

/* Opens all dumps. CMD_DONE, or the exit status. */
static int open_all(const struct options_of_timeline *options, int argc,
		    char **argv, struct svg_recording *recordings)
{
	int count = argc ? argc : 1;

	for (int i = 0; i < count; i++) {
		struct svg_recording *recording = &recordings[i];
		int status =
			subject_open(&recording->analysis, &options->report,
				     argc ? argv[i] : NULL, true, NULL);

		if (status != CMD_DONE)
			return status;
		if (!recording->analysis.summary.has_timeline) {
			diag_error("%s: has no timeline; record without "
				   "MEMPROF_TIMELINE=off",
				   recording->analysis.summary.dump_path);
			return CMD_UNREADABLE;
		}
		if (timeline_init(&recording->timeline, &recording->analysis) <
		    0) {
			diag_error("%s: out of memory",
				   recording->analysis.summary.dump_path);
			return CMD_FAILED;
		}
	}
	return CMD_DONE;
}

static int write_svg(const struct options_of_timeline *options,
		     struct svg_recording *recordings, int count)
{
	const bool is_stdout = strcmp(options->svg, "-") == 0;
	FILE *file = is_stdout ? stdout : fopen(options->svg, "we");
	int ret;

	if (!file) {
		diag_error("%s: cannot be written: %s", options->svg,
			   strerror(errno));
		return CMD_FAILED;
	}
	ret = svg_timeline_print(file, recordings, (size_t)count,
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

static int draw(const struct options_of_timeline *options, int argc,
		char **argv)
{
	int count = argc ? argc : 1, status;
	struct svg_recording *recordings =
		calloc((size_t)count, sizeof(*recordings));

	if (!recordings) {
		diag_error("%s: out of memory", options->svg);
		return CMD_FAILED;
	}
	status = open_all(options, argc, argv, recordings);
	if (status == CMD_DONE)
		status = write_svg(options, recordings, count);
	for (int i = 0; i < count; i++) {
		timeline_done(&recordings[i].timeline);
		analysis_close(&recordings[i].analysis);
	}
	free(recordings);
	return status;
}

static int timeline_run(const void *values, int argc, char **argv)
{
	const struct options_of_timeline *options = values;

	if (options->svg)
		return draw(options, argc, argv);
	if (argc > 1) {
		diag_error("timeline: takes several dumps with --svg only; "
			   "give one");
		return CMD_USAGE;
	}
	return subject_show_series(&options->report, argc ? argv[0] : NULL,
				   print, values);
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
