/* SPDX-License-Identifier: MIT */
/*
 * The interpreter's allocators for objects and other small memory: two of its
 * domains, whose functions it lets anybody replace. Ours stand before those
 * that are there and always pass on to them, so blocks may be given by one and
 * taken back by the other. Nothing else of the interpreter is changed.
 *
 * When: as soon as the interpreter is met, before its start, and again at the
 * first event of a thread that holds its lock, because what the start was told
 * of allocators (-X dev, PYTHONMALLOC) sets them anew. Then nobody else may be
 * at the tables.
 *
 * Context: any thread; may run inside malloc; not in a signal handler; locks
 * taken: that of the interpreter's tables, held for no call out of them.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_DOMAINS_H
#define MEMPROF_PRELOAD_PYTHON_DOMAINS_H

#include <stdbool.h>
#include <stddef.h>

#include "preload/format/format.h"

/* PyMemAllocatorEx and PyObjectArenaAllocator. */
struct mp_python_allocator {
	void *ctx;
	void *(*malloc)(void *ctx, size_t bytes);
	void *(*calloc)(void *ctx, size_t count, size_t bytes);
	void *(*realloc)(void *ctx, void *old, size_t bytes);
	void (*free)(void *ctx, void *addr);
};
struct mp_python_arenas {
	void *ctx;
	void *(*alloc)(void *ctx, size_t bytes);
	void (*free)(void *ctx, void *addr, size_t bytes);
};

/* Boot only. What is to stand before the interpreter's own: ctx of a call is
 * the struct that it stands before. ctx of these is not used. */
void mp_python_wrap_with(const struct mp_python_allocator *allocator,
			 const struct mp_python_arenas *arenas);

/* Of struct mp_language: how it stands with the objects by now. */
enum mpf_python_objects mp_python_attend(void);

/* Were ours put before allocators that had given blocks already? */
extern bool mp_python_has_older;

/* Is memory of that size an arena? Frames are kept in such memory too. */
bool mp_python_is_arena(size_t bytes);

#endif
