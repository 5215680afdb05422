/* SPDX-License-Identifier: MIT */
/*
 * Sites whose live bytes keep rising. The time looked at is cut into
 * GROWTH_PARTS equal parts; the floor of a part is the least that was live at
 * the site at any detailed moment in it. A site grows when each floor is
 * above the one before, and the last one above the most that was live in the
 * first part: what goes up and down, or was filled once, does not.
 */
#ifndef MEMPROF_ANALYZER_MODEL_GROWTH_H
#define MEMPROF_ANALYZER_MODEL_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/suppressions.h"

struct analysis;

#define GROWTH_PARTS 4

struct growth_row {
	uint32_t site;
	int64_t floors[GROWTH_PARTS];
	int64_t grown;	  /* from the first floor to the last */
	int64_t per_hour; /* at that pace */
};

struct growth {
	struct growth_row *rows; /* most grown first */
	size_t count;
	uint64_t from_ns, to_ns;      /* after the start */
	size_t moments[GROWTH_PARTS]; /* in each part */
	bool is_too_short;	      /* a part has none: nothing is known */
	int64_t grown;		      /* by all rows */
	size_t suppressed;	      /* rows that rules took out */
	int64_t suppressed_grown;
};

/* Of the sites that the filter keeps, within the range. 0, or DUMP_MEMORY. */
int growth_init(struct growth *ret_growth, const struct analysis *analysis);

/* Takes out the rows that rules cover, whatever kinds of leaks these are for,
 * and counts as hits what the sites have live. 0, or DUMP_MEMORY. */
int growth_suppress(struct growth *growth, struct analysis *analysis,
		    struct suppressions *suppressions);
void growth_done(struct growth *growth);

#endif
