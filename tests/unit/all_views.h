/* SPDX-License-Identifier: MIT */
/* Every view of an analysis, one after the other: for tests and fuzzing. */
#ifndef MEMPROF_TESTS_UNIT_ALL_VIEWS_H
#define MEMPROF_TESTS_UNIT_ALL_VIEWS_H

#include <stdio.h>

#include "analyzer/model/analysis.h"

#define ALL_VIEWS_COUNT	      52 /* half of them text, half JSON */
#define ALL_VIEWS_AND_EXPORTS 62 /* then the formats of others */

/*
 * Prints view number n: even ones are text, odd ones JSON. source: the file
 * that `lines` is asked for. 0, or DUMP_MEMORY; `lines` without such a file
 * prints nothing.
 */
int all_views_print(FILE *file, struct analysis *analysis, int n,
		    const char *source);

#endif
