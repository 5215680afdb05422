/* SPDX-License-Identifier: MIT */
/*
 * The dump that a command is about, opened as the common options say. What
 * goes wrong is put into words here.
 */
#ifndef MEMPROF_ANALYZER_CMD_SUBJECT_H
#define MEMPROF_ANALYZER_CMD_SUBJECT_H

#include "analyzer/cmd/cmd.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/set.h"

/*
 * Prints to the terminal. options is the command's own struct. Returns the
 * exit status, or a negative code of the model.
 */
typedef int subject_print_fn(struct term *term, struct analysis *analysis,
			     const void *options);

/*
 * Opens the dump that operand names (NULL: the newest here), lets print show
 * it, and closes it. Returns the exit status of the command; when it failed,
 * why was said.
 */
int subject_show(const struct report_options *report, const char *operand,
		 subject_print_fn *print, const void *options);

/*
 * Opens a dump for a command that looks at several; the caller closes it.
 * progress is told of until then; NULL: nobody. CMD_DONE, or the exit status
 * after having said why not.
 */
struct progress;
int subject_open(struct analysis *ret_analysis,
		 const struct report_options *options, const char *operand,
		 bool is_for_series, struct progress *progress);

/* The same for what looks at the series of moments: --from and --to are found
 * in analysis->range, and the dump is as it is. */
int subject_show_series(const struct report_options *report,
			const char *operand, subject_print_fn *print,
			const void *options);

/* The same of several dumps at once. count may be 0: the newest here. */
typedef int subject_print_all_fn(struct term *term, struct set *set,
				 const void *options);
int subject_show_all(const struct report_options *report, char **operands,
		     int count, subject_print_all_fn *print,
		     const void *options);

int subject_show_all_series(const struct report_options *report,
			    char **operands, int count,
			    subject_print_all_fn *print, const void *options);

/* How many to list: --limit, or what a command takes without it; in JSON all.
 * 0: all. */
size_t subject_limit(const struct report_options *options, size_t text_default);

#endif
