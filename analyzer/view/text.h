/* SPDX-License-Identifier: MIT */
/*
 * The pieces that all text outputs are made of: cells of tables, names and
 * paths cut to a sensible length, the head of a page. Whatever comes from a
 * dump goes through here (or term_text()) on its way to a terminal.
 */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_H
#define MEMPROF_ANALYZER_VIEW_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/base/term.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/filter.h"
#include "analyzer/model/summary.h"
#include "analyzer/model/top.h"

#define TEXT_NAME_BYTES	    1024 /* longest name or path printed */
#define TEXT_SHARE	    7	 /* columns of a share: ">99.9%" */
#define TEXT_ERROR	    7	 /* columns of a relative error: "+-22%" */
#define TEXT_ESTIMATE_BYTES (2 * UNITS_TEXT_BYTES + 8)

/* Columns that a size and a count take in tables. */
int text_size_columns(const struct term *term);
int text_count_columns(void);

/* A number in words of units.h; below zero with a minus. */
char *text_size(char buf[static UNITS_TEXT_BYTES], const struct term *term,
		int64_t bytes);
char *text_count(char buf[static UNITS_TEXT_BYTES], int64_t count);

/*
 * A metric with its standard error, "~12.3 MiB +-0.9" (in the same unit),
 * "~8,193 +-2,896"; error NULL: without, as it is exact.
 */
char *text_size_estimate(char buf[static TEXT_ESTIMATE_BYTES],
			 const struct term *term, const struct counts *counts,
			 const struct error *error, enum metric metric);
char *text_count_estimate(char buf[static TEXT_ESTIMATE_BYTES],
			  const struct counts *counts,
			  const struct error *error, enum metric metric);

/* One cell to the right of what stands: blank, then right-aligned. A zero is
 * blank with has_blanks. */
void text_size_cell(struct term *term, int64_t bytes, bool has_blanks);
void text_count_cell(struct term *term, int64_t count, bool has_blanks);
/* The standard error as a part of the value; dim where the samples are few,
 * blank for 0. */
void text_error_cell(struct term *term, const struct counts *counts,
		     const struct error *error, enum metric metric);
void text_share_cell(struct term *term, int64_t part, int64_t whole);
void text_cell(struct term *term, const char *clean, int columns);

/* "1 block", "2 blocks": the noun gets an s. */
void text_count_of(struct term *term, int64_t count, const char *noun);

/* The same of an estimate: "~8,193 +-2,896 blocks". */
void text_estimate_of(struct term *term, const struct counts *counts,
		      const struct error *error, enum metric metric,
		      const char *noun);

/*
 * What stands above a list of sites: their sum, or in a sampled dump where
 * all are looked at, what is known exactly (*ret_error is NULL then too) but
 * for what was dropped of them.
 */
struct analysis;
struct counts text_list_sum(const struct analysis *analysis,
			    const struct counts *sum,
			    const struct error **ret_error);

/* A heading on a line of its own, after a blank line. */
void text_heading(struct term *term, const char *text);

/* Clean text in a style. */
void text_styled(struct term *term, enum term_style style, const char *clean);

/*
 * A function name, cleaned, cut when it is longer than columns (0: not): first
 * without its parameters, then without what its templates are made of, at last
 * at the end. NULL becomes "".
 */
char *text_function(char buf[static TEXT_NAME_BYTES], const char *function,
		    unsigned columns);

/* A function name without parameters, cleaned, cut to columns (0: not). */
char *text_short_function(char buf[static TEXT_NAME_BYTES],
			  const char *function, unsigned columns);

/*
 * A path, cleaned: what begins with the directory of the recording is told
 * from there; of others the last two folders and the name are kept.
 */
char *text_path(char buf[static TEXT_NAME_BYTES], const char *path,
		const struct summary *summary);

/* The name at the end of a path, cleaned. */
char *text_base_name(char buf[static TEXT_NAME_BYTES], const char *path);

/* Leaves out the beginning of clean text that is longer than columns (0: not),
 * with a mark: of a path the end tells most. Returns text. */
char *text_fit(char *text, unsigned columns);

/* "exited with status 1 after 2.0 s" */
void text_state(struct term *term, const struct summary *summary);

/* A row of the table by thread, as one line. */
void text_thread(struct term *term, const struct top_row *row);

/* With --focus or --ignore: how much of it all is shown. */
void text_filter_note(struct term *term, const struct filter *filter);

/* "at the end", "now", or with a range "then". */
const char *text_when(const struct summary *summary);

/* An instant: "'loaded', 1.2 s after the start", "the end". */
struct range_edge;
void text_edge(struct term *term, const struct range_edge *edge);

/* The first lines of every page: which program, process and end. */
void text_head(struct term *term, const struct summary *summary);

#endif
