/* SPDX-License-Identifier: MIT */
/* memprof export: a dump in the formats of others. */
#include "config.h"

#include <dlfcn.h>
#include <stdio.h>
#include <stdio_ext.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/outfile.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/export_fit.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/export/exporter.h"

struct options_of_export {
	struct report_options report;
	int format; /* index into exporters; -1: none was given */
	int metric; /* index into metric_keys */
	int at;	    /* enum export_at */
	const char *output;
	uint64_t max_bytes;
};

static const char *const metric_keys[] = { "peak",	  "bytes",
					   "blocks",	  "live",
					   "live-blocks", "peak-blocks",
					   "temporary",	  NULL };

/* In the order of metric_keys. */
static const enum metric metrics[] = {
	METRIC_PEAK_BYTES, METRIC_ALLOCATED_BYTES, METRIC_ALLOCATIONS,
	METRIC_LIVE_BYTES, METRIC_LIVE_BLOCKS,	   METRIC_PEAK_BLOCKS,
	METRIC_TEMPORARY
};

/* In the order of enum export_at. */
static const char *const at_keys[] = { "end", "peak", NULL };

#define FIELD(field) .offset = offsetof(struct options_of_export, field)

static const struct option_spec export_specs[] = {
	{ OPTION_ENUM, "format", 'f', "FORMAT", FIELD(format),
	  .choices = export_names, .help = "write" },
	{ OPTION_STRING, "output", 'o', "FILE", FIELD(output),
	  .help = "write to FILE, which is replaced as a whole; -: standard "
		  "output, as without it" },
	{ OPTION_ENUM, "metric", 'm', "METRIC", FIELD(metric),
	  .choices = metric_keys,
	  .help = "what formats with one number per stack show, and which "
		  "sites --limit keeps" },
	{ OPTION_ENUM, "sort", 's', "METRIC", FIELD(metric),
	  .choices = metric_keys, .help = "the same as --metric" },
	{ OPTION_SIZE, "max-size", .argument = "SIZE", FIELD(max_bytes),
	  .min = 1, .max = UINT64_MAX,
	  .help = "keep only as many of the largest sites as fit into SIZE, "
		  "before compression" },
	{ OPTION_ENUM, "at", .argument = "INSTANT", FIELD(at),
	  .choices = at_keys, .help = "what pprof shows as in use" },
	{ 0 }
};

static const struct option_table export_tables[] = {
	{ .heading = "Options", .specs = export_specs },
	REPORT_OPTIONS_TABLE(struct options_of_export, report),
	{ 0 }
};

static const struct options_of_export export_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(0),
	.format = -1,
};

static bool is_stdout(const struct options_of_export *options)
{
	return !options->output || strcmp(options->output, "-") == 0;
}

/* The exit status, for what a format says of itself. */
static int explain(const struct exporter *exporter, int ret)
{
	const char *why;

	switch (ret) {
	case EXPORT_NO_ESTIMATES:
		diag_error("%s: holds single calls, and this dump has "
			   "estimates of them only; use another format",
			   exporter->name);
		return CMD_USAGE;
	case EXPORT_TOO_MANY:
		diag_error("%s: holds single calls, and this dump counts too "
			   "many; use another format, or --focus",
			   exporter->name);
		return CMD_USAGE;
	case EXPORT_NO_COURSE:
		diag_error("%s: holds single calls from the first one on, and "
			   "these counts begin or end in between (--from, or "
			   "a program that runs); use another format",
			   exporter->name);
		return CMD_USAGE;
	case EXPORT_FIT_NEVER:
		diag_error("%s: not even one site fits into --max-size; give "
			   "more",
			   exporter->name);
		return CMD_USAGE;
	case EXPORT_NO_LIBRARY:
		why = dlerror();
		diag_error("%s: the library that writes it cannot be loaded: "
			   "%s; install SQLite (Debian: libsqlite3-0) or use "
			   "another format",
			   exporter->name, why ? why : "unknown error");
		return CMD_FAILED;
	case EXPORT_LIBRARY:
		diag_error("%s: the library that writes it failed",
			   exporter->name);
		return CMD_FAILED;
	}
	return ret;
}

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct options_of_export *options = values;
	const struct exporter *exporter = exporters[options->format];
	const struct export_options how = {
		.metric = metrics[options->metric],
		.at = (enum export_at)options->at,
		.limit = subject_limit(&options->report, 0),
	};
	struct catalog_options what = {
		.metric = how.metric,
		.has_zeros = exporter->has_zeros,
		.limit = how.limit,
	};
	struct outfile out = { .file = term->file };
	struct progress progress;
	struct catalog catalog;
	int ret = 0;

	progress_begin(&progress, "writing",
		       is_stdout(options) && term->is_terminal ? -1
							       : STDERR_FILENO,
		       progress_now_ns());
	if (options->max_bytes)
		ret = export_fit(exporter, analysis, &what, &how,
				 options->max_bytes, &progress);
	if (ret == 0)
		ret = catalog_init(&catalog, analysis, &what);
	if (ret < 0) {
		progress_end(&progress);
		return explain(exporter, ret);
	}
	if (!is_stdout(options) && outfile_open(&out, options->output) < 0) {
		catalog_done(&catalog);
		return CMD_FAILED;
	}
	/* One thread writes: a lock for each character is wasted. */
	__fsetlocking(out.file, FSETLOCKING_BYCALLER);
	ret = export_write(exporter, out.file, &catalog, &how, &progress);
	progress_end(&progress);
	if (!is_stdout(options) && outfile_close(&out, ret == 0) < 0)
		ret = CMD_FAILED;
	catalog_done(&catalog);
	return explain(exporter, ret);
}

static int export_run(const void *values, int argc, char **argv)
{
	struct options_of_export options =
		*(const struct options_of_export *)values;

	/* What is written is for programs. */
	options.report.no_pager = true;
	options.report.is_elsewhere = !is_stdout(&options);
	if (options.format < 0 && options.report.is_json)
		options.format = 0;
	if (options.format < 0) {
		diag_error("export: --format is missing; memprof export -h "
			   "lists the formats");
		return CMD_USAGE;
	}
	if (exporters[options.format]->is_binary && is_stdout(&options) &&
	    isatty(STDOUT_FILENO)) {
		diag_error("%s: is not for a terminal; use --output FILE",
			   exporters[options.format]->name);
		return CMD_USAGE;
	}
	return subject_show(&options.report, argc ? argv[0] : NULL, print,
			    &options);
}

const struct cmd cmd_export = {
	.name = "export",
	.summary = "a dump in the formats that other programs read",
	.usage = "[options] [DUMP]",
	.tables = export_tables,
	.defaults = &export_defaults,
	.options_bytes = sizeof(export_defaults),
	.operands_max = 1,
	.run = export_run,
};
