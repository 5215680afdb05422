/* SPDX-License-Identifier: MIT */
/* `memprof tree`: the call tree as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_TREE_H
#define MEMPROF_ANALYZER_VIEW_TEXT_TREE_H

#include "analyzer/base/term.h"
#include "analyzer/model/calltree.h"
#include "analyzer/model/set.h"

/* lines: printed at most; 0: all. */
void text_tree_print(struct term *term, struct set *set,
		     const struct calltree *tree,
		     const struct calltree_options *options, size_t lines);

#endif
