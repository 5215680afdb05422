/* SPDX-License-Identifier: MIT */
/* Rules that suppress what `leaks` reports, in valgrind's format. */
#ifndef MEMPROF_ANALYZER_VIEW_SUPP_H
#define MEMPROF_ANALYZER_VIEW_SUPP_H

#include <stdio.h>

#include "analyzer/model/leaks.h"

/* One rule per site and verdict that is not suppressed; those that are still
 * reachable with_reachable only. 0, or DUMP_MEMORY. */
int supp_print(FILE *file, struct analysis *analysis, const struct leaks *leaks,
	       bool with_reachable);

/* The rule for what one site has of a verdict; nothing where it has no stack.
 * 0, or DUMP_MEMORY. */
int supp_print_site(FILE *file, struct analysis *analysis, size_t site,
		    unsigned verdict);

#endif
