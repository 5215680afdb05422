/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `top`, schema memprof-top/1: the parts of json_parts.h, of the
 * first dump, {schema, program, totals, losses, selection, dumps [{path,
 * totals}], by, sort (name of a member of counts), sort_by_cumulative,
 * sort_keys, restrictions [{restriction,
 * before, after}], rows_total, rows}. A row has, whatever is not known of it
 * or does not belong to it being null: function, file, line, module, thread
 * {name, tid, threads (that counted here one after the other), inherited,
 *	started_at (a frame: where all of them were started, or null)},
 * first_size and last_size (of a bucket), attributed, self {counts},
 * cumulative {counts}, largest (when asked for: no block was larger), and by
 * site a stack as in site.
 *
 * With callers or callees: schema memprof-edges/1, {by, sort, callees,
 * expression, places [{function, file, line, module, cumulative {counts},
 * edges [{function, file, line, module, cumulative {counts}}]}]}; no names at
 * all: the outermost, or what is allocated there itself.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_TOP_H
#define MEMPROF_ANALYZER_VIEW_JSON_TOP_H

#include <stdio.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/edges.h"
#include "analyzer/model/order.h"
#include "analyzer/model/set.h"
#include "analyzer/model/top.h"
#include "analyzer/view/json_parts.h"

/* 0, or DUMP_MEMORY. sort_keys: as they were given. */
int json_top_print(FILE *file, struct set *set, const struct top *top,
		   const struct order *order, const struct order_options *how,
		   const char *const *sort_keys, size_t sort_key_count);

void json_edges_print(FILE *file, struct set *set, const struct edges *edges,
		      const struct edges_options *options);

/* Members of any row or place; NULL is allowed: all null. */
void json_top_place(struct json *json, const struct place *place,
		    const char *module);

/* What a row is of, its stack too. 0, or DUMP_MEMORY. */
int json_top_row(struct json *json, struct set *set, enum top_by by,
		 const struct top_row *row, struct stack *stack);

/* The outermost object with the parts of the first dump, and the dumps. */
void json_top_begin(struct json *json, FILE *file, const char *schema,
		    struct set *set);

/* unit, first and end (beyond what it holds) of a row of lifetimes or ages,
 * into the object that is open. */
void json_top_ages(struct json *json, const struct top *top,
		   const struct top_row *row);

#endif
