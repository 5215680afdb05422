/* SPDX-License-Identifier: MIT */
/*
 * The whole call tree with one number per node, before it is known what of it
 * is worth more: for calltree.c alone. Children have greater numbers than
 * their parents.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CALLTREE_BUILD_H
#define MEMPROF_ANALYZER_MODEL_CALLTREE_BUILD_H

#include "analyzer/model/calltree.h"
#include "analyzer/model/intmap.h"

struct calltree_raw {
	uint32_t parent, key, depth;
	uint32_t kept; /* for calltree.c */
	int64_t value; /* what ends here */
};

struct calltree_build {
	const struct calltree_options *options;
	struct keys *keys;
	struct calltree_raw *nodes; /* nodes[0] is the root */
	size_t count, room;
	uint32_t **of_site; /* per dump, per site: the node it ends at */
	size_t dumps;
	struct intmap children; /* parent and key: node */
};

/* Of several dumps it may go round, but does nothing worse. */
static inline void calltree_add(int64_t *sum, int64_t more)
{
	*sum = (int64_t)((uint64_t)*sum + (uint64_t)more);
}

/* As calltree_init(); done in all cases. */
int calltree_build_init(struct calltree_build *build, const struct set *set,
			const struct calltree_options *options,
			struct keys *keys);
void calltree_build_done(struct calltree_build *build);

#endif
