/* SPDX-License-Identifier: MIT */
/* From what is charged to places to rows and functions: for lines.c alone. */
#ifndef MEMPROF_ANALYZER_MODEL_LINES_ROWS_H
#define MEMPROF_ANALYZER_MODEL_LINES_ROWS_H

#include "analyzer/model/lines.h"

struct places;

/* Fills rows, parts and functions. sums: by number of place, their lines are
 * not looked at. 0, or DUMP_MEMORY. */
int lines_rows_make(struct lines *lines, const struct places *places,
		    const struct lines_row *sums);

/* By line, for qsort(). */
int lines_compare_rows(const void *left, const void *right);

#endif
