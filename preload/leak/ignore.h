/* SPDX-License-Identifier: MIT */
/*
 * What the program said of its own memory: blocks that are no leaks, and
 * regions that hold pointers.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes, then what cannot be noted at once is not; locks taken: its own.
 */
#ifndef MEMPROF_PRELOAD_LEAK_IGNORE_H
#define MEMPROF_PRELOAD_LEAK_IGNORE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The block around addr is no leak, nor is what it leads to. */
void mp_ignore_block(const void *addr);

/* New blocks of this thread are no leaks between these. They nest. */
void mp_ignore_begin(void);
void mp_ignore_end(void);

/* After an address was given to somebody: whether it is ignored anew. */
void mp_ignore_allocated_slow(const void *addr);

extern _Atomic bool mp_ignore_is_used; /* false: nothing was ever said */

static inline void mp_ignore_allocated(const void *addr)
{
	if (__builtin_expect(atomic_load_explicit(&mp_ignore_is_used,
						  memory_order_relaxed),
			     0))
		mp_ignore_allocated_slow(addr);
}

/* Memory that is a root, which the program mapped or that is no block. */
#define MP_IGNORE_REGIONS 256u
void mp_ignore_add_region(const void *start, size_t bytes);
void mp_ignore_remove_region(const void *start, size_t bytes);

/* Nobody may change them: in the copy of a process. */
typedef void mp_ignore_fn(void *arg, uintptr_t start, uintptr_t end);
void mp_ignore_each_block(mp_ignore_fn *fn, void *arg);
void mp_ignore_each_region(mp_ignore_fn *fn, void *arg);

#endif
