/* SPDX-License-Identifier: MIT */
/*
 * The whole call tree of flame.h, with as little of each node as will do: for
 * flame*.c alone. There are as many nodes as stacks in the dumps; what is
 * known of those that stay is looked up when they are chosen.
 */
#ifndef MEMPROF_ANALYZER_MODEL_FLAME_BUILD_H
#define MEMPROF_ANALYZER_MODEL_FLAME_BUILD_H

#include "analyzer/model/estimate.h"
#include "analyzer/model/flame.h"

#define FLAME_DUMPS 2 /* at most: one, and an older one */

/* Node 0 is the root, a parent's number is smaller. */
struct flame_raw {
	uint32_t parent;
	uint32_t key; /* these three tell the children of a node apart */
	uint8_t kind;
	bool is_inlined;
	bool is_of_older;
	uint32_t module;
	uint32_t line; /* 0: several, unknown */
};

struct flame_build {
	struct flame_raw *nodes;
	size_t count, room;
	struct keys keys;

	/* Per dump, the newer one first. */
	struct analysis *analyses[FLAME_DUMPS];
	uint32_t *of_site[FLAME_DUMPS]; /* per site: its node, or */
					/* FLAME_NOWHERE */
	size_t dumps;

	/* Private. */
	uint32_t *table; /* nodes by what tells them apart */
	size_t table_room;
};

/* older: NULL for one dump. 0, or DUMP_MEMORY; done in both cases. Symbolises
 * all frames. */
int flame_build_init(struct flame_build *build, struct analysis *analysis,
		     struct analysis *older);
void flame_build_done(struct flame_build *build);

/* A node that stays, and how it is ranked. Those that come first have a
 * greater share; of equal ones what was met first, then the outer one. */
struct flame_rank {
	double share;
	uint32_t first, depth;
	uint32_t number; /* whose rank it is */
};

/* The first of many ranks, which are added in any order. */
struct flame_ranks {
	struct flame_rank *heap; /* once full: the last one on top */
	size_t count, room;
};

/* 0, or DUMP_MEMORY. room: as many are kept. */
int flame_ranks_init(struct flame_ranks *ranks, size_t room);
void flame_ranks_add(struct flame_ranks *ranks, const struct flame_rank *rank);
void flame_ranks_sort(struct flame_ranks *ranks);
void flame_ranks_done(struct flame_ranks *ranks);

/* The greatest share of any metric; older: NULL where there is none. */
double flame_share(const int64_t *values, const int64_t *whole,
		   const int64_t *older, const int64_t *older_whole);

/* Is that more than 0? */
bool flame_has_share(const int64_t *values, const int64_t *whole,
		     const int64_t *older, const int64_t *older_whole);

/* Adds what a site has. May go round, but does nothing worse. */
void flame_add_values(int64_t *sum, const int64_t *more);
void flame_add_site(int64_t *sum, const struct counts *counts);
double flame_variance(const struct error *error, int metric);

#endif
