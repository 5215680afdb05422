/* SPDX-License-Identifier: MIT */
/* memprof html: everything as one page. */
#include "config.h"

#include "analyzer/view/html.h"

#include <errno.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/output.h"
#include "analyzer/cmd/rules.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/html_data.h"

#define DUMPS_MAX 64

extern char **environ;

struct options_of_html {
	struct report_options report;
	const char *output;
	const char *baseline;
	bool is_forced;
	bool opens;
	bool no_source;
	bool no_defaults;
	struct option_list suppressions;
	int64_t nodes;

	/* Read before the dump is. */
	struct suppressions *rules;
};

static const struct option_spec html_specs[] = {
	{ .type = OPTION_STRING,
	  .name = "output",
	  .letter = 'o',
	  .argument = "FILE",
	  .offset = offsetof(struct options_of_html, output),
	  .help = "write to FILE; -: to stdout" },
	{ .type = OPTION_FLAG,
	  .name = "force",
	  .letter = 'f',
	  .offset = offsetof(struct options_of_html, is_forced),
	  .help = "replace FILE even if it is no page of memprof" },
	{ .type = OPTION_FLAG,
	  .name = "open",
	  .offset = offsetof(struct options_of_html, opens),
	  .help = "show the page in the browser, by xdg-open" },
	{ .type = OPTION_FLAG,
	  .name = "no-source",
	  .offset = offsetof(struct options_of_html, no_source),
	  .help = "leave the text of source files out" },
	{ .type = OPTION_STRING,
	  .name = "baseline",
	  .argument = "DUMP",
	  .offset = offsetof(struct options_of_html, baseline),
	  .help = "show what changed since DUMP too" },
	{ .type = OPTION_LIST,
	  .name = "suppressions",
	  .argument = "FILE",
	  .offset = offsetof(struct options_of_html, suppressions),
	  .help = "leave what the rules in FILE match out of the leaks" },
	{ .type = OPTION_FLAG,
	  .name = "no-default-suppressions",
	  .offset = offsetof(struct options_of_html, no_defaults),
	  .help = "show what libraries keep until the end as leaks too" },
	{ .type = OPTION_INT,
	  .name = "nodes",
	  .argument = "N",
	  .offset = offsetof(struct options_of_html, nodes),
	  .max = INT32_MAX,
	  .help = "fold the flame graph to N nodes; 0: do not" },
	{ 0 }
};

static const struct option_table html_tables[] = {
	{ .heading = "Options", .specs = html_specs },
	REPORT_OPTIONS_TABLE(struct options_of_html, report),
	{ 0 }
};

static const struct options_of_html html_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
	.nodes = HTML_NODES_DEFAULT,
};

static int write_page(const struct options_of_html *options, const char *path,
		      const char *json, size_t bytes)
{
	struct output output;
	int ret;

	if (output_open(&output, path, HTML_MARK, options->is_forced) < 0)
		return CMD_FAILED;
	ret = html_print(output.file, json, bytes);
	if (output_close(&output, ret == 0) < 0 && ret == 0)
		return CMD_FAILED;
	return ret;
}

/* Nobody waits for the browser. */
static void open_page(const char *path)
{
	char *const argv[] = { (char[]) { "xdg-open" }, NULL, NULL };
	char *args[3] = { argv[0], realpath(path, NULL), NULL };
	pid_t pid;
	int ret;

	if (!args[1])
		return;
	ret = posix_spawnp(&pid, args[0], NULL, NULL, args, environ);
	if (ret != 0)
		diag_warn("%s: cannot be opened by xdg-open: %s", path,
			  strerror(ret));
	free(args[1]);
}

static int print(struct term *term, struct set *set, const void *values)
{
	const struct options_of_html *options = values;
	const size_t first = options->baseline != NULL;
	const struct set pair = { .array = set->array, .count = 2 };
	struct analysis *analysis = &set->array[first];
	const struct html_options how = {
		.units = (enum units)options->report.units,
		.rows = options->report.limit >= 0
				? (size_t)options->report.limit
				: HTML_ROWS_DEFAULT,
		.nodes = (size_t)options->nodes,
		.with_source = !options->no_source,
		.sysroot = options->report.sysroot,
		.source_dirs = options->report.source_dirs.items,
		.source_dir_count = options->report.source_dirs.count,
		.suppressions = options->rules,
		.others = set->array + first + 1,
		.other_count = set->count - first - 1,
		.pair = first ? &pair : NULL,
	};
	char *json = NULL, *path = NULL;
	size_t bytes = 0;
	FILE *file;
	int ret;

	if (!options->no_defaults)
		rules_add_own(options->rules, analysis);

	if (options->report.is_json)
		return html_data_print(term->file, analysis, &how);
	file = open_memstream(&json, &bytes);
	if (!file)
		return -1;
	ret = html_data_print(file, analysis, &how);
	if (fclose(file) != 0)
		ret = -1;
	path = options->output
		       ? strdup(options->output)
		       : output_name(analysis->summary.dump_path, ".html");
	if (!path)
		ret = -1;
	if (ret == 0)
		ret = write_page(options, path, json, bytes);
	if (ret == CMD_DONE && strcmp(path, "-") != 0) {
		diag_note("%s: is the page", path);
		if (options->opens)
			open_page(path);
	}
	free(json);
	free(path);
	return ret;
}

/* The older dump comes before the others. */
static int show(const struct options_of_html *options, int argc, char **argv)
{
	char *operands[DUMPS_MAX + 1], *newest = NULL;
	int status;

	if (!options->baseline)
		return subject_show_all(&options->report, argv, argc, print,
					options);
	operands[0] = (char *)(uintptr_t)options->baseline;
	for (int i = 0; i < argc; i++)
		operands[i + 1] = argv[i];
	if (argc == 0) {
		newest = cmd_dump_path(NULL);
		if (!newest)
			return CMD_UNREADABLE;
		operands[1] = newest;
		argc = 1;
	}
	status = subject_show_all(&options->report, operands, argc + 1, print,
				  options);
	free(newest);
	return status;
}

static int html_run(const void *values, int argc, char **argv)
{
	struct options_of_html options =
		*(const struct options_of_html *)values;
	struct suppressions rules = { 0 };
	int status;

	options.rules = &rules;
	options.report.no_pager = true;
	status =
		rules_read(&rules, &options.suppressions, !options.no_defaults);
	if (status == CMD_DONE)
		status = show(&options, argc, argv);
	suppressions_done(&rules);
	return status;
}

const struct cmd cmd_html = {
	.name = "html",
	.summary = "everything as one interactive page",
	.usage = "[options] [DUMP...]",
	.tables = html_tables,
	.defaults = &html_defaults,
	.options_bytes = sizeof(html_defaults),
	.operands_max = DUMPS_MAX,
	.run = html_run,
};
