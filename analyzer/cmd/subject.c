/* SPDX-License-Identifier: MIT */
/* The dump that a command is about, and the words for what is wrong with it. */
#include "config.h"

#include "analyzer/cmd/subject.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/progress.h"
#include "analyzer/cmd/symbol_cache.h"
#include "analyzer/model/dump.h"

/* What to do about a damaged dump. */
static const char *advice(bool is_salvage)
{
	return is_salvage ? "too little is left to show"
			  : "--salvage shows what is readable";
}

static void say_corrupt(const char *path, const struct dump_error *error,
			bool is_salvage)
{
	const char *what = error->what ? error->what : "contents";

	if (error->segment)
		diag_error("%s: is damaged: wrong %s at offset %" PRIu64
			   " (segment %" PRIu64 ", type %" PRIu32 "); %s",
			   path, what, error->offset, error->segment,
			   error->segment_type, advice(is_salvage));
	else
		diag_error("%s: is damaged: wrong %s at offset %" PRIu64 "; %s",
			   path, what, error->offset, advice(is_salvage));
}

static int say_unreadable(const char *path, const struct dump_error *error,
			  bool is_salvage)
{
	switch (error->code) {
	case DUMP_MISSING:
		diag_error("%s: there is no such file; name a dump (*.mp)",
			   path);
		break;
	case DUMP_DIRECTORY:
		diag_error("%s: is a directory; name a dump (*.mp) in it",
			   path);
		break;
	case DUMP_SPECIAL:
		diag_error("%s: is not a regular file, but a pipe, socket or "
			   "device; name a dump (*.mp)",
			   path);
		break;
	case DUMP_DENIED:
		diag_error("%s: cannot be read: %s", path,
			   strerror(error->system_errno));
		break;
	case DUMP_EMPTY:
		diag_error("%s: is empty: recording never began; record the "
			   "program again",
			   path);
		break;
	case DUMP_FOREIGN:
		diag_error("%s: is not a dump%s; name a file made by memprof "
			   "run",
			   path, error->what ? " but a text" : "");
		break;
	case DUMP_NEWER:
		diag_error("%s: has version %" PRIu64 " of the format, newer "
			   "than this memprof reads; use the memprof that "
			   "recorded it",
			   path, error->value);
		break;
	case DUMP_BYTE_ORDER:
		diag_error("%s: was recorded on a machine with the other byte "
			   "order; read it there",
			   path);
		break;
	case DUMP_CUT:
		diag_error("%s: is cut: %" PRIu64 " bytes are missing at its "
			   "end; %s",
			   path, error->value, advice(is_salvage));
		break;
	case DUMP_CORRUPT:
		say_corrupt(path, error, is_salvage);
		break;
	case DUMP_MEMORY:
	case DUMP_OK:
		diag_error("%s: out of memory", path);
		return CMD_FAILED;
	}
	return CMD_UNREADABLE;
}

static void show_progress(void *arg, size_t done, size_t all)
{
	struct progress *progress = arg;

	if (progress->fd >= 0)
		progress_show(progress, progress_now_ns(), done, all);
}

static int say_range(const char *path, int code, const char *text)
{
	switch (code) {
	case RANGE_NOTHING:
		diag_error("%s: has no timeline, so it is not known what was "
			   "at '%s'; record without MEMPROF_TIMELINE=off",
			   path, text);
		break;
	case RANGE_EMPTY:
		diag_error("%s: the range ends before '%s'; give an earlier "
			   "--from or a later --to",
			   path, text);
		break;
	default:
		diag_error(
			"%s: '%s' is no instant of it: neither a name (memprof "
			"timeline lists them) nor a time such as 1.5s, 50%%, "
			"start, peak or end",
			path, text);
		break;
	}
	return CMD_USAGE;
}

int subject_open(struct analysis *ret_analysis,
		 const struct report_options *options, const char *operand,
		 bool is_for_series, struct progress *progress)
{
	struct analysis_options how = {
		.salvage = options->is_salvage,
		.frames = options->frames < 0
				  ? TREE_MIXED
				  : (enum tree_frames)options->frames,
		.python_first = options->frames < 0 && options->has_places,
		.sym = { .sysroot = options->sysroot,
			 .debug_dirs = options->debug_dirs.items,
			 .debug_dir_count = options->debug_dirs.count,
			 .use_debuginfod = options->use_debuginfod },
		.filter = { .focus = options->focus.items,
			    .focus_count = options->focus.count,
			    .ignore = options->ignore.items,
			    .ignore_count = options->ignore.count },
		.range = { .from = options->from,
			   .to = options->to,
			   .is_for_series = is_for_series },
		.progress = progress ? show_progress : NULL,
		.progress_arg = progress,
	};
	char *path = cmd_dump_path(operand), *cache_folder;
	char fault[FILTER_FAULT_BYTES];
	const char *regex = NULL;
	struct dump_error error;
	int ret, status = CMD_DONE;

	if (!path)
		return CMD_UNREADABLE;
	how.range.at = cmd_cut_instant(path);
	how.sym.cache_folder = cache_folder = symbol_cache_folder();
	ret = analysis_open(ret_analysis, path, &how, &error, fault, &regex);
	if (ret == FILTER_BAD_REGEX) {
		diag_error("%s: is no extended regular expression: %s", regex,
			   fault);
		status = CMD_USAGE;
	} else if (ret <= RANGE_BAD) {
		status = say_range(path, ret, regex);
	} else if (ret < 0) {
		status = say_unreadable(path, &error, options->is_salvage);
	} else if (ret_analysis->summary.dropped_count) {
		diag_warn("%s: is damaged: %" PRIu64 " parts were left out",
			  path, ret_analysis->summary.dropped_count);
	}
	free(cache_folder);
	free(path);
	return status;
}

size_t subject_limit(const struct report_options *options, size_t text_default)
{
	if (options->limit >= 0)
		return (size_t)options->limit;
	return options->is_json ? 0 : text_default;
}

/* A folder of debug files that is not there finds nothing, silently. */
static bool are_dirs_there(const struct report_options *options)
{
	for (size_t i = 0; i < options->debug_dirs.count; i++) {
		const char *dir = options->debug_dirs.items[i];
		struct stat st;

		if (stat(dir, &st) == 0 && S_ISDIR(st.st_mode))
			continue;
		diag_error("%s: is no directory (--debug-dir)", dir);
		return false;
	}
	return true;
}

static bool has_dropped(const struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		if (set->array[i].summary.dropped_count)
			return true;
	return false;
}

/* Shows the dumps that were opened. */
static int show_set(struct set *set, const struct report_options *report,
		    subject_print_all_fn *print, const void *options,
		    struct progress *progress)
{
	const struct term_choice choice = report_term_choice(report);
	struct term term;
	int status;

	/* Lines of the report and of progress would mix. */
	if (isatty(STDOUT_FILENO) && !report->is_elsewhere)
		progress_end(progress);
	term_open(&term, &choice);
	status = print(&term, set, options);
	progress_end(progress);
	/* What is shown is not all: no gate may take it for the truth. */
	if (status == CMD_DONE && has_dropped(set))
		status = CMD_UNREADABLE;
	if (term_close(&term) < 0)
		status = CMD_FAILED;
	return status;
}

static int show(const struct report_options *report, char **operands, int count,
		subject_print_all_fn *print, const void *options,
		bool is_for_series)
{
	struct set set = { .count = count > 0 ? (size_t)count : 1 };
	struct progress progress;
	int status = CMD_DONE;

	if (!are_dirs_there(report))
		return CMD_USAGE;
	set.array = calloc(set.count, sizeof(*set.array));
	if (!set.array) {
		diag_error("out of memory");
		return CMD_FAILED;
	}
	progress_begin(&progress, "naming code", STDERR_FILENO,
		       progress_now_ns());
	for (size_t i = 0; i < set.count && status == CMD_DONE; i++)
		status = subject_open(&set.array[i], report,
				      count > 0 ? operands[i] : NULL,
				      is_for_series, &progress);
	if (status == CMD_DONE)
		status = show_set(&set, report, print, options, &progress);
	else
		progress_end(&progress);
	if (status < 0) {
		diag_error("%s: out of memory",
			   count > 0 ? operands[0] : "the dump");
		status = CMD_FAILED;
	}
	for (size_t i = 0; i < set.count; i++)
		analysis_close(&set.array[i]);
	free(set.array);
	return status;
}

int subject_show_all(const struct report_options *report, char **operands,
		     int count, subject_print_all_fn *print,
		     const void *options)
{
	return show(report, operands, count, print, options, false);
}

int subject_show_all_series(const struct report_options *report,
			    char **operands, int count,
			    subject_print_all_fn *print, const void *options)
{
	return show(report, operands, count, print, options, true);
}

/* What a command on one dump gives to the one on several. */
struct single {
	subject_print_fn *print;
	const void *options;
};

static int print_single(struct term *term, struct set *set, const void *context)
{
	const struct single *single = context;

	return single->print(term, &set->array[0], single->options);
}

static int show_single(const struct report_options *report, const char *operand,
		       subject_print_fn *print, const void *options,
		       bool is_for_series)
{
	const struct single single = { print, options };
	char *operands[] = { (char *)(uintptr_t)operand };

	return show(report, operands, operand ? 1 : 0, print_single, &single,
		    is_for_series);
}

int subject_show(const struct report_options *report, const char *operand,
		 subject_print_fn *print, const void *options)
{
	return show_single(report, operand, print, options, false);
}

int subject_show_series(const struct report_options *report,
			const char *operand, subject_print_fn *print,
			const void *options)
{
	return show_single(report, operand, print, options, true);
}
