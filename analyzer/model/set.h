/* SPDX-License-Identifier: MIT */
/*
 * The dumps that a report is about: most often one, several to be added up or
 * compared. What is told of a set is the sum over its dumps; of peaks too,
 * although each dump has its own instant.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SET_H
#define MEMPROF_ANALYZER_MODEL_SET_H

#include <stdbool.h>
#include <stddef.h>

#include "analyzer/model/counts.h"

struct analysis;

struct set {
	struct analysis *array;
	size_t count; /* at least 1 */
};

/* Adds, and stays at the greatest number there is where that is too much. */
void counts_add_bounded(struct counts *sum, const struct counts *more);

/* Is anything an estimate? */
bool set_is_estimate(const struct set *set);

/* What the rows of a report are parts of: all sites looked at; what is known
 * exactly where these are all, unless the parts are estimates too. */
void set_whole(const struct set *set, bool of_estimates,
	       struct counts *ret_counts);

#endif
