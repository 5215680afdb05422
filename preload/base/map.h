/* SPDX-License-Identifier: MIT */
/*
 * Private zeroed memory straight from the kernel. It never comes from the
 * program's heap and is never given back piecemeal.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. NULL when the kernel refuses.
 */
#ifndef MEMPROF_PRELOAD_BASE_MAP_H
#define MEMPROF_PRELOAD_BASE_MAP_H

#include <stddef.h>
#include <stdint.h>

/* bytes is rounded up to pages. Pages cost memory only once touched. */
void *mp_map_new(size_t bytes);

/*
 * Calls fn for each mapping there is, of this process or of the one it was
 * copied from. Others may map and unmap meanwhile: those are told or not.
 */
typedef void mp_map_fn(void *arg, uintptr_t start, uintptr_t end);
void mp_map_each(mp_map_fn *fn, void *arg);

/* Bytes of them all that are in memory. One caller at a time. */
uint64_t mp_map_resident(void);

/* bytes as given to mp_map_new(); NULL is fine. */
void mp_map_free(void *addr, size_t bytes);

#endif
