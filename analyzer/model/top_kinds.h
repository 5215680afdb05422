/* SPDX-License-Identifier: MIT */
/*
 * The ways to make a flat table, for top_init() alone. Each fills rows, count
 * and errors of a table that is empty otherwise, and returns 0 or DUMP_MEMORY.
 */
#ifndef MEMPROF_ANALYZER_MODEL_TOP_KINDS_H
#define MEMPROF_ANALYZER_MODEL_TOP_KINDS_H

#include "analyzer/model/top.h"

/* What is known by the numbers of sites; NULL where it is not asked for. */
struct top_of_sites {
	const uint8_t *greatest;
	const struct lifetime *lifetimes;
};

int top_places(struct top *top, struct analysis *analysis, enum places_by by,
	       const struct top_of_sites *extras);
int top_threads(struct top *top, struct analysis *analysis);
/* The greatest bucket of each site, by number; NULL when memory is out. To be
 * freed. */
uint8_t *top_greatest_of_sites(const struct analysis *analysis);

int top_sizes(struct top *top, struct analysis *analysis);
int top_ages(struct top *top, struct analysis *analysis, enum ages_by by);

#endif
