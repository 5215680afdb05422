/* SPDX-License-Identifier: MIT */
/* The census of the slots of all writers. */
#include "config.h"

#include "preload/record/census.h"

#include <stddef.h>

#include "preload/base/map.h"
#include "preload/record/counters.h"
#include "preload/record/file.h"

#define ROOM_FIRST  64u
#define ARENA_BYTES (1u << 18) /* holds what is remembered of 32,768 slots */

/* A segment of slots. A slot's events so far tell whether it changed. */
struct segment {
	const struct mpf_slot *slots;
	uint64_t *told; /* allocs + frees of each when it was last told */
	uint32_t count;
	uint32_t line; /* of the first */
};

/* Protected by the lock of the timeline. */
static struct {
	struct segment *segments;
	uint32_t count, room;
	uint64_t at; /* offset of the next segment of the file to look at */
	uint64_t *arena;
	uint32_t arena_left; /* words */
} census;

static bool make_room(void)
{
	uint32_t room = census.room ? 2 * census.room : ROOM_FIRST;
	struct segment *segments;

	if (census.count < census.room)
		return true;
	segments = mp_map_new(room * sizeof(*segments));
	if (!segments)
		return false;
	for (uint32_t i = 0; i < census.count; i++)
		segments[i] = census.segments[i];
	if (census.segments)
		mp_map_free(census.segments, census.room * sizeof(*segments));
	census.segments = segments;
	census.room = room;
	return true;
}

static uint64_t *words_new(uint32_t count)
{
	uint64_t *words;

	if (census.arena_left < count) {
		words = mp_map_new(ARENA_BYTES);
		if (!words)
			return NULL;
		census.arena = words;
		census.arena_left = ARENA_BYTES / sizeof(*words);
	}
	words = census.arena;
	census.arena += count;
	census.arena_left -= count;
	return words;
}

static bool add_segment(const struct mpf_segment *segment, uint64_t offset)
{
	const uint32_t count =
		(uint32_t)(segment->bytes / sizeof(struct mpf_slot)) - 1;
	uint64_t *told;

	if (!make_room())
		return false;
	told = words_new(count);
	if (!told)
		return false;
	census.segments[census.count++] = (struct segment) {
		.slots = (const struct mpf_slot *)segment + 1,
		.told = told,
		.count = count,
		.line = (uint32_t)(offset / sizeof(struct mpf_slot)) + 1,
	};
	return true;
}

/* Segments that came since the last time. */
static bool look_for_segments(void)
{
	uint64_t used =
		__atomic_load_n(&mp_file.header->used_bytes, __ATOMIC_ACQUIRE);

	if (census.at == 0)
		census.at = MPF_HEADER_BYTES;
	while (census.at < used) {
		const struct mpf_segment *segment = mp_file_at(census.at);

		if (segment->type == MPF_SEG_SLOTS &&
		    !add_segment(segment, census.at))
			return false;
		census.at += segment->bytes;
	}
	return true;
}

/* Each pair as it was at one instant. */
static void read_slot(const struct mpf_slot *slot, struct mpf_change *ret)
{
	*(mp_pair *)&ret->allocs = mp_pair_get(&slot->allocs);
	*(mp_pair *)&ret->frees = mp_pair_get(&slot->frees);
	*(mp_pair *)&ret->peak_blocks = mp_pair_get(&slot->peak_blocks);
	ret->epoch = __atomic_load_n(&slot->epoch, __ATOMIC_RELAXED);
	ret->temporary = __atomic_load_n(&slot->temporary, __ATOMIC_RELAXED);
}

static void forget_told(void)
{
	for (uint32_t s = 0; s < census.count; s++)
		for (uint32_t i = 0; i < census.segments[s].count; i++)
			census.segments[s].told[i] = 0;
}

static bool take_segment(const struct segment *segment, struct mp_census *sums,
			 mp_census_fn *fn, void *arg)
{
	for (uint32_t i = 0; i < segment->count; i++) {
		_Alignas(16) struct mpf_change change;
		uint64_t events;

		if (__atomic_load_n(&segment->slots[i].class_node,
				    __ATOMIC_ACQUIRE) == 0)
			break; /* given out in order */
		read_slot(&segment->slots[i], &change);
		sums->allocs += change.allocs;
		sums->alloc_bytes += change.alloc_bytes;
		sums->frees += change.frees;
		sums->free_bytes += change.free_bytes;
		events = change.allocs + change.frees;
		if (!fn || segment->told[i] == events)
			continue;
		change.line = segment->line + i;
		if (!fn(arg, &change))
			return false;
		segment->told[i] = events;
	}
	return true;
}

static struct mpf_overflow read_overflow(void)
{
	const struct mpf_overflow *lost = &mp_file.header->overflow;

	return (struct mpf_overflow) {
		.allocs = __atomic_load_n(&lost->allocs, __ATOMIC_RELAXED),
		.alloc_bytes =
			__atomic_load_n(&lost->alloc_bytes, __ATOMIC_RELAXED),
		.frees = __atomic_load_n(&lost->frees, __ATOMIC_RELAXED),
		.free_bytes =
			__atomic_load_n(&lost->free_bytes, __ATOMIC_RELAXED),
	};
}

bool mp_census_take(struct mp_census *ret_census, mp_census_fn *fn, void *arg)
{
	struct mp_census sums = { 0 };

	if (!look_for_segments())
		return false;
	sums.overflow = read_overflow();
	sums.allocs = sums.overflow.allocs;
	sums.alloc_bytes = sums.overflow.alloc_bytes;
	sums.frees = sums.overflow.frees;
	sums.free_bytes = sums.overflow.free_bytes;
	for (uint32_t s = 0; s < census.count; s++) {
		if (take_segment(&census.segments[s], &sums, fn, arg))
			continue;
		forget_told();
		return false;
	}
	*ret_census = sums;
	return true;
}

void mp_census_forked(void)
{
	/* Private copies of the parent's; not unmapped, because this may be a
	 * handler that interrupted a census. */
	census.segments = NULL;
	census.count = census.room = 0;
	census.at = 0;
	census.arena = NULL;
	census.arena_left = 0;
}
