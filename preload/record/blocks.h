/* SPDX-License-Identifier: MIT */
/*
 * The live blocks: a side table indexed by address, two levels, no hashing,
 * no locks, nothing in the user's blocks. It holds the class and the exact
 * size of each block, and nothing for any other address, so a pointer that we
 * never saw is merely unknown.
 *
 * A granule is what every block is aligned to: 16 bytes with glibc and in
 * Python's arenas, 8 with allocators that have 8-byte blocks. An entry is 32
 * bits a granule. A block begins with the word
 *	class | (size + 1) << 27	when the size is at most a granule,
 *	class				otherwise, then the word
 *	size				below UINT32_MAX; else UINT32_MAX and
 *					two words with the 64-bit size.
 * It owns that many granules, as no block is smaller than was asked for.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. A block's entry is written only by whoever owns the
 * block: after the allocator gave it, before the allocator gets it back.
 */
#ifndef MEMPROF_PRELOAD_RECORD_BLOCKS_H
#define MEMPROF_PRELOAD_RECORD_BLOCKS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* With MEMPROF_LIFETIMES, of a block that is taken: see births.h. */
struct mp_birth {
	uint64_t ticks;
	uint64_t allocs; /* 0: not known */
};

struct mp_block {
	uint32_t class_node;
	uint64_t bytes; /* requested */
	struct mp_birth birth;
	uint64_t usable;
};

#define MP_BLOCKS_ADDRESS_BITS 47
#define MP_BLOCKS_LEAF_SHIFT   22 /* granules in a leaf: 16 MiB of entries */
#define MP_BLOCKS_LEAF_ENTRIES ((size_t)1 << MP_BLOCKS_LEAF_SHIFT)
#define MP_BLOCKS_SMALL_SHIFT  27
#define MP_BLOCKS_CLASS_MASK   ((UINT32_C(1) << MP_BLOCKS_SMALL_SHIFT) - 1)

struct mp_blocks {
	unsigned shift; /* of a granule */
	size_t leaves;
	_Atomic(uint32_t *) *directory;
	uint32_t
		*used; /* numbers of the leaves there are, used_count of them */
	_Atomic size_t used_count;
};
extern struct mp_blocks mp_blocks;

/* Boot only. granule_shift: 3 or 4. False without memory. */
bool mp_blocks_init(unsigned granule_shift);

/* Makes the leaf of an address; false when it cannot be tracked. */
bool mp_blocks_new_leaf(const void *addr);

/* The first word of an address's entry; NULL without a leaf. */
static inline uint32_t *mp_blocks_entry(const void *addr)
{
	uintptr_t at = (uintptr_t)addr, granule = at >> mp_blocks.shift;
	uint32_t *leaf;

	if (__builtin_expect(at >> MP_BLOCKS_ADDRESS_BITS != 0, 0))
		return NULL;
	leaf = atomic_load_explicit(
		&mp_blocks.directory[granule >> MP_BLOCKS_LEAF_SHIFT],
		memory_order_acquire);
	return __builtin_expect(leaf != NULL, 1)
		       ? leaf + (granule & (MP_BLOCKS_LEAF_ENTRIES - 1))
		       : NULL;
}

/* How many words an entry has, and what it says; 0 when it is none. */
static inline unsigned mp_blocks_read(const uint32_t *entry,
				      struct mp_block *ret_block)
{
	uint32_t word = entry[0];

	if (!word)
		return 0;
	ret_block->class_node = word & MP_BLOCKS_CLASS_MASK;
	if (word >> MP_BLOCKS_SMALL_SHIFT) {
		ret_block->bytes = (word >> MP_BLOCKS_SMALL_SHIFT) - 1;
		return 1;
	}
	ret_block->bytes = entry[1];
	if (__builtin_expect(entry[1] != UINT32_MAX, 1))
		return 2;
	ret_block->bytes = entry[2] | (uint64_t)entry[3] << 32;
	return 4;
}

static inline void mp_blocks_store(uint32_t *word, uint32_t value)
{
	__atomic_store_n(word, value, __ATOMIC_RELAXED);
	atomic_signal_fence(memory_order_seq_cst);
}

static inline void mp_blocks_store_two(uint32_t *words, uint64_t value)
{
	__builtin_memcpy(words, &value, sizeof(value));
	atomic_signal_fence(memory_order_seq_cst);
}

/* True when addr is a live block. */
static inline bool mp_blocks_has(const void *addr)
{
	const uint32_t *entry = mp_blocks_entry(addr);

	return entry && *entry;
}

/* The entry of an address, made if need be; NULL: it cannot be tracked. */
static inline uint32_t *mp_blocks_reserve(const void *addr)
{
	uint32_t *entry = mp_blocks_entry(addr);

	if (__builtin_expect(!entry, 0) && mp_blocks_new_leaf(addr))
		entry = mp_blocks_entry(addr);
	return entry;
}

/* Into the entry of an address that holds nothing. */
static inline void mp_blocks_put(uint32_t *entry, struct mp_block block)
{
	if (block.bytes <= (UINT64_C(1) << mp_blocks.shift)) {
		entry[0] = block.class_node | (uint32_t)(block.bytes + 1)
						      << MP_BLOCKS_SMALL_SHIFT;
		return;
	}
	/* One store for both words, as a forked child sees the table as it was
	 * between any two; beyond them, the class first and the size upwards.
	 */
	if (__builtin_expect(block.bytes < UINT32_MAX, 1)) {
		mp_blocks_store_two(entry,
				    block.class_node | block.bytes << 32);
		return;
	}
	mp_blocks_store_two(entry,
			    block.class_node | (uint64_t)UINT32_MAX << 32);
	mp_blocks_store(&entry[2], (uint32_t)block.bytes);
	mp_blocks_store(&entry[3], (uint32_t)(block.bytes >> 32));
}

/* After mp_blocks_reserve() for this address, or mp_blocks_take() of it. */
static inline void mp_blocks_add(const void *addr, struct mp_block block)
{
	mp_blocks_put(mp_blocks_entry(addr), block);
}

/* Forgets a block; false when there was none. */
static inline bool mp_blocks_take(const void *addr, struct mp_block *ret_block)
{
	uint32_t *entry = mp_blocks_entry(addr);
	unsigned words;

	if (__builtin_expect(!entry, 0))
		return false;
	words = mp_blocks_read(entry, ret_block);
	if (__builtin_expect(!words, 0))
		return false;
	/* All of them, downwards: see mp_blocks_put(). */
	if (__builtin_expect(words == 4, 0)) {
		mp_blocks_store(&entry[3], 0);
		mp_blocks_store(&entry[2], 0);
	}
	if (__builtin_expect(words == 1, 0))
		mp_blocks_store(&entry[0], 0);
	else
		mp_blocks_store_two(entry, 0);
	return true;
}

/* The first live block in [from, end); NULL: none begins there. */
const void *mp_blocks_next(const void *from, const void *end);

/* Every live block once; fn returns the class it has from now on. When another
 * one, nobody may change the table meanwhile; otherwise blocks that come and
 * go are told or not. Nothing when memory is out. */
typedef uint32_t mp_block_fn(void *arg, uintptr_t addr, struct mp_block block);
void mp_blocks_each(mp_block_fn *fn, void *arg);

#endif
