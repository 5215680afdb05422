/* SPDX-License-Identifier: MIT */
/*
 * The call tree with one number per node, before it is known what of it is
 * worth more: for calltree.c alone. Children have greater numbers than their
 * parents.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CALLTREE_BUILD_H
#define MEMPROF_ANALYZER_MODEL_CALLTREE_BUILD_H

#include "analyzer/model/calltree.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/places.h"

struct analysis;

struct calltree_raw {
	uint32_t parent, key, depth;
	uint64_t order; /* among equal children of a parent */
	int64_t value;	/* with all that is below it */
	uint32_t kept;	/* for calltree.c, as the next one */
	bool is_kept;
};

/* One dump of the set. */
struct calltree_source {
	struct analysis *analysis;
	uint32_t dump;
	struct places places;
	struct keys_of_places key_of;
	uint32_t *of_node; /* per node of the dump: the node of its stack */
	uint32_t *of_site; /* per site: the node it ends at */
};

struct calltree_build {
	const struct calltree_options *options;
	struct keys *keys;
	struct calltree_source *sources;
	size_t source_count;
	struct calltree_raw *nodes; /* nodes[0] is the root */
	size_t count, room;
	struct intmap children; /* parent and key: node */
};

/* Of several dumps it may go round, but does nothing worse. */
static inline void calltree_add(int64_t *sum, int64_t more)
{
	*sum = (int64_t)((uint64_t)*sum + (uint64_t)more);
}

/* Is a node worth showing? The root knows the whole. */
static inline bool calltree_is_large(const struct calltree_build *build,
				     const struct calltree_raw *node)
{
	double whole = (double)build->nodes[0].value;
	double part = (double)(node->value < 0 ? -node->value : node->value);

	return node->value != 0 &&
	       part * 100 >= build->options->min_percent * whole;
}

/* As calltree_init(); done in all cases. */
int calltree_build_init(struct calltree_build *build, const struct set *set,
			const struct calltree_options *options,
			struct keys *keys);
void calltree_build_done(struct calltree_build *build);

/* For the two ways to build, in calltree_whole.c and calltree_levels.c. */

/*
 * The whole tree, where recursion is folded: a stack may come back to any node
 * on its way, so that nothing is known to be small before the end.
 */
int calltree_build_whole(struct calltree_build *build);

/*
 * Else level by level from the root, and below what is small nothing: stacks
 * that reach it end there.
 */
int calltree_build_down(struct calltree_build *build);
int calltree_build_up(struct calltree_build *build);

/* The child of *node for a key goes to *node. */
int calltree_descend(struct calltree_build *build, uint32_t key,
		     uint32_t *node);

#endif
