/* SPDX-License-Identifier: MIT */
/*
 * The greatest of many by one metric, in order, and the sum of the others.
 * For sites, functions, lines: anything with counts at a fixed distance.
 */
#ifndef MEMPROF_ANALYZER_MODEL_RANKING_H
#define MEMPROF_ANALYZER_MODEL_RANKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

/* What is ranked. keeps NULL: all of them. */
struct ranking_source {
	const struct counts *first; /* counts of number 0 */
	size_t stride;		    /* bytes from one to the next */
	size_t count;
	const uint8_t *keeps;
	bool has_zeros; /* rank those with the metric 0 too */
};

struct ranking {
	uint32_t *numbers; /* those shown, greatest first */
	size_t shown;
	size_t count;	    /* all that are ranked, shown or not */
	struct counts sum;  /* of all count */
	struct counts rest; /* of those not shown */
};

/*
 * Those with the metric not 0 (or all), the first limit of them (0: all). Equal
 * ones are in the order of their number. 0, or DUMP_MEMORY.
 */
int ranking_init(struct ranking *ret_ranking,
		 const struct ranking_source *source, enum metric metric,
		 size_t limit);
void ranking_done(struct ranking *ranking);

#endif
