/* SPDX-License-Identifier: MIT */
/* The points of the timeline in the dump. */
#include "config.h"

#include "preload/record/points.h"

#include <stdatomic.h>
#include <stddef.h>

#include "preload/record/file.h"

#define SEGMENT_BYTES  8192u
#define SEGMENT_POINTS (SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_point))
#define USABLE	       (SEGMENT_POINTS - 1) /* the first is the header */
#define SEGMENTS       (MP_POINTS_MAX / USABLE)

/* Protected by the lock of the timeline. */
static struct {
	struct mpf_point *segments[SEGMENTS];
	uint32_t count;
} points;

_Static_assert(MP_POINTS_MAX == SEGMENTS * USABLE, "whole segments");

static struct mpf_point *at(uint32_t i)
{
	return &points.segments[i / USABLE][1 + i % USABLE];
}

static void set_ns(struct mpf_point *point, uint64_t ns)
{
	__atomic_store_n(&point->ns, ns, __ATOMIC_RELEASE);
	atomic_signal_fence(memory_order_seq_cst);
}

/* At any instant each point is whole or unused. */
static void put(struct mpf_point *to, const struct mpf_point *from)
{
	set_ns(to, 0);
	to->rss_bytes = from->rss_bytes;
	to->allocs = from->allocs;
	to->alloc_bytes = from->alloc_bytes;
	to->frees = from->frees;
	to->free_bytes = from->free_bytes;
	atomic_signal_fence(memory_order_seq_cst);
	set_ns(to, from->ns);
}

/* Keeps the first and every second one after it. In between some are there
 * twice, which readers see by their times. */
static void thin(void)
{
	uint32_t kept = (points.count + 1) / 2;

	for (uint32_t i = 1; i < kept; i++)
		put(at(i), at(2 * i));
	for (uint32_t i = kept; i < points.count; i++)
		set_ns(at(i), 0);
	points.count = kept;
}

bool mp_points_add(const struct mpf_point *point, bool may_wait,
		   bool *ret_thinned)
{
	struct mpf_point **segment;
	uint64_t offset;

	*ret_thinned = points.count == MP_POINTS_MAX;
	if (*ret_thinned)
		thin();
	segment = &points.segments[points.count / USABLE];
	if (!*segment)
		*segment = (struct mpf_point *)mp_file_segment(
			MPF_SEG_POINTS, 0, sizeof(**segment),
			(uint64_t)(points.count / USABLE) * SEGMENT_POINTS,
			SEGMENT_BYTES, may_wait, &offset);
	if (!*segment)
		return false;
	put(at(points.count), point);
	points.count++;
	return true;
}

void mp_points_forked(void)
{
	for (uint32_t i = 0; i < SEGMENTS; i++)
		points.segments[i] = NULL;
	points.count = 0;
}
