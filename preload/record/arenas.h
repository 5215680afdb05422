/* SPDX-License-Identifier: MIT */
/*
 * Where the arenas of an interpreter lie whose objects are all recorded one by
 * one. A leak check takes them for heap then: what is left in them of objects
 * that are gone holds nothing.
 *
 * Context: any thread; may run inside malloc; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_ARENAS_H
#define MEMPROF_PRELOAD_RECORD_ARENAS_H

#include <stddef.h>

#define MP_ARENAS_MAX 16384u /* more are roots, as all other memory is */

void mp_arenas_add(const void *addr, size_t bytes);

/* One that was not added is nothing. */
void mp_arenas_remove(const void *addr);

typedef void mp_arenas_fn(void *arg, const void *addr, size_t bytes);
void mp_arenas_each(mp_arenas_fn *fn, void *arg);

#endif
