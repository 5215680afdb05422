/* SPDX-License-Identifier: MIT */
/* The live blocks as one sorted array. */
#include "config.h"

#include "preload/leak/heap.h"

#include <errno.h>

#include "preload/base/map.h"
#include "preload/record/blocks.h"
#include "preload/record/pools.h"

#define LEAVES ((uint64_t)1 << (MP_BLOCKS_ADDRESS_BITS - MP_HEAP_LEAF_BITS))
#define UNIT   ((uint64_t)1 << MP_HEAP_UNIT_BITS)

static uint32_t count_one(void *arg, uintptr_t addr, struct mp_block block)
{
	uint64_t *count = arg;

	(void)addr;
	++*count;
	return block.class_node;
}

static uint32_t add_one(void *arg, uintptr_t addr, struct mp_block block)
{
	struct mp_heap *heap = arg;

	heap->blocks[heap->count++] = (struct mp_heap_block) {
		.addr = addr,
		.bytes = block.bytes,
		.class_node = block.class_node,
	};
	return block.class_node;
}

static void count_chunk(void *arg, uintptr_t addr, uint64_t bytes)
{
	uint64_t *count = arg;

	(void)addr;
	(void)bytes;
	++*count;
}

static void add_chunk(void *arg, uintptr_t addr, uint64_t bytes)
{
	struct mp_heap *heap = arg;

	heap->blocks[heap->count++] = (struct mp_heap_block) {
		.addr = addr,
		.bytes = bytes,
		.is_chunk = true,
	};
	heap->chunk_count++;
}

static bool is_before(const struct mp_heap_block *a,
		      const struct mp_heap_block *b)
{
	return a->addr < b->addr;
}

/*
 * The table gives ascending runs, one per leaf of it, in the order in which
 * the leaves were made: few runs, so that merging neighbours is enough.
 */
static void merge(struct mp_heap_block *to, const struct mp_heap_block *from,
		  size_t low, size_t middle, size_t high)
{
	size_t a = low, b = middle;

	for (size_t i = low; i < high; i++) {
		bool is_first = a < middle &&
				(b == high || !is_before(&from[b], &from[a]));

		to[i] = is_first ? from[a++] : from[b++];
	}
}

static size_t run_end(const struct mp_heap_block *blocks, size_t at,
		      size_t count)
{
	at++;
	while (at < count && !is_before(&blocks[at], &blocks[at - 1]))
		at++;
	return at;
}

static int sort(struct mp_heap *heap)
{
	size_t bytes = heap->count * sizeof(*heap->blocks);
	struct mp_heap_block *other = NULL;

	while (run_end(heap->blocks, 0, heap->count) < heap->count) {
		struct mp_heap_block *blocks = heap->blocks;
		size_t low = 0;

		if (!other)
			other = mp_map_new(bytes);
		if (!other)
			return -ENOMEM;
		while (low < heap->count) {
			size_t middle = run_end(blocks, low, heap->count);
			size_t high = middle;

			if (middle < heap->count)
				high = run_end(blocks, middle, heap->count);
			merge(other, blocks, low, middle, high);
			low = high;
		}
		heap->blocks = other;
		other = blocks;
	}
	mp_map_free(other, bytes);
	return 0;
}

static struct mp_heap_leaf *leaf_of(struct mp_heap *heap, uint64_t number)
{
	if (!heap->leaves[number])
		heap->leaves[number] = mp_map_new(sizeof(struct mp_heap_leaf));
	return heap->leaves[number];
}

/* Makes a leaf for everything that a block covers, then says where each unit
 * begins. */
static int index_blocks(struct mp_heap *heap)
{
	uint32_t next = 0;

	heap->leaves = mp_map_new(LEAVES * sizeof(struct mp_heap_leaf *));
	if (!heap->leaves)
		return -ENOMEM;
	for (uint32_t i = 0; i < heap->count; i++) {
		const struct mp_heap_block *block = &heap->blocks[i];
		uint64_t last = block->addr + block->bytes;

		if (last > heap->high)
			heap->high = last;
		last >>= MP_HEAP_LEAF_BITS;
		for (uint64_t leaf = block->addr >> MP_HEAP_LEAF_BITS;
		     leaf <= last && leaf < LEAVES; leaf++)
			if (!leaf_of(heap, leaf))
				return -ENOMEM;
	}
	for (uint64_t leaf = 0; leaf < LEAVES; leaf++) {
		struct mp_heap_leaf *at = heap->leaves[leaf];
		uint64_t start = leaf << MP_HEAP_LEAF_BITS;

		if (!at)
			continue;
		for (unsigned i = 0; i <= MP_HEAP_UNITS; i++) {
			while (next < heap->count &&
			       heap->blocks[next].addr < start + i * UNIT)
				next++;
			at->first[i] = next;
		}
	}
	return 0;
}

int mp_heap_read(struct mp_heap *heap)
{
	uint64_t count = 0;
	int ret;

	mp_blocks_each(count_one, &count);
	mp_pools_each_chunk(count_chunk, &count);
	if (count >= MP_HEAP_BLOCKS_MAX)
		return -E2BIG;
	heap->blocks = mp_map_new((count + 1) * sizeof(*heap->blocks));
	if (!heap->blocks)
		return -ENOMEM;
	mp_blocks_each(add_one, heap);
	mp_pools_each_chunk(add_chunk, heap);
	if (!heap->count)
		return 0;
	ret = sort(heap);
	if (ret < 0)
		return ret;
	heap->low = heap->blocks[0].addr;
	return index_blocks(heap);
}

void mp_heap_check(struct mp_heap *heap, const struct mp_memory *memory)
{
	const struct mp_memory_map *map = NULL;

	for (uint32_t i = 0; i < heap->count; i++) {
		struct mp_heap_block *block = &heap->blocks[i];
		uint64_t end = block->addr + block->bytes;

		if (!map || block->addr >= map->end)
			map = mp_memory_find(memory, block->addr);
		if (map && block->addr >= map->start && end <= map->end &&
		    map->is_readable)
			continue;
		block->is_unreadable =
			!mp_memory_is_readable(memory, block->addr, end);
	}
}

struct mp_heap_block *mp_heap_find(const struct mp_heap *heap, uint64_t addr)
{
	const struct mp_heap_leaf *leaf;
	struct mp_heap_block *block;
	uint32_t low, high;
	unsigned unit;

	if (addr < heap->low || addr > heap->high)
		return NULL;
	leaf = heap->leaves[addr >> MP_HEAP_LEAF_BITS];
	if (!leaf)
		return NULL;
	unit = (unsigned)(addr >> MP_HEAP_UNIT_BITS) & (MP_HEAP_UNITS - 1);
	/* The last one that begins at addr or before. */
	low = leaf->first[unit];
	high = leaf->first[unit + 1];
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;

		if (heap->blocks[middle].addr <= addr)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == 0)
		return NULL;
	block = &heap->blocks[low - 1];
	if (addr - block->addr < block->bytes || addr == block->addr)
		return block;
	return NULL;
}
