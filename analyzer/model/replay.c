/* SPDX-License-Identifier: MIT */
/* One possible course of what a stack allocated. */
#include "config.h"

#include "analyzer/model/replay.h"

#include <stdbool.h>
#include <stddef.h>

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t lesser(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool is_part(const struct replay_part *part)
{
	return part->blocks >= 0 && part->bytes >= 0 &&
	       (part->blocks > 0 || part->bytes == 0);
}

/* The course in which lasting is both at the peak and at the end. */
static bool try_lasting(struct replay *replay, const struct counts *counts,
			struct replay_part lasting)
{
	const int64_t *of = counts->of;

	replay->lasting = lasting;
	replay->peak_only.blocks = of[METRIC_PEAK_BLOCKS] - lasting.blocks;
	replay->peak_only.bytes = of[METRIC_PEAK_BYTES] - lasting.bytes;
	replay->end_only.blocks = of[METRIC_LIVE_BLOCKS] - lasting.blocks;
	replay->end_only.bytes = of[METRIC_LIVE_BYTES] - lasting.bytes;
	replay->passing.blocks = of[METRIC_ALLOCATIONS] -
				 of[METRIC_PEAK_BLOCKS] -
				 replay->end_only.blocks;
	replay->passing.bytes = of[METRIC_ALLOCATED_BYTES] -
				of[METRIC_PEAK_BYTES] - replay->end_only.bytes;
	replay->temporary =
		lesser(of[METRIC_TEMPORARY], replay->passing.blocks);
	/* Each thread may have had one at the peak. */
	replay->peak_temporary =
		lesser(of[METRIC_TEMPORARY] - replay->temporary,
		       replay->peak_only.blocks);
	return is_part(&replay->lasting) && is_part(&replay->peak_only) &&
	       is_part(&replay->end_only) && is_part(&replay->passing);
}

/* With so many blocks that last: as many bytes of them as can be. */
static bool try_blocks(struct replay *replay, const struct counts *counts,
		       int64_t blocks)
{
	const int64_t *of = counts->of;
	int64_t peak = of[METRIC_PEAK_BYTES], live = of[METRIC_LIVE_BYTES];
	int64_t least = greater(0, peak + live - of[METRIC_ALLOCATED_BYTES]);
	int64_t most = lesser(peak, live);
	const int64_t bytes[] = { most, least, peak, live, 0 };

	if (blocks < 0)
		return false;
	for (size_t i = 0; i < sizeof(bytes) / sizeof(bytes[0]); i++)
		if (try_lasting(replay, counts,
				(struct replay_part) { blocks, bytes[i] }))
			return true;
	return false;
}

/*
 * Only the least and the greatest number of lasting blocks pin their bytes
 * down; where the recorded course is between them, any number there will do.
 */
int replay_plan(struct replay *ret_replay, const struct counts *counts)
{
	const int64_t *of = counts->of;
	int64_t most = lesser(of[METRIC_PEAK_BLOCKS], of[METRIC_LIVE_BLOCKS]);
	int64_t least =
		greater(0, of[METRIC_PEAK_BLOCKS] + of[METRIC_LIVE_BLOCKS] -
				   of[METRIC_ALLOCATIONS]);
	struct replay replay;

	if (!try_blocks(&replay, counts, most) &&
	    !try_blocks(&replay, counts, least) &&
	    !(least + 1 < most && try_blocks(&replay, counts, least + 1)))
		return REPLAY_IMPOSSIBLE;
	*ret_replay = replay;
	return 0;
}

int64_t replay_larger(const struct replay_part *part, int64_t *ret_size)
{
	if (part->blocks == 0) {
		*ret_size = 0;
		return 0;
	}
	*ret_size = part->bytes / part->blocks;
	return part->bytes % part->blocks;
}
