/* SPDX-License-Identifier: MIT */
/*
 * Few things instead of all sites, and what changes of them from one instant
 * to the next: sites that are told apart, and for the others the place in a
 * folded call tree that they have in common.
 */
#ifndef MEMPROF_ANALYZER_MODEL_HISTORY_ITEMS_H
#define MEMPROF_ANALYZER_MODEL_HISTORY_ITEMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

struct analysis;
struct history;

#define HISTORY_NO_ROW UINT32_MAX

/* Where the sites are that are looked at, each array by site. */
struct history_places {
	const uint32_t *rows; /* HISTORY_NO_ROW: not told apart */
	size_t row_count;
	const uint32_t *nodes;	  /* as flame.of_site */
	const uint8_t *is_folded; /* as flame.is_folded */
};

/* Squares of the standard errors of estimates. */
struct history_variances {
	double of[METRIC_COUNT];
};

struct history_item {
	uint32_t row; /* or HISTORY_NO_ROW: all other sites of the node */
	uint32_t node;
	bool is_folded; /* they are no self of it */
};

struct history_items {
	struct history_item *array; /* those with a row first, by row */
	size_t count;
	uint32_t *of_site; /* or HISTORY_NO_ROW: it is not looked at */
	size_t site_count;
	struct counts *sums;
	struct history_variances *variances; /* NULL: all is exact */
};

/* 0, or DUMP_MEMORY. */
int history_items_init(struct history_items *ret_items,
		       const struct analysis *analysis,
		       const struct history_places *places);
void history_items_done(struct history_items *items);

/* Fills items->sums and their variances with what the sites have now. */
void history_items_sum(struct history_items *items,
		       const struct history *history);

/* What changed since the last time. */
struct history_changes {
	size_t count;	   /* of those that changed */
	uint32_t *numbers; /* of these, rising */
	struct counts *by; /* how much each did */
	/* What those of each are now: differences would leave a trace of what
	 * was rounded. NULL: all is exact. */
	struct history_variances *variances;

	/* Private. */
	struct counts *last;
	struct history_variances *last_variances;
	size_t all;
};

/* Of so many, all zero at first. 0, or DUMP_MEMORY. */
int history_changes_init(struct history_changes *ret_changes, size_t all,
			 bool is_estimate);
/* variances: of an estimate only. */
void history_changes_take(struct history_changes *changes,
			  const struct counts *now,
			  const struct history_variances *variances);
void history_changes_done(struct history_changes *changes);

#endif
