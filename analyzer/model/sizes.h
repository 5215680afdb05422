/* SPDX-License-Identifier: MIT */
/* How large the blocks are: what was counted, by classes of sizes. */
#ifndef MEMPROF_ANALYZER_MODEL_SIZES_H
#define MEMPROF_ANALYZER_MODEL_SIZES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/estimate.h"

struct analysis;

struct sizes_row {
	unsigned bucket;
	uint64_t first, last; /* bytes a block has, both included */
	struct counts counts;
	struct error error; /* of an estimate */
};

/* Estimates in a sampled dump. What has no stack has no size either. */
struct sizes {
	struct sizes_row *rows; /* smallest first, none of them all zero */
	size_t count;
	bool is_estimate;
};

/* Of the sites that the filter keeps. 0, or DUMP_MEMORY. */
int sizes_init(struct sizes *ret_sizes, const struct analysis *analysis);
void sizes_done(struct sizes *sizes);

#endif
