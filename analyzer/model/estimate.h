/* SPDX-License-Identifier: MIT */
/*
 * What a sample stands for. In a dump with sample_bytes R, a block of s bytes
 * (1 when 0) was recorded with the probability P = 1 - exp(-s / R), so that
 * it stands for 1 / P blocks. Each sample is weighted by its own size before
 * anything is added up (Horvitz and Thompson): then sums are without bias
 * whatever sizes are mixed in them. memprof-method(7) has the formulas.
 */
#ifndef MEMPROF_ANALYZER_MODEL_ESTIMATE_H
#define MEMPROF_ANALYZER_MODEL_ESTIMATE_H

#include <stdbool.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

#define ESTIMATE_FEW 10 /* fewer samples than that say little */

/* How good counts are that were estimated. Adds up like the counts do. */
struct error {
	struct counts samples; /* as they were recorded, without weights */
	double variance[METRIC_COUNT];
};

/* A sum of weighted samples that is not rounded yet. */
struct estimate {
	double value[METRIC_COUNT];
	struct error error;
};

/* What is left of DUMP_MAX_COUNT: so that no sum of estimates, which a dump
 * may make as great as it likes, goes beyond it. */
struct estimate_room {
	double of[METRIC_COUNT];
};

/* How many blocks of so many bytes a sampled one stands for; at least 1. */
double estimate_weight(uint64_t sample_bytes, uint64_t bytes);

/* Adds what was recorded of a class, which its node's pc tells. A class that
 * was not sampled counts as it is. */
void estimate_add(struct estimate *sum, uint64_t sample_bytes,
		  uint64_t class_pc, const struct counts *recorded);

void estimate_room_init(struct estimate_room *ret_room);

/* To whole numbers, once, as far as there is room. */
void estimate_round(struct counts *ret_counts, const struct estimate *estimate,
		    struct estimate_room *room);

/*
 * Adds to parts what a site's rounded counts grow by when its sums go from
 * before to after. So parts that are told apart by something else than sites
 * add up to the sites all the same, whereas parts rounded by themselves do not.
 */
void estimate_add_part(struct counts *parts, const double before[METRIC_COUNT],
		       const double after[METRIC_COUNT]);

void error_add(struct error *sum, const struct error *more);
void error_subtract(struct error *sum, const struct error *less);

/* Recorded blocks that a metric was estimated from. */
int64_t error_samples(const struct error *error, enum metric metric);

/* The standard error of a metric. */
double error_of(const struct error *error, enum metric metric);

/* The same, to a whole number. */
int64_t error_rounded(const struct error *error, enum metric metric);

/* Are there too few samples to rely on the value? Large blocks that were
 * almost certain to be recorded are enough even alone. */
bool error_is_few(const struct error *error, const struct counts *counts,
		  enum metric metric);

#endif
