/* SPDX-License-Identifier: MIT */
/* `memprof leaks` and `memprof peak`: sites with their whole stacks. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_SITES_H
#define MEMPROF_ANALYZER_VIEW_TEXT_SITES_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"

/* What a list is about. */
enum sites_list { SITES_LEAKS, SITES_PEAK };

/* The metrics of a list: sizes and blocks. */
enum metric text_sites_bytes(enum sites_list list);
enum metric text_sites_blocks(enum sites_list list);

/* The first limit (0: all) sites with the most of a metric. 0, or
 * DUMP_MEMORY. */
int text_sites_print(struct term *term, struct analysis *analysis,
		     enum sites_list list, enum metric sort, size_t limit);

#endif
