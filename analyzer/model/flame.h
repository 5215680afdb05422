/* SPDX-License-Identifier: MIT */
/*
 * The call tree as flame graphs draw it: the stacks of the sites looked at,
 * outermost function first, equal functions with equal callers merged, with
 * inlined ones told apart and the allocator's own left out. What is less than
 * a share of everything is folded into its caller, so that a tree of any size
 * becomes one that can be drawn; how much was folded is kept.
 */
#ifndef MEMPROF_ANALYZER_MODEL_FLAME_H
#define MEMPROF_ANALYZER_MODEL_FLAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"
#include "analyzer/model/keys.h"

struct analysis;

/* What a tree can be drawn by. */
#define FLAME_METRICS 5
extern const enum metric flame_metrics[FLAME_METRICS];

#define FLAME_NOWHERE UINT32_MAX

enum flame_kind {
	FLAME_ROOT,
	FLAME_FUNCTION,
	FLAME_CUT,	/* stands for outer frames that are missing */
	FLAME_NO_STACK, /* of what has no stack at all */
};

/*
 * The invariant: total is self, plus the totals of the nodes whose parent it
 * is, plus what was folded. Node 0 is the root, a parent's number is smaller.
 */
struct flame_node {
	uint32_t parent;
	uint32_t key;	  /* FLAME_FUNCTION: number in keys */
	uint32_t module;  /* MODULES_NONE: unknown code */
	bool is_of_older; /* the module is one of the older dump */
	uint32_t line;	  /* where it allocates or calls; 0: several, unknown */
	enum flame_kind kind;
	bool is_inlined; /* into its parent */
	uint32_t folded; /* nodes anywhere below it that were left out */
	int64_t self[FLAME_METRICS];
	int64_t total[FLAME_METRICS];
	/* Of an estimate; add up as the values do. */
	double self_variance[FLAME_METRICS];
	double total_variance[FLAME_METRICS];
	int64_t older_self[FLAME_METRICS]; /* of a pair */
	int64_t older_total[FLAME_METRICS];
};

struct flame {
	struct flame_node *nodes;
	size_t count;
	struct keys keys;
	bool is_estimate;
	double share;	    /* what was folded has at most this of any metric */
	size_t all_count;   /* nodes before that */
	uint32_t *of_site;  /* per site: its node, or the one it is folded */
			    /* into; FLAME_NOWHERE: the filter drops it */
	uint8_t *is_folded; /* per site: it is no self of that node */
};

/*
 * With no more than limit nodes (0: all). 0, or DUMP_MEMORY. Symbolises all
 * frames. Valid as long as the analysis.
 */
int flame_init(struct flame *ret_flame, struct analysis *analysis,
	       size_t limit);

/* The same with the stacks of an older dump beside them: nodes that only it
 * has are there too. */
int flame_init_pair(struct flame *ret_flame, struct analysis *analysis,
		    struct analysis *older, size_t limit);
/* The same turned round: who allocates below the root, and below each its
 * callers. of_site is not filled. */
int flame_init_inverted(struct flame *ret_flame, struct analysis *analysis,
			size_t limit);
void flame_done(struct flame *flame);

#endif
