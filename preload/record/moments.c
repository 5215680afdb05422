/* SPDX-License-Identifier: MIT */
/* The moments of the timeline in the dump, and what changed between them. */
#include "config.h"

#include "preload/record/moments.h"

#include <stdatomic.h>
#include <stddef.h>

#include "preload/record/census.h"
#include "preload/record/file.h"

#define MOMENT_SEGMENT_BYTES 8192u
#define MOMENT_SEGMENT \
	(MOMENT_SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_moment))
#define MOMENTS_USABLE	(MOMENT_SEGMENT - 1)
#define MOMENT_SEGMENTS (MP_MOMENTS_MAX / MOMENTS_USABLE)

#define CHANGE_SHIFT   10
#define CHANGE_SEGMENT (1u << CHANGE_SHIFT)
#define CHANGE_SEGMENT_BYTES \
	(CHANGE_SEGMENT * (uint32_t)sizeof(struct mpf_change))
#define CHANGE_SEGMENTS (1u << 14) /* 16 Mi changes in an area */

_Static_assert(MP_MOMENTS_MAX == MOMENT_SEGMENTS * MOMENTS_USABLE,
	       "whole segments");

struct area {
	uint32_t owner;
	uint32_t moment_count;
	uint32_t interval_count;
	uint32_t change_count; /* elements under segment headers included */
	struct mpf_moment *moments[MOMENT_SEGMENTS];
	struct mpf_change *changes[CHANGE_SEGMENTS];
};

/* Protected by the lock of the timeline. */
static struct {
	struct area areas[2];
	uint32_t current;
} moments;

/* What a moment is being made of. */
struct making {
	struct area *area;
	bool may_wait;
};

static struct mpf_moment *moment_at(const struct area *area, uint32_t i)
{
	return &area->moments[i / MOMENTS_USABLE][1 + i % MOMENTS_USABLE];
}

static struct mpf_change *change_at(const struct area *area, uint32_t i)
{
	return &area->changes[i >> CHANGE_SHIFT][i & (CHANGE_SEGMENT - 1)];
}

static bool has_moment_room(struct area *area, bool may_wait)
{
	uint32_t n = area->moment_count / MOMENTS_USABLE;
	uint64_t offset;

	if (area->moment_count == MP_MOMENTS_MAX)
		return false;
	if (!area->moments[n])
		area->moments[n] = (struct mpf_moment *)mp_file_segment(
			MPF_SEG_MOMENTS, area->owner, sizeof(struct mpf_moment),
			(uint64_t)n * MOMENT_SEGMENT, MOMENT_SEGMENT_BYTES,
			may_wait, &offset);
	return area->moments[n] != NULL;
}

/* Appends a change; it counts once a moment says so. */
static bool add_change(void *arg, const struct mpf_change *change)
{
	const struct making *making = arg;
	struct area *area = making->area;
	uint32_t n = area->change_count >> CHANGE_SHIFT;
	uint64_t offset;

	if (n == CHANGE_SEGMENTS)
		return false;
	if (!area->changes[n])
		area->changes[n] = (struct mpf_change *)mp_file_segment(
			MPF_SEG_CHANGES, area->owner, sizeof(*change),
			(uint64_t)n << CHANGE_SHIFT, CHANGE_SEGMENT_BYTES,
			making->may_wait, &offset);
	if (!area->changes[n])
		return false;
	if (area->change_count % CHANGE_SEGMENT == 0)
		area->change_count++; /* the segment's header */
	*change_at(area, area->change_count) = *change;
	area->change_count++;
	return true;
}

/* Room was made. All of it is written before ns is. */
static void append(struct area *area, const struct mpf_moment *moment)
{
	struct mpf_moment *to = moment_at(area, area->moment_count);
	uint64_t ns = moment->ns;

	*to = *moment;
	to->ns = 0;
	__atomic_store_n(&to->ns, ns, __ATOMIC_RELEASE);
	area->moment_count++;
	area->interval_count += moment->kind == MPF_MOMENT_INTERVAL;
}

bool mp_moments_add(struct mpf_moment *moment, bool may_wait)
{
	struct area *area = &moments.areas[moments.current];
	const struct mpf_header *header = mp_file.header;
	const bool is_mark = moment->kind == MPF_MOMENT_MARK;
	const uint32_t first = area->change_count;
	struct making making = { area, may_wait };
	struct mp_census sums;

	if (area->moment_count - area->interval_count >= MP_MOMENTS_NAMED &&
	    moment->kind != MPF_MOMENT_INTERVAL)
		return false;
	if (!has_moment_room(area, may_wait))
		return false;
	moment->peak_epoch =
		__atomic_load_n(&header->peak_epoch, __ATOMIC_ACQUIRE);
	moment->peak_bytes =
		__atomic_load_n(&header->peak_bytes, __ATOMIC_RELAXED);
	moment->peak_ns = __atomic_load_n(&header->peak_ns, __ATOMIC_RELAXED);
	if (!mp_census_take(&sums, is_mark ? NULL : add_change, &making)) {
		area->change_count = first;
		return false;
	}
	moment->allocs = sums.allocs;
	moment->alloc_bytes = sums.alloc_bytes;
	moment->frees = sums.frees;
	moment->free_bytes = sums.free_bytes;
	moment->overflow = sums.overflow;
	moment->first_change = first;
	moment->change_count = area->change_count - first;
	append(area, moment);
	return true;
}

bool mp_moments_is_full(void)
{
	const struct area *area = &moments.areas[moments.current];

	return area->interval_count >= MP_MOMENTS_INTERVALS ||
	       area->change_count >= MP_MOMENTS_CHANGES;
}

/* Changes of a moment that is left out and of its successor, in the order of
 * their lines; of a slot that both have the successor's. */
static bool join(struct making *making, const struct area *from,
		 const struct mpf_moment *out, const struct mpf_moment *next)
{
	uint32_t a = out ? out->first_change : 0;
	uint32_t a_end = out ? a + out->change_count : 0;
	uint32_t b = next->first_change, b_end = b + next->change_count;

	for (;;) {
		const struct mpf_change *left, *right;

		a += a < a_end && a % CHANGE_SEGMENT == 0;
		b += b < b_end && b % CHANGE_SEGMENT == 0;
		left = a < a_end ? change_at(from, a) : NULL;
		right = b < b_end ? change_at(from, b) : NULL;
		if (!left && !right)
			return true;
		if (left && right && left->line == right->line) {
			a++;
			left = NULL;
		}
		if (left && (!right || left->line < right->line)) {
			if (!add_change(making, left))
				return false;
			a++;
		} else {
			if (!add_change(making, right))
				return false;
			b++;
		}
	}
}

/* The last moment that has changes, which is never left out. */
static uint32_t last_of(const struct area *area)
{
	uint32_t i = area->moment_count;

	while (i > 0 && moment_at(area, i - 1)->kind == MPF_MOMENT_MARK)
		i--;
	return i - 1;
}

static bool copy_thinned(const struct area *from, struct making *making)
{
	const uint32_t last = last_of(from);
	const struct mpf_moment *out = NULL;
	bool is_second = false;

	for (uint32_t i = 0; i < from->moment_count; i++) {
		const struct mpf_moment *moment = moment_at(from, i);
		struct mpf_moment copy = *moment;

		if (moment->kind == MPF_MOMENT_INTERVAL) {
			bool is_out = is_second && i != last && !out;

			is_second = !is_second;
			if (is_out) {
				out = moment;
				continue;
			}
		}
		if (!has_moment_room(making->area, making->may_wait))
			return false;
		copy.first_change = making->area->change_count;
		if (moment->kind != MPF_MOMENT_MARK) {
			if (!join(making, from, out, moment))
				return false;
			out = NULL;
		}
		copy.change_count =
			making->area->change_count - copy.first_change;
		append(making->area, &copy);
	}
	return true;
}

/* What an area held the last time. Nobody reads it. */
static void clear(struct area *area)
{
	for (uint32_t n = 0; n < MOMENT_SEGMENTS && area->moments[n]; n++)
		for (uint32_t i = 1; i < MOMENT_SEGMENT; i++)
			area->moments[n][i].ns = 0;
	area->moment_count = area->interval_count = 0;
	area->change_count = 0;
}

bool mp_moments_thin(bool may_wait)
{
	const struct area *from = &moments.areas[moments.current];
	struct area *to = &moments.areas[!moments.current];
	struct making making = { to, may_wait };

	bool is_thinned;

	to->owner = !moments.current;
	/* Before anything that a reader may still be at is overwritten. */
	__atomic_fetch_add(&mp_file.header->thin_sequence, 1, __ATOMIC_SEQ_CST);
	clear(to);
	is_thinned = copy_thinned(from, &making);
	if (is_thinned) {
		moments.current = !moments.current;
		__atomic_store_n(&mp_file.header->timeline_area,
				 moments.current, __ATOMIC_RELEASE);
	}
	__atomic_fetch_add(&mp_file.header->thin_sequence, 1, __ATOMIC_SEQ_CST);
	return is_thinned;
}

void mp_moments_forked(void)
{
	for (unsigned n = 0; n < 2; n++) {
		struct area *area = &moments.areas[n];

		/* As far as they were used: the tables are long. */
		for (uint32_t i = 0; i < MOMENT_SEGMENTS; i++)
			area->moments[i] = NULL;
		for (uint32_t i = 0; i < CHANGE_SEGMENTS && area->changes[i];
		     i++)
			area->changes[i] = NULL;
		area->owner = n;
		area->moment_count = area->interval_count = 0;
		area->change_count = 0;
	}
	moments.current = 0;
}
