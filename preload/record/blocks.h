/* SPDX-License-Identifier: MIT */
/*
 * The live blocks: a side table indexed by address, two levels, no hashing,
 * no locks, nothing in the user's blocks. It holds the class and the exact
 * size of each block, and nothing for any other address, so a pointer that we
 * never saw is merely unknown.
 *
 * A granule is what every block is aligned to: 16 bytes with glibc, 8 with
 * allocators that have 8-byte blocks. An entry is 32 bits a granule. A block
 * begins with the word
 *	class | (size + 1) << 28	when granules are 8 and size <= 8,
 *	class				otherwise, then the word
 *	size				below UINT32_MAX; else UINT32_MAX and
 *					two words with the 64-bit size.
 * It owns that many granules: glibc's least chunk is 32 bytes; elsewhere a
 * size over 8 takes 16.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. A block's entry is written only by whoever owns the
 * block: after the allocator gave it, before the allocator gets it back.
 */
#ifndef MEMPROF_PRELOAD_RECORD_BLOCKS_H
#define MEMPROF_PRELOAD_RECORD_BLOCKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_block {
	uint32_t class_node;
	uint64_t bytes; /* requested */
};

/* Boot only. granule_shift: 3 or 4. False without memory. */
bool mp_blocks_init(unsigned granule_shift);

/* True when addr is a live block. */
bool mp_blocks_has(const void *addr);

/* Makes room for an entry; false when the address cannot be tracked. */
bool mp_blocks_reserve(const void *addr);

/* After mp_blocks_reserve() for this address, or mp_blocks_take() of it. */
void mp_blocks_add(const void *addr, struct mp_block block);

/* Forgets a block; false when there was none. */
bool mp_blocks_take(const void *addr, struct mp_block *ret_block);

/* Every live block once, in order of address. Nobody may change the table.
 * Nothing when memory is out. */
typedef void mp_block_fn(void *arg, struct mp_block block);
void mp_blocks_each(mp_block_fn *fn, void *arg);

#endif
