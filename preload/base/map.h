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

/* bytes is rounded up to pages. Pages cost memory only once touched. */
void *mp_map_new(size_t bytes);

/* bytes as given to mp_map_new(); NULL is fine. */
void mp_map_free(void *addr, size_t bytes);

#endif
