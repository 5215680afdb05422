/* SPDX-License-Identifier: MIT */
/* `memprof lines`: a source file with what each of its lines has. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_LINES_H
#define MEMPROF_ANALYZER_VIEW_TEXT_LINES_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/lines.h"

/* How much of the source is shown. */
enum text_lines_extent {
	TEXT_LINES_ALL,	      /* every line */
	TEXT_LINES_CHANGED,   /* without the stretches that have no numbers */
	TEXT_LINES_ROWS,      /* the rows alone, in their order */
	TEXT_LINES_FUNCTIONS, /* a table for each function */
};

void text_lines_print(struct term *term, const struct analysis *analysis,
		      const struct lines *lines, enum text_lines_extent extent);

#endif
