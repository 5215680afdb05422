/* SPDX-License-Identifier: MIT */
/* `memprof top`: the flat table as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_TOP_H
#define MEMPROF_ANALYZER_VIEW_TEXT_TOP_H

#include "analyzer/base/term.h"
#include "analyzer/model/edges.h"
#include "analyzer/model/order.h"
#include "analyzer/model/set.h"
#include "analyzer/model/top.h"

struct text_top_options {
	enum metric metric; /* of the columns self and cumulative */
	const char *title;  /* of what the rows are ordered by */
	bool has_frees;	    /* a column for these too */
	bool has_average;
	bool has_greatest;
	bool has_lifetime; /* average and longest */
	bool has_slack;	   /* usable and requested size of live blocks */
};

/* 0, or DUMP_MEMORY. */
int text_top_print(struct term *term, struct set *set, const struct top *top,
		   const struct order *order,
		   const struct text_top_options *options);

/* `memprof top --callers`, `--callees`. limit: parts of each place; 0: all. */
void text_edges_print(struct term *term, struct set *set,
		      const struct edges *edges,
		      const struct edges_options *options, size_t limit);

/* The words for a metric: "bytes allocated". */
const char *text_metric_title(enum metric metric);

/* Is it a number of bytes? */
bool text_metric_is_bytes(enum metric metric);

/* A cell with it. */
void text_metric_cell(struct term *term, enum metric metric, int64_t value);

/* Columns of that cell, without the blank before it. */
int text_metric_columns(const struct term *term, enum metric metric);

#endif
