/* SPDX-License-Identifier: MIT */
/*
 * A call tree from the allocating functions outwards, made one branch at a
 * time: who walks it says which branches are worth it. Nothing of the tree is
 * kept but the order of the stacks in it, so that it takes no more memory than
 * there are stacks.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CALLERS_H
#define MEMPROF_ANALYZER_MODEL_CALLERS_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

struct catalog;

/* A stack, as far as it was walked. */
struct callers_stack {
	uint32_t frame; /* of the catalog, the next outer one; CATALOG_NONE */
	uint32_t node;	/* private */
	uint32_t note;
	int64_t value;
};

struct callers {
	const struct catalog *catalog;
	struct callers_stack *stacks; /* those with a value */
	size_t count;
	int64_t sum;
};

/* Stacks with the same next frame: stacks[first] .. + count. */
struct callers_branch {
	uint32_t frame;
	size_t first, count;
	int64_t value;
};

struct callers_branches {
	struct callers_branch *array; /* the greatest first */
	size_t count;
	size_t small_count; /* branches below the least value */
	int64_t small_value;
};

/* All stacks with the metric not 0, at their innermost frame. 0, or
 * DUMP_MEMORY. */
int callers_init(struct callers *ret_callers, const struct catalog *catalog,
		 enum metric metric);

/* The same of other values, one for each entry of the catalog. */
int callers_init_values(struct callers *ret_callers,
			const struct catalog *catalog, const int64_t *values);
void callers_done(struct callers *callers);

/*
 * The branches that stacks[first] .. + count go on in, which are put in order
 * for it; stacks that end here are in none. A branch's stacks are moved on to
 * their next frame, so that each branch is split once. 0, or DUMP_MEMORY.
 */
int callers_split(struct callers *callers, size_t first, size_t count,
		  int64_t least, struct callers_branches *ret_branches);
void callers_branches_done(struct callers_branches *branches);

#endif
