/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `lines`, schema memprof-lines/1: the parts of json_parts.h,
 * {schema, program, totals, selection, files [{file (as in the debug
 * information), source (where it was found; null: it is not here),
 * source_is_newer, sites, sum {counts}, lines [{line (null: unknown), text
 * (null: not known), counts}], functions [{function, first_line, last_line,
 * counts}]}], losses}. Only lines that have something are in it.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_LINES_H
#define MEMPROF_ANALYZER_VIEW_JSON_LINES_H

#include <stdio.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/lines.h"

/* 0, or DUMP_MEMORY. */
int json_lines_print(FILE *file, struct analysis *analysis,
		     const struct lines *lines, size_t count);

#endif
