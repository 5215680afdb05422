/* SPDX-License-Identifier: MIT */
/* From what is charged to places to rows and functions: for lines.c alone. */
#ifndef MEMPROF_ANALYZER_MODEL_LINES_ROWS_H
#define MEMPROF_ANALYZER_MODEL_LINES_ROWS_H

#include "analyzer/model/lines.h"

struct places;

/* What is charged to one thing; the line of the row is not looked at. */
struct lines_sum {
	struct lines_row row;
	uint32_t last_site; /* the one that was added last, + 1 */
};

/* The first places with the same line, function, and both. */
struct lines_firsts {
	uint32_t line, function, part;
};

/* By number of place; each sum is at the first place that has it. A function
 * may have less than its lines together: a stack counts once for each. */
struct lines_sums {
	struct lines_firsts *firsts;
	struct lines_sum *of_line, *of_function, *of_part;
};

/* Fills rows, parts and functions. 0, or DUMP_MEMORY. */
int lines_rows_make(struct lines *lines, const struct places *places,
		    const struct lines_sums *sums);

/* By line, for qsort(). */
int lines_compare_rows(const void *left, const void *right);

#endif
