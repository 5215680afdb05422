/* SPDX-License-Identifier: MIT */
/*
 * Which rows of a table matter to somebody: those among the greatest by any of
 * the metrics that a table can be sorted by. The others become one sum.
 */
#ifndef MEMPROF_ANALYZER_MODEL_PICK_H
#define MEMPROF_ANALYZER_MODEL_PICK_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

struct top;

struct pick {
	uint32_t *numbers; /* of the rows picked, in their order */
	size_t count;
	size_t rest_count;  /* rows that were not */
	struct counts rest; /* self of these */
};

/* The limit greatest rows by each metric, self and cumulative; 0: all. 0, or
 * DUMP_MEMORY. */
int pick_init(struct pick *ret_pick, const struct top *top, size_t limit);
void pick_done(struct pick *pick);

#endif
