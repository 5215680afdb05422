/* SPDX-License-Identifier: MIT */
/* From roots to blocks, and from block to block. */
#include "config.h"

#include "preload/leak/chase.h"

#include <errno.h>

#include "preload/base/map.h"
#include "preload/record/stacks.h"

#define WORD	   sizeof(uint64_t)
#define COOKIE_MAX 64u /* greatest alignment of an array's elements */

int mp_chase_init(struct mp_chase *chase, struct mp_heap *heap,
		  struct mp_memory *memory)
{
	/* A block is read once as possibly held and once as held. */
	size_t count = heap->count + 1u;

	chase->heap = heap;
	chase->memory = memory;
	chase->stack = mp_map_new(2 * count * sizeof(*chase->stack));
	chase->origins = mp_map_new(2 * count * sizeof(*chase->origins));
	return chase->stack && chase->origins ? 0 : -ENOMEM;
}

static uint64_t load(uint64_t addr)
{
	uint64_t word;

	__builtin_memcpy(&word, (const void *)(uintptr_t)addr, sizeof(word));
	return word;
}

/* The word before a table of virtual functions' type: how far the object it
 * belongs to lies from the beginning of the whole. False: no such table. */
static bool offset_to_top(const struct mp_chase *chase, uint64_t table,
			  int64_t *ret_offset)
{
	const struct mp_memory_map *map;

	if (table % WORD || table < 2 * WORD)
		return false;
	map = mp_memory_find(chase->memory, table - 2 * WORD);
	if (!map || !map->is_readable || map->is_executable || !map->inode ||
	    map->end < table)
		return false;
	*ret_offset = (int64_t)load(table - 2 * WORD);
	return true;
}

/* Python's objects: before those that its collector looks after are its links,
 * two words, and before those again, from 3.11 on, two of classes' own. */
static bool is_object(const struct mp_heap_block *block, uint64_t inside)
{
	uint64_t pc;

	if ((inside != 2 * WORD && inside != 4 * WORD) ||
	    !mp_stacks_has(block->class_node))
		return false;
	pc = mp_stacks_pc(block->class_node);
	return MPF_PC_KIND(pc) == MPF_NODE_CLASS &&
	       MPF_CLASS_CALL(pc) >= MPF_CALL_OBJECT;
}

/*
 * Does an address inside a block stand for the whole of it? So it does where
 * compilers, libraries and interpreters put something before what they point
 * at: memcheck knows the first four cases.
 */
static bool is_whole(const struct mp_chase *chase,
		     const struct mp_heap_block *block, uint64_t addr)
{
	uint64_t inside = addr - block->addr, count;
	int64_t first, second;

	/* A pool gives out what is inside. */
	if (block->is_chunk)
		return true;
	if (block->is_unreadable || inside % WORD || block->addr % WORD ||
	    inside >= block->bytes)
		return false;
	if (is_object(block, inside))
		return true;
	/* Text that begins with its length, capacity and users. */
	if (inside == 3 * WORD && load(block->addr) <= load(block->addr + 8) &&
	    load(block->addr + 8) == block->bytes - inside - 1)
		return true;
	if (block->bytes < inside + WORD)
		return false;
	/* Memory that begins with its length. */
	if (inside == WORD && load(block->addr) == block->bytes - inside)
		return true;
	/* new[] of objects with destructors: how many there are. */
	if (inside <= COOKIE_MAX && (inside & (inside - 1)) == 0) {
		count = load(addr - WORD);
		if (count && count <= block->bytes &&
		    (block->bytes - inside) % count == 0)
			return true;
	}
	/* A base class that is not the first one. */
	return offset_to_top(chase, load(block->addr), &first) && first == 0 &&
	       offset_to_top(chase, load(addr), &second) &&
	       second == -(int64_t)inside;
}

static uint32_t number_of(const struct mp_chase *chase,
			  const struct mp_heap_block *block)
{
	return (uint32_t)(block - chase->heap->blocks);
}

static void push(struct mp_chase *chase, const struct mp_heap_block *block)
{
	chase->stack[chase->depth++] = number_of(chase, block);
}

static void raise(struct mp_chase *chase, struct mp_heap_block *block,
		  enum mp_heap_state state, uint64_t held_at)
{
	if (block->state >= state)
		return;
	block->state = (uint8_t)state;
	block->origin = chase->from;
	if (chase->root) {
		block->origin = chase->origin_count++;
		chase->origins[block->origin] = (struct mp_chase_origin) {
			.held_at = held_at,
			.root = chase->root,
		};
	}
	push(chase, block);
}

static void follow(struct mp_chase *chase, uint64_t word, uint64_t held_at)
{
	struct mp_heap_block *block = mp_heap_find(chase->heap, word);

	if (!block || block->state == MP_HEAP_REACHED)
		return;
	raise(chase, block,
	      chase->from_state == MP_HEAP_REACHED &&
			      (word == block->addr ||
			       is_whole(chase, block, word))
		      ? MP_HEAP_REACHED
		      : MP_HEAP_POSSIBLE,
	      held_at);
}

static void follow_words(void *arg, const uint64_t *words, size_t count,
			 uint64_t at)
{
	struct mp_chase *chase = arg;

	chase->scanned_bytes += count * WORD;
	for (size_t i = 0; i < count; i++)
		if (words[i] - chase->heap->low <=
		    chase->heap->high - chase->heap->low)
			follow(chase, words[i],
			       at + i * WORD - chase->held_base);
}

/* Reads all blocks that were found and not read yet. */
static void drain(struct mp_chase *chase)
{
	uint32_t root = chase->root;

	chase->root = 0;
	while (chase->depth) {
		const struct mp_heap_block *block =
			&chase->heap->blocks[chase->stack[--chase->depth]];

		if (block->is_unreadable)
			continue;
		chase->from = block->origin;
		chase->from_state = block->state;
		mp_memory_words(chase->memory, block->addr,
				block->addr + block->bytes, follow_words,
				chase);
	}
	chase->root = root;
	chase->from_state = MP_HEAP_REACHED;
}

void mp_chase_root(struct mp_chase *chase, uint32_t root, uint64_t held_base)
{
	chase->root = root;
	chase->held_base = held_base;
	chase->from_state = MP_HEAP_REACHED;
}

void mp_chase_range(struct mp_chase *chase, uint64_t start, uint64_t end)
{
	mp_memory_words(chase->memory, start, end, follow_words, chase);
	drain(chase);
}

void mp_chase_map(struct mp_chase *chase, const struct mp_memory_map *map)
{
	mp_memory_rest(chase->memory, map, follow_words, chase);
	drain(chase);
}

void mp_chase_word(struct mp_chase *chase, uint64_t word, uint64_t held_at)
{
	follow(chase, word, held_at);
	drain(chase);
}

void mp_chase_block(struct mp_chase *chase, uint64_t addr, uint64_t held_at)
{
	struct mp_heap_block *block = mp_heap_find(chase->heap, addr);

	if (block)
		raise(chase, block, MP_HEAP_REACHED, held_at);
	drain(chase);
}

/* What a lost block leads to is lost through it, be it another lost one. */
static void own_words(void *arg, const uint64_t *words, size_t count,
		      uint64_t at)
{
	struct mp_chase *chase = arg;

	(void)at;
	chase->scanned_bytes += count * WORD;
	for (size_t i = 0; i < count; i++) {
		struct mp_heap_block *block =
			mp_heap_find(chase->heap, words[i]);

		if (!block || number_of(chase, block) == chase->from ||
		    (block->state != MP_HEAP_UNSEEN &&
		     block->state != MP_HEAP_LOST))
			continue;
		if (block->state == MP_HEAP_UNSEEN)
			push(chase, block);
		block->state = MP_HEAP_INDIRECT;
		block->origin = chase->from;
	}
}

void mp_chase_lost(struct mp_chase *chase)
{
	for (uint32_t i = 0; i < chase->heap->count; i++) {
		struct mp_heap_block *block = &chase->heap->blocks[i];

		if (block->state != MP_HEAP_UNSEEN)
			continue;
		block->state = MP_HEAP_LOST;
		chase->from = i;
		push(chase, block);
		while (chase->depth) {
			block = &chase->heap
					 ->blocks[chase->stack[--chase->depth]];
			if (!block->is_unreadable)
				mp_memory_words(chase->memory, block->addr,
						block->addr + block->bytes,
						own_words, chase);
		}
	}
}

const struct mp_heap_block *mp_chase_leader(const struct mp_chase *chase,
					    const struct mp_heap_block *block)
{
	while (block->state == MP_HEAP_INDIRECT)
		block = &chase->heap->blocks[block->origin];
	return block;
}
