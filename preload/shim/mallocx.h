/* SPDX-License-Identifier: MIT */
/*
 * jemalloc's own calls: mallocx, rallocx, xallocx, dallocx, sdallocx.
 *
 * Programs find out whether they run on jemalloc by looking whether mallocx
 * is there, so libmemprof.so must not export it: without jemalloc it would be
 * there and lead nowhere. With jemalloc, the references of the program and of
 * the libraries it started with are turned to us instead, where the dynamic
 * linker has put jemalloc's address. Those of objects loaded later, and what
 * dlsym() answers, stay jemalloc's: such blocks are not seen, and their frees
 * count as foreign.
 *
 * Context: the start of the process, one thread.
 */
#ifndef MEMPROF_PRELOAD_SHIM_MALLOCX_H
#define MEMPROF_PRELOAD_SHIM_MALLOCX_H

#include <stdbool.h>

/* From mp_next_init(), while the pool serves malloc. serves: the malloc behind
 * us, which must be jemalloc's too. */
void mp_mallocx_init(const void *serves);

/* Turns the references of what is loaded. Nothing without jemalloc; nothing
 * while the dynamic linker is still at work on them; again does no harm. */
void mp_mallocx_rebind(void);

#endif
