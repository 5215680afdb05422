/* SPDX-License-Identifier: MIT */
/* `memprof report`: a page with what matters most of everything. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_REPORT_H
#define MEMPROF_ANALYZER_VIEW_TEXT_REPORT_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"

/*
 * limit: sites in each section; 0: all. by_count: sections list what has the
 * most blocks, not the most bytes. 0, or DUMP_MEMORY.
 */
int text_report_print(struct term *term, struct analysis *analysis,
		      size_t limit, bool by_count);

#endif
