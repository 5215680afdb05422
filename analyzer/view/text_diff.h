/* SPDX-License-Identifier: MIT */
/* `memprof diff`: what changed, as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_DIFF_H
#define MEMPROF_ANALYZER_VIEW_TEXT_DIFF_H

#include "analyzer/base/term.h"
#include "analyzer/model/diff.h"
#include "analyzer/model/set.h"

/* 0, or DUMP_MEMORY. */
int text_diff_print(struct term *term, struct set *set,
		    const struct diff *diff);

#endif
