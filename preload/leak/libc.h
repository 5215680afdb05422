/* SPDX-License-Identifier: MIT */
/*
 * What has to be known of glibc: which memory its malloc manages, and what a
 * thread's control block looks like. Nothing here believes what it finds
 * without checking it; what is not recognised is treated as memory of the
 * program, which may keep a leak hidden but calls nothing lost that is not.
 *
 * Context: the copy of a process, one thread.
 */
#ifndef MEMPROF_PRELOAD_LEAK_LIBC_H
#define MEMPROF_PRELOAD_LEAK_LIBC_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/leak/heap.h"
#include "preload/leak/memory.h"

/* Bytes behind the address of a control block that belong to it at least. */
#define MP_LIBC_THREAD_BYTES 2304u

/*
 * Skips the memory that the allocator manages: there only live blocks are
 * read, because freed ones hold old addresses.
 */
void mp_libc_skip_heap(struct mp_memory *memory, const struct mp_heap *heap,
		       bool is_libc);

/*
 * The bookkeeping of malloc's main arena in a writable part of libc. It holds
 * addresses of free memory, and these may lie in the last word of a block.
 * False: not found.
 */
bool mp_libc_find_arena(uint64_t start, uint64_t end,
			struct mp_memory_span *ret_span);

/* Is this readable address that of a thread's control block? */
bool mp_libc_is_thread(uint64_t addr);

/* The thread's id in a control block, 0: it is gone. own: the caller's, whose
 * id is known, to see where it stands. */
uint32_t mp_libc_thread_id(uint64_t addr, uint64_t own, uint32_t own_tid);

/* The address of its table of thread-local blocks. */
uint64_t mp_libc_thread_vector(uint64_t addr);

#endif
