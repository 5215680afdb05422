/* SPDX-License-Identifier: MIT */
/*
 * How many code objects the interpreter has freed. While it stays the same,
 * code at an address is the code that was there: its names and lines need no
 * second look.
 *
 * The one place where the interpreter is not only read: the function that its
 * type of code has for the end of an object is replaced by one that counts and
 * jumps on. Where that cannot be, walks look at everything each time.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_FREED_H
#define MEMPROF_PRELOAD_PYTHON_FREED_H

#include <stdatomic.h>
#include <stdint.h>

#include "preload/python/python.h"

extern _Atomic uint64_t mp_freed_count; /* from 1; 0: it is not known */

/* Once, when an interpreter is met; its code lies in [start, end). */
void mp_freed_watch(const struct mp_python_reader *reader, uintptr_t start,
		    uintptr_t end);

/*
 * To be read before the frames. It needs no order with them: who can see other
 * code at an address was handed the interpreter, or the memory, by a lock.
 */
static inline uint64_t mp_freed_get(void)
{
	return atomic_load_explicit(&mp_freed_count, memory_order_relaxed);
}

#endif
