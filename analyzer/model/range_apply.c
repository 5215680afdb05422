/* SPDX-License-Identifier: MIT */
/* A dump as it was at an earlier instant. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/range.h"
#include "analyzer/model/region.h"

/* What slots had counted at an instant: one for each, all zero at the start.
 * To be freed as a region. NULL: no memory. */
static struct mpf_change *state_at(const struct dump *dump,
				   const struct range_edge *edge)
{
	struct mpf_change *state = region_new(dump->slot_count, sizeof(*state));

	if (!state || edge->kind == RANGE_START)
		return state;
	if (edge->kind == RANGE_END) {
		for (size_t i = 0; i < dump->slot_count; i++) {
			const struct mpf_slot *slot = &dump->slots[i];

			state[i] = (struct mpf_change) {
				.allocs = slot->allocs,
				.alloc_bytes = slot->alloc_bytes,
				.frees = slot->frees,
				.free_bytes = slot->free_bytes,
				.peak_blocks = slot->peak_blocks,
				.peak_bytes = slot->peak_bytes,
				.epoch = slot->epoch,
				.temporary = slot->temporary,
			};
		}
		return state;
	}
	for (size_t m = 0; m <= edge->moment; m++) {
		const struct mpf_moment *moment = &dump->moments[m];

		for (uint32_t i = 0; i < moment->change_count; i++) {
			const struct mpf_change *change =
				&dump->changes[moment->first_change + i];

			if (change->line)
				state[change->line - 1] = *change;
		}
	}
	return state;
}

static struct mpf_overflow overflow_at(const struct dump *dump,
				       const struct range_edge *edge)
{
	switch (edge->kind) {
	case RANGE_START:
		return (struct mpf_overflow) { 0 };
	case RANGE_MOMENT:
		return dump->moments[edge->moment].overflow;
	case RANGE_END:
		break;
	}
	return dump->header.overflow;
}

/* A counter never goes back. */
static bool is_later(const struct dump *dump, const struct mpf_change *before,
		     const struct mpf_change *now)
{
	for (size_t i = 0; i < dump->slot_count; i++)
		if (before[i].allocs > now[i].allocs ||
		    before[i].alloc_bytes > now[i].alloc_bytes ||
		    before[i].frees > now[i].frees ||
		    before[i].free_bytes > now[i].free_bytes ||
		    before[i].temporary > now[i].temporary)
			return false;
	return true;
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/* Sums of what dump_open() had not added up: slot by slot they were checked.
 * *sum stays at most DUMP_MAX_COUNT. */
static bool fits(uint64_t *sum, uint64_t value)
{
	*sum += value;
	return *sum <= DUMP_MAX_COUNT;
}

bool range_is_sane(const struct dump *dump, const struct mpf_change *state,
		   const struct mpf_overflow *overflow)
{
	uint64_t sums[7] = { overflow->allocs, overflow->alloc_bytes,
			     overflow->frees, overflow->free_bytes };

	for (size_t i = 0; i < dump->slot_count; i++)
		if (!fits(&sums[0], state[i].allocs) ||
		    !fits(&sums[1], state[i].alloc_bytes) ||
		    !fits(&sums[2], state[i].frees) ||
		    !fits(&sums[3], state[i].free_bytes) ||
		    !fits(&sums[4], (uint64_t)llabs(state[i].peak_blocks)) ||
		    !fits(&sums[5], (uint64_t)llabs(state[i].peak_bytes)) ||
		    !fits(&sums[6], state[i].temporary))
			return false;
	return true;
}

/*
 * The peak of a range that began after the recording's: the detailed moment
 * with most live, or the end of the range.
 */
static const struct mpf_moment *best_moment(const struct dump *dump,
					    const struct range *range)
{
	const uint64_t start = dump->header.start_ns;
	const struct mpf_moment *best = NULL;

	for (size_t i = 0; i < dump->moment_count; i++) {
		const struct mpf_moment *moment = &dump->moments[i];

		if (moment->ns == 0 || moment->kind == MPF_MOMENT_MARK ||
		    moment->ns - start < range->from.ns ||
		    moment->ns - start > range->to.ns)
			continue;
		if (!best ||
		    (int64_t)(moment->alloc_bytes - moment->free_bytes) >
			    (int64_t)(best->alloc_bytes - best->free_bytes))
			best = moment;
	}
	return best;
}

/* Gives every slot what it held at another moment as its part of the peak. */
static int set_peak(struct dump *dump, const struct mpf_moment *moment)
{
	const struct range_edge edge = {
		.kind = RANGE_MOMENT,
		.moment = (size_t)(moment - dump->moments),
	};
	struct mpf_change *state = state_at(dump, &edge);

	if (!state)
		return DUMP_MEMORY;
	dump->header.peak_ns = moment->ns;
	dump->header.peak_bytes = 0;
	if (!range_is_sane(dump, state, &moment->overflow)) {
		region_free(state, dump->slot_count, sizeof(*state));
		return DUMP_CORRUPT;
	}
	for (size_t i = 0; i < dump->slot_count; i++) {
		struct mpf_slot *slot = &dump->slots[i];

		slot->epoch = dump->header.peak_epoch;
		slot->peak_blocks =
			(int64_t)state[i].allocs - (int64_t)state[i].frees;
		slot->peak_bytes = (int64_t)state[i].alloc_bytes -
				   (int64_t)state[i].free_bytes;
		dump->header.peak_bytes += (uint64_t)slot->peak_bytes;
	}
	if ((int64_t)dump->header.peak_bytes < 0)
		dump->header.peak_bytes = 0;
	region_free(state, dump->slot_count, sizeof(*state));
	return 0;
}

static void set_end(struct dump *dump, const struct range_edge *to,
		    const struct mpf_change *state)
{
	const struct mpf_moment *moment =
		to->kind == RANGE_MOMENT ? &dump->moments[to->moment] : NULL;

	if (to->kind == RANGE_END)
		return;
	for (size_t i = 0; i < dump->slot_count; i++) {
		struct mpf_slot *slot = &dump->slots[i];

		slot->allocs = state[i].allocs;
		slot->alloc_bytes = state[i].alloc_bytes;
		slot->frees = state[i].frees;
		slot->free_bytes = state[i].free_bytes;
		slot->peak_blocks = state[i].peak_blocks;
		slot->peak_bytes = state[i].peak_bytes;
		slot->epoch = state[i].epoch;
		slot->temporary = state[i].temporary;
	}
	dump->header.overflow = overflow_at(dump, to);
	dump->header.peak_epoch = moment ? moment->peak_epoch : 1;
	dump->header.peak_bytes = moment ? moment->peak_bytes : 0;
	dump->header.peak_ns = moment ? moment->peak_ns : 0;
}

int range_apply(const struct range *range, struct dump *dump)
{
	const struct mpf_overflow overflow = overflow_at(dump, &range->to);
	struct mpf_overflow before;
	struct mpf_change *state;
	int ret = 0;

	if (!range->is_set)
		return 0;
	/* The scan judged what was live when it was made, of any age; and
	 * lifetimes are of the whole recording. */
	if (range->has_from || range->to.kind != RANGE_END)
		dump->has_leaks = dump->has_lifetimes = dump->has_live = false;
	if (range->has_from) {
		dump->before = state_at(dump, &range->from);
		if (!dump->before)
			return DUMP_MEMORY;
		before = overflow_at(dump, &range->from);
		if (!range_is_sane(dump, dump->before, &before))
			return DUMP_CORRUPT;
		/* The header of a process that goes on was read earlier. */
		dump->overflow_before = (struct mpf_overflow) {
			least(before.allocs, overflow.allocs),
			least(before.alloc_bytes, overflow.alloc_bytes),
			least(before.frees, overflow.frees),
			least(before.free_bytes, overflow.free_bytes),
		};
	}
	state = state_at(dump, &range->to);
	if (!state)
		return DUMP_MEMORY;
	if (range_is_sane(dump, state, &overflow) &&
	    (!dump->before || is_later(dump, dump->before, state)))
		set_end(dump, &range->to, state);
	else
		ret = DUMP_CORRUPT;
	region_free(state, dump->slot_count, sizeof(*state));
	if (ret == 0 && range->has_from &&
	    dump->header.peak_ns < dump->header.start_ns + range->from.ns) {
		const struct mpf_moment *best = best_moment(dump, range);

		if (best)
			ret = set_peak(dump, best);
	}
	return ret;
}
