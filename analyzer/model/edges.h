/* SPDX-License-Identifier: MIT */
/*
 * Who called the places that an expression matches, or whom they called: for
 * each of them its cumulative counts, split up. Where a place is on a stack
 * more than once, its outermost activation decides, so that the parts add up
 * to the whole.
 */
#ifndef MEMPROF_ANALYZER_MODEL_EDGES_H
#define MEMPROF_ANALYZER_MODEL_EDGES_H

#include "analyzer/model/estimate.h"
#include "analyzer/model/filter.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/set.h"

#define EDGES_NONE UINT32_MAX /* no caller: the outermost; callees: itself */

struct edges_row {
	uint32_t place; /* number in the keys */
	uint32_t other;
	struct counts counts;
	struct error error; /* in sampled dumps */
};

struct edges_options {
	enum places_by by;
	const char *regex; /* extended; tried as filter.h says */
	bool callees;	   /* and not callers */
	bool strip_dirs;
	enum metric metric;
};

/* The places by what they have of the metric, greatest first, and the parts
 * of each likewise: rows of one place are side by side. */
struct edges {
	struct keys keys;
	struct edges_row *rows;
	size_t count;
	struct edges_row *places; /* the sums; other is EDGES_NONE */
	size_t place_count;
	bool is_estimate;
};

/* 0, DUMP_MEMORY, or FILTER_BAD_REGEX with fault. */
int edges_init(struct edges *ret_edges, const struct set *set,
	       const struct edges_options *options,
	       char fault[static FILTER_FAULT_BYTES]);
void edges_done(struct edges *edges);

#endif
