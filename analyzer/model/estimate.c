/* SPDX-License-Identifier: MIT */
/* What a sample stands for. */
#include "config.h"

#include "analyzer/model/estimate.h"

#include <math.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/set.h"

/* Above this part of the value, the error of a few samples is worth a word. */
#define NEARLY_CERTAIN 0.1

static bool is_bytes(enum metric metric)
{
	return metric == METRIC_ALLOCATED_BYTES ||
	       metric == METRIC_FREED_BYTES || metric == METRIC_LIVE_BYTES ||
	       metric == METRIC_PEAK_BYTES;
}

/* The metric of the blocks that the bytes are of. */
static enum metric blocks_of(enum metric metric)
{
	return is_bytes(metric) ? metric - 1 : metric;
}

_Static_assert(METRIC_ALLOCATED_BYTES == METRIC_ALLOCATIONS + 1 &&
		       METRIC_FREED_BYTES == METRIC_FREES + 1 &&
		       METRIC_LIVE_BYTES == METRIC_LIVE_BLOCKS + 1 &&
		       METRIC_PEAK_BYTES == METRIC_PEAK_BLOCKS + 1,
	       "bytes come after their blocks");

/* P, without the loss of digits that 1 - exp() has near 0. */
static double probability(uint64_t sample_bytes, uint64_t bytes)
{
	return -expm1(-(double)(bytes ? bytes : 1) / (double)sample_bytes);
}

double estimate_weight(uint64_t sample_bytes, uint64_t bytes)
{
	return sample_bytes ? 1 / probability(sample_bytes, bytes) : 1;
}

void estimate_add(struct estimate *sum, uint64_t sample_bytes,
		  uint64_t class_pc, const struct counts *recorded)
{
	double weight = 1, variance = 0, size = 0;

	if (sample_bytes && MPF_PC_KIND(class_pc) == MPF_NODE_SIZED) {
		uint64_t bytes = MPF_SIZED_BYTES(class_pc);

		size = (double)bytes;
		weight = estimate_weight(sample_bytes, bytes);
		/* (1 - P) / P^2 */
		variance = exp(-(double)(bytes ? bytes : 1) /
			       (double)sample_bytes) *
			   weight * weight;
	}
	for (int m = 0; m < METRIC_COUNT; m++) {
		enum metric blocks = blocks_of((enum metric)m);

		sum->value[m] += weight * (double)recorded->of[m];
		sum->error.variance[m] +=
			(double)recorded->of[blocks] * variance *
			(is_bytes((enum metric)m) ? size * size : 1);
	}
	counts_add(&sum->error.samples, recorded);
}

void estimate_room_init(struct estimate_room *ret_room)
{
	for (int m = 0; m < METRIC_COUNT; m++)
		ret_room->of[m] = nextafter((double)DUMP_MAX_COUNT, 0);
}

void estimate_round(struct counts *ret_counts, const struct estimate *estimate,
		    struct estimate_room *room)
{
	for (int m = 0; m < METRIC_COUNT; m++) {
		double value = round(estimate->value[m]);

		if (fabs(value) > room->of[m])
			value = copysign(room->of[m], value);
		room->of[m] -= fabs(value);
		ret_counts->of[m] = (int64_t)value;
	}
}

static int64_t whole(double value)
{
	const double most = nextafter((double)DUMP_MAX_COUNT, 0);

	return (int64_t)fmin(fmax(round(value), -most), most);
}

void estimate_add_part(struct counts *parts, const double before[METRIC_COUNT],
		       const double after[METRIC_COUNT])
{
	struct counts part;

	for (int m = 0; m < METRIC_COUNT; m++)
		part.of[m] = whole(after[m]) - whole(before[m]);
	counts_add_bounded(parts, &part);
}

void error_add(struct error *sum, const struct error *more)
{
	counts_add(&sum->samples, &more->samples);
	for (int m = 0; m < METRIC_COUNT; m++)
		sum->variance[m] += more->variance[m];
}

void error_subtract(struct error *sum, const struct error *less)
{
	counts_subtract(&sum->samples, &less->samples);
	for (int m = 0; m < METRIC_COUNT; m++)
		sum->variance[m] -= less->variance[m];
}

int64_t error_samples(const struct error *error, enum metric metric)
{
	return error->samples.of[blocks_of(metric)];
}

double error_of(const struct error *error, enum metric metric)
{
	/* Differences of sums leave a trace of what was rounded. */
	if (error_samples(error, metric) <= 0 || error->variance[metric] <= 0)
		return 0;
	return sqrt(error->variance[metric]);
}

int64_t error_rounded(const struct error *error, enum metric metric)
{
	double value = round(error_of(error, metric));

	return value < (double)DUMP_MAX_COUNT ? (int64_t)value : DUMP_MAX_COUNT;
}

bool error_is_few(const struct error *error, const struct counts *counts,
		  enum metric metric)
{
	return error_samples(error, metric) < ESTIMATE_FEW &&
	       error_of(error, metric) >
		       NEARLY_CERTAIN * fabs((double)counts->of[metric]);
}
