/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `tree`, schema memprof-tree/1: what json_top.h begins with, by,
 * sort, inverted, nodes_total, and nodes in the order of the
 * tree: {id (from 0, the root), parent (null: the root), depth, function,
 * file, line, module, kind ("all", "place", "cut", "no stack"), hidden
 * (children left out), self {counts}, cumulative {counts}, below {counts}
 * (of those left out)}.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_TREE_H
#define MEMPROF_ANALYZER_VIEW_JSON_TREE_H

#include <stdio.h>

#include "analyzer/model/calltree.h"
#include "analyzer/model/set.h"

void json_tree_print(FILE *file, struct set *set, const struct calltree *tree,
		     const struct calltree_options *options);

#endif
