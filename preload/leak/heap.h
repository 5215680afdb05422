/* SPDX-License-Identifier: MIT */
/*
 * The live blocks as one sorted array, with an index from addresses to them.
 *
 * Context: the copy of a process, one thread; memory of its own mappings.
 */
#ifndef MEMPROF_PRELOAD_LEAK_HEAP_H
#define MEMPROF_PRELOAD_LEAK_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/leak/memory.h"

/* Greater is better known to be in use. */
enum mp_heap_state {
	MP_HEAP_UNSEEN = 0,
	MP_HEAP_POSSIBLE = 1, /* an address inside it was found */
	MP_HEAP_REACHED = 2,  /* its own address was found */
	MP_HEAP_LOST = 3,     /* nothing leads to it */
	MP_HEAP_INDIRECT = 4, /* a lost block leads to it */
};

struct mp_heap_block {
	uint64_t addr;
	uint64_t bytes; /* requested */
	uint32_t class_node;
	uint32_t origin; /* POSSIBLE, REACHED: see chase.h; INDIRECT: the */
			 /* number of a block on the way to the lost one */
	uint8_t state;	 /* enum mp_heap_state */
	bool is_unreadable;
	bool is_chunk; /* of a pool, see preload/record/pools.h: not judged */
};

#define MP_HEAP_BLOCKS_MAX (UINT32_C(1) << 31)
#define MP_HEAP_LEAF_BITS  26 /* of an address below a leaf of the index */
#define MP_HEAP_UNIT_BITS  16 /* below a unit of a leaf */
#define MP_HEAP_UNITS	   (1u << (MP_HEAP_LEAF_BITS - MP_HEAP_UNIT_BITS))

struct mp_heap_leaf {
	uint32_t first[MP_HEAP_UNITS + 1]; /* block at or behind each unit */
};

struct mp_heap {
	struct mp_heap_block *blocks; /* ascending */
	uint32_t count;
	uint32_t chunk_count; /* of them */
	uint64_t low, high;   /* no block is outside */
	struct mp_heap_leaf **leaves;
};

/* 0 or a negative errno. */
int mp_heap_read(struct mp_heap *heap);

/* Marks what cannot be read. */
void mp_heap_check(struct mp_heap *heap, const struct mp_memory *memory);

/* The block around an address; a block of no bytes has one. NULL: none. */
struct mp_heap_block *mp_heap_find(const struct mp_heap *heap, uint64_t addr);

#endif
