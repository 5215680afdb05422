/* SPDX-License-Identifier: MIT */
/* How long blocks live, by class and writer. */
#include "config.h"

#include "preload/record/lifetimes.h"

#include "preload/base/map.h"
#include "preload/base/ticks.h"

#define FIRST_BYTES 4096u
#define MAX_BYTES   65536u
#define CHUNK_BYTES (sizeof(struct mpf_lifetime *) << MP_MAP_SHIFT)

/* What a writer has of them. */
struct mp_lifetimes {
	struct mpf_lifetime *next, *end;	  /* free ones */
	uint64_t first;				  /* elements so far */
	struct mpf_lifetime **map[MP_MAP_CHUNKS]; /* by class */
};

static bool add_segment(struct mp_writer *writer, struct mp_lifetimes *all)
{
	const uint64_t elem_bytes = sizeof(struct mpf_lifetime);
	uint64_t bytes = FIRST_BYTES, offset;
	struct mpf_segment *segment;

	while (bytes < MAX_BYTES && bytes < all->first * elem_bytes)
		bytes *= 4;
	segment = mp_file_segment(MPF_SEG_LIFETIMES, writer->index,
				  (uint32_t)elem_bytes, all->first, bytes,
				  !writer->is_nested, &offset);
	if (!segment)
		return false;
	all->next = (struct mpf_lifetime *)segment + 1;
	all->end = (struct mpf_lifetime *)((char *)segment + bytes);
	all->first += bytes / elem_bytes;
	return true;
}

/* The element of a class; NULL when there is no room. */
static struct mpf_lifetime *element(struct mp_writer *writer,
				    uint32_t class_node)
{
	struct mp_lifetimes *all = writer->lifetimes;
	struct mpf_lifetime ***chunk, **at;

	if (!all)
		all = writer->lifetimes = mp_map_new(sizeof(*all));
	if (!all)
		return NULL;
	chunk = &all->map[class_node >> MP_MAP_SHIFT];
	if (!*chunk)
		*chunk = mp_map_new(CHUNK_BYTES);
	if (!*chunk)
		return NULL;
	at = &(*chunk)[class_node & ((1u << MP_MAP_SHIFT) - 1)];
	if (*at)
		return *at;
	if (all->next == all->end && !add_segment(writer, all))
		return NULL;
	*at = all->next++;
	__atomic_store_n(&(*at)->class_node, class_node, __ATOMIC_RELEASE);
	return *at;
}

/* Readers of the file may look at any time. */
static void add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static void raise(uint64_t *greatest, uint64_t n)
{
	if (n > *greatest)
		__atomic_store_n(greatest, n, __ATOMIC_RELAXED);
}

/* A million blocks that live for two hours are more than 64 bits hold. */
static void add_ticks(struct mpf_lifetime *lifetime, uint64_t ticks)
{
	add(&lifetime->ticks, ticks);
	if (lifetime->ticks < ticks)
		__atomic_store_n(&lifetime->ticks_high,
				 lifetime->ticks_high + 1, __ATOMIC_RELAXED);
}

static void count_usable(uint32_t class_node, size_t bytes)
{
	struct mp_writer *writer;
	struct mpf_lifetime *lifetime;

	if (class_node == MP_NODE_OVERFLOW || bytes == 0)
		return;
	writer = mp_writer_enter();
	if (!writer)
		return;
	lifetime = element(writer, class_node);
	if (lifetime)
		add(&lifetime->usable_bytes, bytes);
	mp_writer_leave(writer);
}

void mp_lifetimes_begin(const void *addr, uint32_t class_node, size_t bytes)
{
	mp_births_keep(addr, class_node, mp_births_now());
	count_usable(class_node, mp_births_usable(addr, class_node, bytes));
}

void mp_lifetimes_begin_pooled(struct mp_block *block)
{
	block->birth = mp_births_now();
	count_usable(block->class_node, mp_births_usable_pooled(block->bytes));
}

void mp_lifetimes_end(struct mp_writer *writer, const struct mp_block *block)
{
	struct mpf_lifetime *lifetime = element(writer, block->class_node);
	uint64_t ticks = mp_ticks() - block->birth.ticks;
	uint64_t allocs = mp_births_allocs() - block->birth.allocs, sum;

	if (!lifetime)
		return;
	add(&lifetime->usable_freed_bytes, block->usable);
	if (block->birth.allocs == 0)
		return;
	/* Counters of two processors may differ a little. */
	if ((int64_t)ticks < 0)
		ticks = 0;
	add(&lifetime->blocks, 1);
	add_ticks(lifetime, ticks);
	if (!__builtin_add_overflow(lifetime->allocs, allocs, &sum))
		raise(&lifetime->allocs, sum);
	else
		raise(&lifetime->allocs, UINT64_MAX);
	raise(&lifetime->max_ticks, ticks);
	raise(&lifetime->max_allocs, allocs);
	add(&lifetime->by_ticks[mpf_age_ticks(ticks)], 1);
	add(&lifetime->by_allocs[mpf_age_allocs(allocs)], 1);
}
