/* SPDX-License-Identifier: MIT */
/*
 * From roots to blocks, and from block to block.
 *
 * A word that is the address of a live block leads to it; one that points
 * inside leads to it only possibly, unless a rule says that such pointers are
 * how the language holds whole objects (see is_whole()). What a block that is
 * possibly held leads to is possibly held.
 *
 * Context: the copy of a process, one thread; memory of its own mappings.
 */
#ifndef MEMPROF_PRELOAD_LEAK_CHASE_H
#define MEMPROF_PRELOAD_LEAK_CHASE_H

#include <stddef.h>
#include <stdint.h>

#include "preload/leak/heap.h"
#include "preload/leak/memory.h"

/* What first led to a block from outside of the heap. */
struct mp_chase_origin {
	uint64_t held_at; /* see enum mpf_held */
	uint32_t root;
};

struct mp_chase {
	struct mp_heap *heap;
	struct mp_memory *memory;
	struct mp_chase_origin *origins; /* by mp_heap_block.origin */
	uint32_t origin_count;
	uint32_t *stack; /* numbers of blocks still to be read */
	size_t depth;
	uint64_t scanned_bytes;

	/* Where the words come from now. */
	uint32_t root;
	uint64_t held_base; /* taken off the address of a word: held_at */
	uint32_t from;	    /* origin of the block being read */
	uint8_t from_state; /* enum mp_heap_state */
};

/* 0 or a negative errno. */
int mp_chase_init(struct mp_chase *chase, struct mp_heap *heap,
		  struct mp_memory *memory);

/* Words from here on belong to a root. */
void mp_chase_root(struct mp_chase *chase, uint32_t root, uint64_t held_base);

/* A readable part of that root. */
void mp_chase_range(struct mp_chase *chase, uint64_t start, uint64_t end);

/* A mapping, without what is to be skipped. */
void mp_chase_map(struct mp_chase *chase, const struct mp_memory_map *map);

/* One word that is not in memory, such as a register. */
void mp_chase_word(struct mp_chase *chase, uint64_t word, uint64_t held_at);

/* The block around an address is held, wherever in it that points. */
void mp_chase_block(struct mp_chase *chase, uint64_t addr, uint64_t held_at);

/* After all roots: splits what was not reached into lost and indirect. */
void mp_chase_lost(struct mp_chase *chase);

/* The lost block that an indirectly lost one belongs to. */
const struct mp_heap_block *mp_chase_leader(const struct mp_chase *chase,
					    const struct mp_heap_block *block);

#endif
