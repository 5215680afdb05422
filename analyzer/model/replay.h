/* SPDX-License-Identifier: MIT */
/*
 * One possible course of what a stack allocated, for formats that hold single
 * calls: a recording keeps sums. Its totals, the part at the peak, the part
 * live at the end and the temporary ones are those recorded; sizes within each
 * part are even, and the order of calls is made up.
 *
 * The course: what is neither live at the peak nor at the end comes and goes
 * first, one block at a time, so that nothing exceeds the peak; then the
 * blocks of the peak come, of all stacks; then those of them go that are not
 * live at the end; then those come that are live only at the end.
 */
#ifndef MEMPROF_ANALYZER_MODEL_REPLAY_H
#define MEMPROF_ANALYZER_MODEL_REPLAY_H

#include <stdint.h>

#include "analyzer/model/counts.h"

/* Blocks of even sizes: the first large ones have one byte more. */
struct replay_part {
	int64_t blocks, bytes;
};

struct replay {
	struct replay_part passing; /* neither at the peak nor at the end */
	int64_t temporary;	    /* of the passing ones */
	struct replay_part peak_only;
	int64_t peak_temporary;	    /* of those: to go right after they came */
	struct replay_part lasting; /* at the peak and at the end */
	struct replay_part end_only;
};

enum {
	/* No course has these counts: they are estimates. */
	REPLAY_IMPOSSIBLE = -400
};

/* 0, or REPLAY_IMPOSSIBLE. */
int replay_plan(struct replay *ret_replay, const struct counts *counts);

/* Blocks of a part with one byte more than the others, and the others' size. */
int64_t replay_larger(const struct replay_part *part, int64_t *ret_size);

#endif
