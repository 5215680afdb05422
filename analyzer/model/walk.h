/* SPDX-License-Identifier: MIT */
/*
 * A walk over the stacks of the sites, outermost frames first: each subtree in
 * one piece, so that what is on the present stack is known by what was entered
 * and not left yet.
 */
#ifndef MEMPROF_ANALYZER_MODEL_WALK_H
#define MEMPROF_ANALYZER_MODEL_WALK_H

#include <stdint.h>

struct analysis;

#define WALK_NO_SITE UINT32_MAX

/* frame: index into the tree's frames; 0 for what is no frame of the program:
 * roots, cuts, the allocator's own. */
struct walk_visitor {
	void *context;
	/* site: that ends here and is looked at, or WALK_NO_SITE. Returns 0,
	 * or a negative code that ends the walk. */
	int (*enter)(void *context, uint32_t frame, uint32_t site);
	void (*leave)(void *context, uint32_t frame);
};

/* A node, in the order in which they are entered. */
struct walk_step {
	uint32_t frame; /* as above */
	uint32_t site;	/* number + 1 of the one that ends here; 0: none */
	uint32_t size;	/* steps until it is left, this one included */
};

/* 0, DUMP_MEMORY, or what enter() returned. */
int walk_stacks(struct analysis *analysis, const struct walk_visitor *visitor);

/* Frees what the walks of an analysis share. */
void walk_done(struct analysis *analysis);

#endif
