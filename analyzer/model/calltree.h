/* SPDX-License-Identifier: MIT */
/*
 * The stacks of all sites as a tree of functions, or of other places: from the
 * outermost one down to what allocates, or inverted, from what allocates up to
 * who called it. Small parts are left out and counted.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CALLTREE_H
#define MEMPROF_ANALYZER_MODEL_CALLTREE_H

#include "analyzer/model/estimate.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/set.h"

/* Inverted, a tree may be much larger than what it is made from. */
#define CALLTREE_MAX_NODES (UINT32_C(1) << 26)
#define CALLTREE_TOO_LARGE (-300)

/* What stands for no place. */
#define CALLTREE_ALL	  UINT32_MAX	   /* the root */
#define CALLTREE_CUT	  (UINT32_MAX - 1) /* the missing end of a stack */
#define CALLTREE_NO_STACK (UINT32_MAX - 2)

struct calltree_options {
	enum places_by by;
	enum metric metric; /* that decides on what is small, and the order */
	bool is_inverted;
	bool folds_recursion; /* a place below itself is the same node */
	bool strip_dirs;
	size_t depth;	    /* of the tree; 0: all */
	double min_percent; /* of the total of the metric */
};

struct calltree_node {
	uint32_t parent; /* index; 0: the root, which is its own */
	uint32_t key;	 /* in keys, or see above */
	uint32_t depth;	 /* 0: the root */
	bool is_last;	 /* of its parent's children that are there */
	uint64_t hidden; /* children that are left out */
	struct counts self;
	struct counts cumulative;
	struct counts below; /* what those left out have, all levels */
};

/* In the order of printing: each node's subtree follows it, the greatest
 * child first. */
struct calltree {
	struct keys keys;
	struct calltree_node *nodes;
	size_t count;
	struct error *errors; /* of cumulative; NULL: exact */
	uint64_t hidden;      /* of all nodes */
};

/* 0, DUMP_MEMORY, or CALLTREE_TOO_LARGE. */
int calltree_init(struct calltree *ret_tree, const struct set *set,
		  const struct calltree_options *options);
void calltree_done(struct calltree *tree);

#endif
