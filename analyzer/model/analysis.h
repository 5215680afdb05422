/* SPDX-License-Identifier: MIT */
/*
 * A dump taken in as a whole: everything that the views show is found from
 * here. One thread at a time.
 */
#ifndef MEMPROF_ANALYZER_MODEL_ANALYSIS_H
#define MEMPROF_ANALYZER_MODEL_ANALYSIS_H

#include "analyzer/model/filter.h"
#include "analyzer/model/names.h"
#include "analyzer/model/range.h"
#include "analyzer/model/sites.h"
#include "analyzer/model/summary.h"
#include "analyzer/model/tree.h"

struct dump;
struct dump_error;
struct walk_step;

struct analysis_options {
	bool salvage;
	bool without_names; /* do not symbolise at all */
	enum tree_frames frames;
	bool python_first; /* see below; counts where there are such frames */
	struct sym_options sym;
	struct filter_options filter;
	struct range_options range;
	names_progress_fn *progress; /* NULL: none */
	void *progress_arg;
};

struct analysis {
	struct dump *dump;
	struct tree tree;
	struct sites sites;
	struct sym *sym;
	struct names names;
	struct filter filter;
	struct summary summary;
	struct range range;
	/*
	 * In tables of functions, lines and files, what is allocated with
	 * Python on its stack is that of the innermost line of Python, and
	 * native frames on such stacks do not count: for top.h.
	 */
	bool python_first;
	struct walk_step *steps; /* what walks share; NULL: none was yet */
	size_t step_count;
};

/*
 * Opens a dump. 0, a negative enum dump_code with *error filled, or
 * FILTER_BAD_REGEX with fault and *ret_regex, or a code of range.h with what
 * was given as an instant in *ret_regex. On failure *ret_analysis is as
 * after analysis_close().
 */
int analysis_open(struct analysis *ret_analysis, const char *path,
		  const struct analysis_options *options,
		  struct dump_error *error,
		  char fault[static FILTER_FAULT_BYTES],
		  const char **ret_regex);

/* A struct that is all zero is allowed. */
void analysis_close(struct analysis *analysis);

#endif
