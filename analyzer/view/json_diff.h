/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `diff`, schema memprof-diff/1: what json_top.h begins with, by,
 * sort, units (of work, by dump, as texts; empty: nothing is to be divided),
 * rows_total, rows_same, rows: what a row of `top` says of itself, status
 * ("new", "gone", "grown", "shrunk", "same"), counts (one object for each
 * dump) and change {counts}: the last less the first. Numbers are not
 * divided.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_DIFF_H
#define MEMPROF_ANALYZER_VIEW_JSON_DIFF_H

#include <stdio.h>

#include "analyzer/model/diff.h"
#include "analyzer/model/set.h"

/* 0, or
 DUMP_MEMORY. */
int json_diff_print(FILE *file, struct set *set, const struct diff *diff);

#endif
