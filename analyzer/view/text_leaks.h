/* SPDX-License-Identifier: MIT */
/* `memprof leaks` of a dump whose blocks were judged, and what it says of the
 * scan and of suppressions in any dump. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_LEAKS_H
#define MEMPROF_ANALYZER_VIEW_TEXT_LEAKS_H

#include "analyzer/base/term.h"
#include "analyzer/model/leaks.h"

/* The first limit (0: all) sites of each verdict. 0, or DUMP_MEMORY. */
int text_leaks_print(struct term *term, struct analysis *analysis,
		     const struct leaks *leaks, enum metric sort, size_t limit,
		     bool with_reachable);

/* A line about what holds the blocks of a site; nothing where nothing does. 0,
 * or DUMP_MEMORY. */
int text_leaks_print_holder(struct term *term, struct analysis *analysis,
			    const struct leaks *leaks, unsigned verdict,
			    size_t site);

/* How the blocks were judged, or why they were not. */
void text_leaks_print_scan(struct term *term, const struct leaks *leaks);

/* Which rules were used. */
void text_leaks_print_suppressions(struct term *term,
				   const struct suppressions *suppressions);

#endif
