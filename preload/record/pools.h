/* SPDX-License-Identifier: MIT */
/*
 * Blocks of the program's own pools, of which it told us. They are not in the
 * side table of blocks.h: a pool packs blocks of any alignment, and its first
 * one has the address of the block of malloc's that the pool lies in. So this
 * is a hash table by address, in shards with a lock each.
 *
 * A chunk is a block of malloc's that holds a pool. It leaves the live blocks,
 * because what the pool gives out of it is counted instead; when it is freed,
 * every block within it goes too.
 *
 * Context: any thread; may run in a signal handler: yes, but an event in a
 * shard that the handler interrupted is refused; locks taken: its own, in
 * which nothing else is called but the kernel.
 */
#ifndef MEMPROF_PRELOAD_RECORD_POOLS_H
#define MEMPROF_PRELOAD_RECORD_POOLS_H

#include "preload/record/recorder.h"

/* The pool gave a block out: addr is any address, bytes what was asked for. */
MP_REALIGN void mp_pools_alloc(const void *addr, size_t bytes,
			       const struct mp_regs *regs);

/* It has it back. NULL is nothing; an unknown address counts as foreign. */
MP_REALIGN void mp_pools_free(const void *addr);

/* It has everything back that begins in [start, start + bytes). */
MP_REALIGN void mp_pools_reset(const void *start, size_t bytes);

/* The block of malloc's at addr holds a pool from now on. */
MP_REALIGN void mp_pools_chunk(const void *addr);

/* malloc gets addr back: true when it was a chunk, whose blocks are gone. */
bool mp_pools_dissolve(const void *addr);

/* Every chunk, in a copy of the process that runs nothing else; one that was
 * being moved may come twice. */
typedef void mp_pools_chunk_fn(void *arg, uintptr_t addr, uint64_t bytes);
void mp_pools_each_chunk(mp_pools_chunk_fn *fn, void *arg);

/* Every block, with its birth; what fn returns is not used, and it must not
 * wait for anybody. */
void mp_pools_each(mp_block_fn *fn, void *arg);

/* In a forked child, after mp_blocks_each(): fn for each block, as there. */
void mp_pools_forked(mp_block_fn *fn, void *arg);

#endif
