/* SPDX-License-Identifier: MIT */
/* `memprof top`: the flat table as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_TOP_H
#define MEMPROF_ANALYZER_VIEW_TEXT_TOP_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/ranking.h"
#include "analyzer/model/top.h"

struct text_top_options {
	enum metric metric; /* of the columns self and cumulative */
	const char *title;  /* of the metric: "allocated bytes" */
	bool by_cumulative; /* ranked by that column */
	size_t limit;	    /* 0: all */
};

/* The rows of the table in the order in which they are shown. 0, or
 * DUMP_MEMORY. */
int text_top_rank(struct ranking *ret_ranking, const struct top *top,
		  enum metric metric, bool by_cumulative, size_t limit);

/* 0, or DUMP_MEMORY. */
int text_top_print(struct term *term, struct analysis *analysis,
		   const struct top *top,
		   const struct text_top_options *options);

#endif
