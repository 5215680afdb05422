/* SPDX-License-Identifier: MIT */
/* memprof lines: source files with what each line allocates. */
#include "config.h"

#include "analyzer/model/lines.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"
#include "analyzer/cmd/annotate.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/view/json_lines.h"
#include "analyzer/view/text_lines.h"

struct options_of_lines {
	struct report_options report;
	const char *dump;
	bool changed_only;
	bool by_function;
	const char *annotate_dir;
	int sort;
	int charge;
};

/* In the order of enum lines_charge. */
static const char *const charge_choices[] = { "in-file", "self", "cumulative",
					      NULL };

/* In the order of sort_metrics. */
static const char *const sort_keys[] = { "line",   "live",	"peak", "bytes",
					 "blocks", "temporary", NULL };

static const enum metric sort_metrics[] = {
	METRIC_ALLOCATED_BYTES, METRIC_LIVE_BYTES,  METRIC_PEAK_BYTES,
	METRIC_ALLOCATED_BYTES, METRIC_ALLOCATIONS, METRIC_TEMPORARY,
};

static const struct option_spec lines_specs[] = {
	{ .type = OPTION_STRING,
	  .name = "dump",
	  .letter = 'd',
	  .argument = "DUMP",
	  .offset = offsetof(struct options_of_lines, dump),
	  .help = "the dump, where its name does not end in .mp" },
	{ .type = OPTION_FLAG,
	  .name = "changed-only",
	  .letter = 'c',
	  .offset = offsetof(struct options_of_lines, changed_only),
	  .help = "leave out stretches of lines that allocate nothing" },
	{ .type = OPTION_FLAG,
	  .name = "by-function",
	  .letter = 'f',
	  .offset = offsetof(struct options_of_lines, by_function),
	  .help = "a table for each function, of its lines alone" },
	{ .type = OPTION_STRING,
	  .name = "annotate-dir",
	  .argument = "DIR",
	  .offset = offsetof(struct options_of_lines, annotate_dir),
	  .help = "write the files, or all that have a part in it, with their "
		  "numbers into DIR" },
	{ .type = OPTION_ENUM,
	  .name = "charge",
	  .argument = "HOW",
	  .offset = offsetof(struct options_of_lines, charge),
	  .help = "charge each stack to its innermost line of the file, to "
		  "that only if it allocates itself, or to all its lines of "
		  "the file",
	  .choices = charge_choices },
	{ .type = OPTION_ENUM,
	  .name = "sort",
	  .letter = 's',
	  .argument = "KEY",
	  .offset = offsetof(struct options_of_lines, sort),
	  .help = "in the order of the source, or only the lines that "
		  "allocate, largest first by",
	  .choices = sort_keys },
	{ 0 }
};

static const struct option_table lines_tables[] = {
	{ .heading = "Options", .specs = lines_specs },
	REPORT_OPTIONS_TABLE(struct options_of_lines, report),
	{ 0 }
};

static const struct options_of_lines lines_defaults = {
	.report = REPORT_OPTIONS_DEFAULT(-1),
};

/* The command line, sorted into dump and files. */
struct request {
	const struct options_of_lines *options;
	const char *dump;
	char **files;
	int count;
};

/* A program without names is why its sources are not found. */
static void say_why(struct analysis *analysis)
{
	const struct modules *modules = &analysis->tree.modules;

	for (uint32_t i = 0; i < modules->count; i++) {
		const char *problem = names_problem(&analysis->names, i);

		if (problem && strcmp(problem, "changed") == 0)
			diag_note("%s: is another file now than when it was "
				  "recorded, so its lines are unknown",
				  modules->array[i].path);
		else if (problem)
			diag_note("%s: is %s, so its lines are unknown",
				  modules->array[i].path, problem);
		else if (modules->array[i].is_main &&
			 names_module_status(&analysis->names, i) != SYM_FULL)
			diag_note("%s: has no debug information (build it with "
				  "-g), so its lines are unknown",
				  modules->array[i].path);
	}
}

static void say_not_found(struct analysis *analysis, const char *file, int ret,
			  const struct lines_candidates *candidates)
{
	size_t told = candidates->count;

	if (told > LINES_CANDIDATES_MAX)
		told = LINES_CANDIDATES_MAX;
	if (ret == LINES_AMBIGUOUS)
		diag_error("%s: is the end of %zu files; name one of these in "
			   "full",
			   file, candidates->count);
	else if (told)
		diag_error("%s: no recorded stack has a frame in it; there are "
			   "frames in these",
			   file);
	else
		diag_error("%s: no recorded stack has a frame in it; `memprof "
			   "top --by file` lists the files",
			   file);
	for (size_t i = 0; i < told; i++)
		diag_note("  %s", candidates->files[i]);
	if (ret != LINES_AMBIGUOUS)
		say_why(analysis);
}

static enum text_lines_extent extent_of(const struct options_of_lines *options)
{
	if (options->by_function)
		return TEXT_LINES_FUNCTIONS;
	if (options->sort != 0)
		return TEXT_LINES_ROWS;
	if (options->changed_only || subject_limit(&options->report, 0) != 0)
		return TEXT_LINES_CHANGED;
	return TEXT_LINES_ALL;
}

static int print_files(struct term *term, struct analysis *analysis,
		       const struct request *request, struct lines *lines,
		       size_t count)
{
	const struct options_of_lines *options = request->options;

	if (options->report.is_json)
		return json_lines_print(term->file, analysis, lines, count);
	for (size_t i = 0; i < count; i++) {
		if (i > 0)
			putc('\n', term->file);
		text_lines_print(term, analysis, &lines[i], extent_of(options));
	}
	return CMD_DONE;
}

/* Finds a file by what the user calls it; says why not. */
static int find_file(struct lines *ret_lines, struct analysis *analysis,
		     const struct options_of_lines *options, const char *file)
{
	const struct report_options *report = &options->report;
	const struct lines_search search = {
		.file = file,
		.charge = (enum lines_charge)options->charge,
		.sysroot = report->sysroot,
		.source_dirs = report->source_dirs.items,
		.source_dir_count = report->source_dirs.count,
	};
	struct lines_candidates candidates;
	int ret = lines_init(ret_lines, analysis, &search, &candidates);

	if (ret == LINES_UNKNOWN || ret == LINES_AMBIGUOUS) {
		say_not_found(analysis, file, ret, &candidates);
		return CMD_USAGE;
	}
	return ret;
}

/* One file after the other: all of them at once may be many. */
static int annotate_files(struct term *term, struct analysis *analysis,
			  const struct request *request)
{
	const struct options_of_lines *options = request->options;
	const char **files = NULL;
	size_t count = (size_t)request->count;
	struct annotate annotate;
	int ret = annotate_open(&annotate, options->annotate_dir);

	if (ret != CMD_DONE)
		return ret;
	if (request->count == 0)
		ret = lines_files(analysis, &files, &count);
	for (size_t i = 0; i < count && ret == CMD_DONE; i++) {
		struct lines lines;

		ret = find_file(&lines, analysis, options,
				files ? files[i] : request->files[i]);
		if (ret != CMD_DONE)
			break;
		if (lines.row_count > 0)
			ret = annotate_write(&annotate, term, analysis, &lines);
		lines_done(&lines);
	}
	free(files);
	annotate_close(&annotate);
	return ret;
}

/* Was the file asked for under another name already? */
static bool is_repeated(const struct lines *lines, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(lines[k].file, lines[i].file) == 0)
			return true;
	return false;
}

static int print(struct term *term, struct analysis *analysis,
		 const void *values)
{
	const struct request *request = values;
	const struct report_options *report = &request->options->report;
	struct lines *lines;
	size_t count = 0;
	int ret = CMD_DONE;

	if (request->options->annotate_dir)
		return annotate_files(term, analysis, request);
	lines = calloc((size_t)request->count, sizeof(*lines));
	if (!lines)
		return -1;
	for (int i = 0; i < request->count && ret == CMD_DONE; i++) {
		ret = find_file(&lines[count], analysis, request->options,
				request->files[i]);
		if (ret != CMD_DONE)
			break;
		if (is_repeated(lines, count)) {
			lines_done(&lines[count]);
			continue;
		}
		ret = lines_rank(
			&lines[count++], sort_metrics[request->options->sort],
			subject_limit(report, 0), request->options->sort == 0);
	}
	if (ret == CMD_DONE)
		ret = print_files(term, analysis, request, lines, count);
	for (size_t i = 0; i < count; i++)
		lines_done(&lines[i]);
	free(lines);
	return ret;
}

static int lines_run(const void *values, int argc, char **argv)
{
	const struct options_of_lines *options = values;
	struct request request = { .options = options, .dump = options->dump };
	int status;

	request.files = calloc((size_t)argc + 1, sizeof(*request.files));
	if (!request.files) {
		diag_error("lines: out of memory");
		return CMD_FAILED;
	}
	for (int i = 0; i < argc; i++) {
		if (!cmd_is_dump(argv[i])) {
			request.files[request.count++] = argv[i];
			continue;
		}
		if (request.dump) {
			diag_error("%s: is a second dump; name one only",
				   argv[i]);
			free(request.files);
			return CMD_USAGE;
		}
		request.dump = argv[i];
	}
	if (request.count == 0 && !options->annotate_dir) {
		diag_error(
			"lines: which source file? usage: memprof lines "
			"[options] [DUMP] [FILE...]; `memprof top --by file` "
			"lists them");
		free(request.files);
		return CMD_USAGE;
	}
	status = subject_show(&options->report, request.dump, print, &request);
	free(request.files);
	return status;
}

const struct cmd cmd_lines = {
	.name = "lines",
	.summary = "source files with what each line allocates",
	.usage = "[options] [DUMP] [FILE...]",
	.tables = lines_tables,
	.defaults = &lines_defaults,
	.options_bytes = sizeof(lines_defaults),
	.operands_max = CMD_OPERANDS_ANY,
	.run = lines_run,
};
