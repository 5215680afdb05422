/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `top`, schema memprof-top/1: the parts of json_parts.h,
 * {schema, program, totals, losses, selection, by, sort (name of a member of
 * counts), sort_by_cumulative, rows_total, rows}. A row has, whatever is not
 * known of it or does not belong to it being null: function, file, line,
 * module, thread {name, tid, threads (that counted here one after the other),
 * inherited}, attributed, self {counts}, cumulative {counts}, and by site a
 * stack as in site.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_TOP_H
#define MEMPROF_ANALYZER_VIEW_JSON_TOP_H

#include "analyzer/view/text_top.h"

/* 0, or DUMP_MEMORY. */
int json_top_print(FILE *file, struct analysis *analysis, const struct top *top,
		   const struct text_top_options *options);

#endif
