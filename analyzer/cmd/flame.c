/* SPDX-License-Identifier: MIT */
/* memprof flame: the call tree as a picture. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/output.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/html_flame.h"
#include "analyzer/view/json_parts.h"
#include "analyzer/view/svg_flame.h"

#define NODES_SHOWN 5000

struct options_of_flame {
	struct report_options report;
	const char *output;
	bool is_forced;
	bool is_inverted;
	int metric;
	int64_t nodes; /* negative: not given */
};

/* In the order of flame_metrics. */
static const char *const metric_keys[] = { "peak",   "live",	  "bytes",
					   "blocks", "temporary", NULL };
static const char *const titles[] = {
	"bytes at the peak", "bytes live at the end", "bytes allocated",
	"blocks allocated",  "temporary blocks",
};

static const struct option_spec flame_specs[] = {
	{ .type = OPTION_STRING,
	  .name = "output",
	  .letter = 'o',
	  .argument = "FILE",
	  .offset = offsetof(struct options_of_flame, output),
	  .help = "write to FILE; -: to stdout" },
	{ .type = OPTION_FLAG,
	  .name = "force",
	  .letter = 'f',
	  .offset = offsetof(struct options_of_flame, is_forced),
	  .help = "replace FILE even if it is no picture of memprof" },
	{ .type = OPTION_FLAG,
	  .name = "inverted",
	  .letter = 'i',
	  .offset = offsetof(struct options_of_flame, is_inverted),
	  .help = "who allocates on top, callers below" },
	{ .type = OPTION_ENUM,
	  .name = "metric",
	  .letter = 'm',
	  .argument = "KEY",
	  .offset = offsetof(struct options_of_flame, metric),
	  .help = "the widths are",
	  .choices = metric_keys },
	{ .type = OPTION_INT,
	  .name = "nodes",
	  .argument = "N",
	  .offset = offsetof(struct options_of_flame, nodes),
	  .max = INT32_MAX,
	  .help = "fold the flame graph to N nodes; 0: do not" },
	{ 0 }
};

static const struct option_table flame_tables[] = {
	{ .heading = "Options", .specs = flame_specs },
	REPORT_OPTIONS_TABLE(struct options_of_flame, report),
	{ 0 }
};

static const struct options_of_flame flame_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(NODES_SHOWN),
	.nodes = -1,
};

/* --limit says the same as --nodes. */
static size_t limit_of(const struct options_of_flame *options)
{
	return (size_t)(options->nodes < 0 ? options->report.limit
					   : options->nodes);
}

static int print_json(FILE *file, struct analysis *analysis,
		      const struct options_of_flame *options)
{
	const size_t limit = limit_of(options);
	struct html_strings strings = { 0 };
	struct json json;
	int ret;

	json_parts_begin(&json, file, "memprof-flame/1", &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_parts_selection(&json, "selection", analysis);
	if (options->is_inverted)
		ret = html_flame_put_inverted(&json, analysis, limit, &strings);
	else
		ret = html_flame_put(&json, analysis, limit, &strings, NULL);
	html_strings_print(&strings, &json);
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	if (strings.is_failed)
		ret = -1;
	html_strings_done(&strings);
	return ret;
}

static int write_picture(struct analysis *analysis,
			 const struct options_of_flame *options,
			 const char *path)
{
	const struct svg_flame_options how = {
		.metric = (size_t)options->metric,
		.title = titles[options->metric],
		.is_inverted = options->is_inverted,
		.units = (enum units)options->report.units,
	};
	struct output output;
	struct flame flame;
	size_t limit = limit_of(options);
	int ret = options->is_inverted
			  ? flame_init_inverted(&flame, analysis, limit)
			  : flame_init(&flame, analysis, limit);

	if (ret < 0)
		return ret;
	if (output_open(&output, path, SVG_FLAME_MARK, options->is_forced) <
	    0) {
		flame_done(&flame);
		return CMD_FAILED;
	}
	ret = svg_flame_print(output.file, analysis, &flame, &how);
	flame_done(&flame);
	if (output_close(&output, ret == 0) < 0 && ret == 0)
		return CMD_FAILED;
	return ret;
}

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_flame *options = values;
	char *path;
	int ret;

	if (options->report.is_json)
		return print_json(term->file, analysis, options);
	path = options->output
		       ? strdup(options->output)
		       : output_name(analysis->summary.dump_path, ".svg");
	if (!path)
		return -1;
	ret = write_picture(analysis, options, path);
	if (ret == CMD_DONE && strcmp(path, "-") != 0)
		diag_note("%s: is the picture", path);
	free(path);
	return ret;
}

static int flame_run(const void *values, int argc, char **argv)
{
	const struct options_of_flame *options = values;
	struct report_options report = options->report;

	report.no_pager = true;
	return subject_show(&report, argc ? argv[0] : NULL, print, values);
}

const struct cmd cmd_flame = {
	.name = "flame",
	.summary = "a flame graph as one SVG picture",
	.usage = "[options] [DUMP]",
	.tables = flame_tables,
	.defaults = &flame_defaults,
	.options_bytes = sizeof(flame_defaults),
	.operands_max = 1,
	.run = flame_run,
};
