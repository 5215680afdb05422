/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `info`, schema memprof-info/1: the parts of json_parts.h,
 * {schema, program, state and failure (as in program and losses), dump {path,
 * recorded_as, bytes, version}, mode {exact, sample_bytes, unwind ("cfi",
 * "fp"), max_depth}, checks {walks, differences}, lifetimes (null, or those of
 * all blocks and slack_bytes), totals, modules [{path,
 * build_id (hexadecimal), start, end, file_bytes, main, vdso, unloaded, names
 * ("lines", "functions", "exported functions", "none", "file is missing",
 * "file has changed", "file is unreadable")}], threads [{name, tid, threads,
 * inherited, attributed, counts}], losses}.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_INFO_H
#define MEMPROF_ANALYZER_VIEW_JSON_INFO_H

#include <stdio.h>

#include "analyzer/model/ages.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/top.h"

/* threads: by thread. limit: modules and threads listed; 0: all. */
void json_info_print(FILE *file, struct analysis *analysis,
		     const struct ages *ages, const struct top *threads,
		     size_t limit);

#endif
