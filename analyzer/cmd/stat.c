/* SPDX-License-Identifier: MIT */
/*
 * memprof stat: runs a program again and again and prints what it needs. Each
 * time it runs twice: as it is, for time, RSS and page faults, and with the
 * recorder, for the heap.
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/progress.h"
#include "analyzer/cmd/allocator.h"
#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/measure.h"
#include "analyzer/cmd/recorder.h"
#include "analyzer/cmd/subject.h"
#include "analyzer/cmd/target.h"
#include "analyzer/view/stat.h"

#define RUNS_DEFAULT 3
#define RUNS_MAX     1000
#define SEPARATOR    "---" /* between two commands */

struct options_of_stat {
	int64_t runs;
	const char *allocators;
	bool shows_output;
	bool is_json;
	int units;
	int color;
};

#define FIELD(field) .offset = offsetof(struct options_of_stat, field)

static const char *const units_choices[] = { "iec", "si", "bytes", NULL };
static const char *const color_choices[] = { "auto", "always", "never", NULL };

static const struct option_spec stat_specs[] = {
	{ OPTION_INT, "runs", 'r', "N", FIELD(runs), .min = 1, .max = RUNS_MAX,
	  .help = "run each command N times, 3 without it" },
	{ OPTION_STRING, "allocators", 'a', "NAMES", FIELD(allocators),
	  .help = "run it under each of NAMES, with commas between them: "
		  "glibc, jemalloc, tcmalloc, mimalloc" },
	{ OPTION_FLAG, "show-output", FIELD(shows_output),
	  .help = "let the program write to standard output" },
	{ OPTION_FLAG, "json", 'j', FIELD(is_json),
	  .help = "print JSON with all numbers as plain integers" },
	{ OPTION_ENUM, "units", .argument = "UNITS", FIELD(units),
	  .choices = units_choices, .help = "write sizes in" },
	{ OPTION_ENUM, "color", .argument = "WHEN", FIELD(color),
	  .choices = color_choices, .help = "use colours" },
	{ 0 }
};

static const struct option_table stat_tables[] = { { "Options", stat_specs, 0 },
						   { 0 } };

static const struct options_of_stat stat_defaults = { .runs = RUNS_DEFAULT };

/* What becomes a column. */
struct subject {
	char **argv;
	char *title;
	char *path;	 /* of the program */
	char *allocator; /* library; "": none */
};

struct stat_run {
	const struct options_of_stat *options;
	char *recorder;
	char *folder; /* for the dumps */
	struct subject subjects[STAT_COLUMNS_MAX];
	size_t count;
	int status; /* that says why it failed */
};

/* ---- what to run ---- */

static char *join(char **argv)
{
	char *title = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&title, &bytes);

	if (!memory)
		return NULL;
	for (char **word = argv; *word; word++)
		fprintf(memory, "%s%s", word == argv ? "" : " ", *word);
	return fclose(memory) == 0 ? title : NULL;
}

static int add_subject(struct stat_run *run, char **argv, const char *title,
		       enum allocator allocator)
{
	struct subject *subject = &run->subjects[run->count];

	if (run->count == STAT_COLUMNS_MAX) {
		diag_error("stat: more than %d columns", STAT_COLUMNS_MAX);
		run->status = CMD_USAGE;
		return -1;
	}
	run->count++;
	subject->argv = argv;
	run->status = CMD_RUN_FAILED;
	subject->path = target_find(argv[0], &run->status);
	if (!subject->path)
		return -1;
	run->status = CMD_RUN_FAILED;
	if (target_check(subject->path) < 0)
		return -1;
	subject->title = title ? strdup(title) : join(argv);
	subject->allocator = allocator_find(allocator);
	return subject->title && subject->allocator ? 0 : -1;
}

/* "glibc,jemalloc" */
static int add_allocators(struct stat_run *run, char **argv, const char *names)
{
	while (*names) {
		size_t len = strcspn(names, ",");
		int found = -1;

		for (int i = 0; i < ALLOCATORS; i++)
			if (strlen(allocator_names[i]) == len &&
			    strncmp(allocator_names[i], names, len) == 0)
				found = i;
		if (found < 0) {
			diag_error(
				"--allocators: '%.*s' is not known; accepted "
				"are glibc, jemalloc, tcmalloc and mimalloc",
				(int)(len < 80 ? len : 80), names);
			run->status = CMD_USAGE;
			return -1;
		}
		if (add_subject(run, argv, allocator_names[found],
				(enum allocator)found) < 0)
			return -1;
		names += len + (names[len] == ',');
	}
	return 0;
}

static int add_subjects(struct stat_run *run, int argc, char **argv)
{
	char **second = NULL;

	for (int i = 0; i < argc; i++)
		if (strcmp(argv[i], SEPARATOR) == 0 && !second) {
			argv[i] = NULL;
			second = &argv[i + 1];
		}
	argv[argc] = NULL;
	run->status = CMD_USAGE;
	if (!argv[0] || (second && !*second)) {
		diag_error("stat: a command is missing beside " SEPARATOR);
		return -1;
	}
	if (second && run->options->allocators) {
		diag_error("--allocators: takes one command, not two");
		return -1;
	}
	if (run->options->allocators)
		return add_allocators(run, argv, run->options->allocators);
	if (add_subject(run, argv, NULL, ALLOCATOR_GLIBC) < 0)
		return -1;
	return second ? add_subject(run, second, NULL, ALLOCATOR_GLIBC) : 0;
}

/* ---- running ---- */

/* Where dumps go, below TMPDIR; '%' would mean something to the recorder. */
static int make_folder(struct stat_run *run)
{
	const char *base = getenv("TMPDIR");

	if (!base || *base != '/' || strchr(base, '%'))
		base = "/tmp";
	if (asprintf(&run->folder, "%s/memprof-stat-XXXXXX", base) < 0) {
		run->folder = NULL;
		diag_error("stat: out of memory");
		return -1;
	}
	if (!mkdtemp(run->folder)) {
		diag_error("%s: cannot be created: %s", run->folder,
			   strerror(errno));
		free(run->folder);
		run->folder = NULL;
		return -1;
	}
	return 0;
}

/* The dumps of children are there too. */
static void clear_folder(const struct stat_run *run, bool removes)
{
	DIR *dir = opendir(run->folder);
	struct dirent *entry;

	while (dir && (entry = readdir(dir)))
		if (strcmp(entry->d_name, ".") != 0 &&
		    strcmp(entry->d_name, "..") != 0)
			unlinkat(dirfd(dir), entry->d_name, 0);
	if (dir)
		closedir(dir);
	if (removes)
		rmdir(run->folder);
}

/* Names of generated code lie beside a dump. */
static bool is_map(const char *name)
{
	const char *dot = strrchr(name, '.');

	return dot && strcmp(dot, ".map") == 0;
}

/* What a process was last: of the dumps of one that called exec() that which
 * no other program replaced. To be closed. */
static int open_last(const struct stat_run *run, int pid,
		     struct analysis *ret_analysis)
{
	static const struct report_options report = { 0 };
	DIR *dir = opendir(run->folder);
	const struct dirent *entry;
	char prefix[32], *path;
	bool is_open = false;
	int status = CMD_DONE;
	int len = snprintf(prefix, sizeof(prefix), "%d.mp", pid);

	while (dir && status == CMD_DONE && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, prefix, (size_t)len) != 0 ||
		    is_map(entry->d_name))
			continue;
		if (is_open && ret_analysis->summary.state != SUMMARY_REPLACED)
			break;
		if (is_open)
			analysis_close(ret_analysis);
		is_open = false;
		if (asprintf(&path, "%s/%s", run->folder, entry->d_name) < 0)
			break;
		status = subject_open(ret_analysis, &report, path, false, NULL);
		is_open = status == CMD_DONE;
		free(path);
	}
	if (dir)
		closedir(dir);
	if (!is_open && status == CMD_DONE)
		diag_error("stat: process %d left no dump", pid);
	return is_open ? 0 : -1;
}

/* Reads the dump of a recorded run. */
static int take_heap(const struct stat_run *run, int pid,
		     int64_t values[SPREADS])
{
	struct analysis analysis = { 0 };
	const int64_t *of = analysis.sites.totals.of;
	int64_t held;

	if (open_last(run, pid, &analysis) < 0)
		return -1;
	held = analysis.summary.heap_use.held;
	values[SPREAD_PEAK_BYTES] = of[METRIC_PEAK_BYTES];
	values[SPREAD_ALLOCATIONS] = of[METRIC_ALLOCATIONS];
	values[SPREAD_ALLOCATED_BYTES] = of[METRIC_ALLOCATED_BYTES];
	values[SPREAD_TEMPORARY] = of[METRIC_TEMPORARY];
	values[SPREAD_LEAKED_BYTES] = of[METRIC_LIVE_BYTES];
	values[SPREAD_IDLE_BYTES] = held < of[METRIC_LIVE_BYTES]
					    ? -1
					    : held - of[METRIC_LIVE_BYTES];
	analysis_close(&analysis);
	return 0;
}

/* Once without and once with the recorder. */
static int run_once(const struct stat_run *run, const struct subject *subject,
		    int64_t values[SPREADS], bool warns)
{
	struct measure measure = {
		.argv = subject->argv,
		.path = subject->path,
		.allocator = subject->allocator,
		.shows_output = run->options->shows_output,
	};
	struct measured plain, recorded;
	char *out;
	int ret;

	if (asprintf(&out, "%s/%%p.mp", run->folder) < 0)
		return -1;
	ret = measure_run(&measure, &plain);
	measure.recorder = run->recorder;
	measure.out = out;
	measure.shows_output = false;
	if (ret == 0)
		ret = measure_run(&measure, &recorded);
	free(out);
	if (ret == 0)
		ret = take_heap(run, recorded.pid, values);
	clear_folder(run, false);
	if (ret < 0)
		return ret;
	if (warns && plain.status != 0)
		diag_warn("%s: ended with status %d", subject->argv[0],
			  plain.status);
	values[SPREAD_TIME_NS] = plain.time_ns;
	values[SPREAD_RSS_BYTES] = plain.rss_bytes;
	values[SPREAD_FAULTS] = plain.faults;
	values[SPREAD_BEYOND_BYTES] =
		plain.rss_bytes > values[SPREAD_PEAK_BYTES]
			? plain.rss_bytes - values[SPREAD_PEAK_BYTES]
			: 0;
	return 0;
}

/* Every subject once, then every one again: so that what changes on the
 * machine meanwhile meets all of them. */
static int run_all(const struct stat_run *run, struct stat_page *page)
{
	size_t runs = (size_t)run->options->runs;
	/* Per column and measure, the numbers of all runs. */
	int64_t *numbers =
		calloc(run->count * SPREADS * runs, sizeof(*numbers));
	struct progress progress;
	int ret = numbers ? 0 : -1;

	progress_begin(&progress, "running", STDERR_FILENO, progress_now_ns());
	if (!numbers)
		diag_error("stat: out of memory");
	for (size_t at = 0; at < runs && ret == 0; at++)
		for (size_t i = 0; i < run->count && ret == 0; i++) {
			int64_t values[SPREADS] = { 0 };

			progress_show(&progress, progress_now_ns(),
				      at * run->count + i, runs * run->count);
			ret = run_once(run, &run->subjects[i], values, at == 0);
			for (int of = 0; of < SPREADS && ret == 0; of++)
				numbers[(i * SPREADS + (size_t)of) * runs +
					at] = values[of];
		}
	progress_end(&progress);
	page->runs = runs;
	page->count = run->count;
	for (size_t i = 0; i < run->count && ret == 0; i++) {
		page->columns[i].title = run->subjects[i].title;
		for (int of = 0; of < SPREADS; of++)
			spread_init(&page->columns[i].of[of],
				    &numbers[(i * SPREADS + (size_t)of) * runs],
				    runs);
	}
	free(numbers);
	return ret;
}

static int print(const struct options_of_stat *options,
		 const struct stat_page *page)
{
	const struct term_choice choice = {
		.color = (enum term_color)options->color,
		.units = (enum units)options->units,
		.no_pager = true,
	};
	struct term term;

	term_open(&term, &choice);
	if (options->is_json)
		stat_print_json(term.file, page);
	else
		stat_print_text(&term, page);
	return term_close(&term) < 0 ? CMD_FAILED : CMD_DONE;
}

static int stat_run(const void *values, int argc, char **argv)
{
	struct stat_run run = { .options = values, .status = CMD_RUN_FAILED };
	struct stat_page page = { 0 };

	run.recorder = recorder_find();
	if (run.recorder && add_subjects(&run, argc, argv) == 0) {
		run.status = CMD_RUN_FAILED;
		if (make_folder(&run) == 0 && run_all(&run, &page) == 0)
			run.status = print(run.options, &page);
	}
	if (run.folder)
		clear_folder(&run, true);
	free(run.folder);
	free(run.recorder);
	for (size_t i = 0; i < run.count; i++) {
		free(run.subjects[i].title);
		free(run.subjects[i].path);
		free(run.subjects[i].allocator);
	}
	return run.status;
}

const struct cmd cmd_stat = {
	.name = "stat",
	.summary = "what a command needs, over several runs",
	.usage = "[options] [--] COMMAND [ARGUMENT...]",
	.tables = stat_tables,
	.defaults = &stat_defaults,
	.options_bytes = sizeof(stat_defaults),
	.operands_min = 1,
	.operands_max = CMD_OPERANDS_ANY,
	.stops_at_operand = true,
	.run = stat_run,
};
