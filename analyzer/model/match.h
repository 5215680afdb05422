/* SPDX-License-Identifier: MIT */
/*
 * Which rows of several flat tables are of the same thing. Places are the same
 * when their names are, whatever their addresses; threads when their names
 * are. Stacks are compared frame by frame: by the offset in the module where
 * all dumps have the module in one build, by the names of the functions where
 * it was rebuilt in between, by the offset again where there is no name.
 */
#ifndef MEMPROF_ANALYZER_MODEL_MATCH_H
#define MEMPROF_ANALYZER_MODEL_MATCH_H

#include "analyzer/model/set.h"
#include "analyzer/model/top.h"

struct match {
	uint32_t **numbers; /* per table, per row; below count */
	size_t tables;
	size_t count;
};

/* tops: one of each dump, all by the same. Several rows of one table may get
 * the same number. 0, or DUMP_MEMORY. */
int match_init(struct match *ret_match, const struct set *set,
	       const struct top *tops, bool strip_dirs);
/* The same of the sites that the filters keep, without tables: per site, the
 * number in its place. */
int match_init_sites(struct match *ret_match, const struct set *set);
void match_done(struct match *match);

/* match_stacks.c: the same for tables by site, or with NULL for sites; fills
 * the numbers, which are there already. */
int match_stacks(struct match *match, const struct set *set,
		 const struct top *tops);

#endif
