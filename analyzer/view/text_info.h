/* SPDX-License-Identifier: MIT */
/* `memprof info`: what the dump is, as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_INFO_H
#define MEMPROF_ANALYZER_VIEW_TEXT_INFO_H

#include "analyzer/base/term.h"
#include "analyzer/model/ages.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/top.h"

/*
 * threads: by thread. limit: modules and threads listed; 0: all. 0, or
 * DUMP_MEMORY.
 */
int text_info_print(struct term *term, struct analysis *analysis,
		    const struct ages *ages, const struct top *threads,
		    size_t limit);

/* "lines", "functions", "exported functions", "none", "file is missing"... */
const char *text_info_names(enum sym_status status);

#endif
