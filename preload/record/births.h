/* SPDX-License-Identifier: MIT */
/*
 * Since when blocks live (MEMPROF_LIFETIMES): a table beside that of blocks.h,
 * as wide as a block owns there, mapped only when it is asked for. A birth is
 * the processor's counter and the number of allocations made by then, which
 * all threads count together.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. A birth is written only by who owns the block.
 */
#ifndef MEMPROF_PRELOAD_RECORD_BIRTHS_H
#define MEMPROF_PRELOAD_RECORD_BIRTHS_H

#include <stdbool.h>
#include <stddef.h>

#include "preload/base/settings.h"
#include "preload/record/blocks.h"

/* Set at boot. One predicted branch on the way of an event when it is off. */
extern bool mp_births_is_on;

/* Boot only. usable_size may be NULL. */
void mp_births_init(const struct mp_settings *settings,
		    size_t (*usable_size)(void *));

/* A block is born now. */
struct mp_birth mp_births_now(void);

/* Keeps it for the block at addr, which is the caller's. */
void mp_births_keep(const void *addr, uint32_t class_node,
		    struct mp_birth birth);

/* That of the block at addr; with allocs 0 when it is not known. */
struct mp_birth mp_births_of(const void *addr, uint32_t class_node);

/* The birth and the usable size of a block that is about to be given back. */
void mp_births_read(const void *addr, struct mp_block *block);

/* What a block may use, as its allocator says; 0: it does not say. Of an
 * interpreter's object: as much as was asked for. */
size_t mp_births_usable(const void *addr, uint32_t class_node, size_t bytes);

/* The same of a block of the program's own pools. */
size_t mp_births_usable_pooled(size_t bytes);

/* Allocations of all threads so far. */
uint64_t mp_births_allocs(void);

/* Reads the time beside the counter: now both are known to belong together. */
void mp_births_calibrate(void);

#endif
