/* SPDX-License-Identifier: MIT */
/*
 * memprof.h - what a program may ask of the recorder.
 *
 * Whatever is in capitals may be used whether or not libmemprof.so is
 * preloaded: without it they do nothing and return 0 (where they say no other),
 * so nothing needs to be linked. Any thread may use them; none allocates from
 * malloc, changes errno or fails. memprof.h(3) says the same at length.
 */
#ifndef MEMPROF_H
#define MEMPROF_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Recording: is it on, and off and on again.
 */

/* Defined by libmemprof.so; do not call these directly. */
extern int memprof_is_recording(void) __attribute__((weak));
extern void memprof_pause(void) __attribute__((weak));
extern void memprof_resume(void) __attribute__((weak));
extern int memprof_mark(const char *name) __attribute__((weak));
extern int memprof_snapshot(const char *name) __attribute__((weak));

/* 1 while new allocations of this process are recorded, else 0. */
static inline int MEMPROF_IS_RECORDING(void)
{
	return memprof_is_recording ? memprof_is_recording() : 0;
}

/*
 * Stops recording new allocations, in all threads, until MEMPROF_RESUME().
 * Frees of blocks recorded before are still counted. Does not nest.
 */
static inline void MEMPROF_PAUSE(void)
{
	if (memprof_pause)
		memprof_pause();
}

static inline void MEMPROF_RESUME(void)
{
	if (memprof_resume)
		memprof_resume();
}

/*
 * Pools: memory that the program hands out itself, from chunks that it got by
 * malloc(), mmap() or otherwise. Each block that is told of is recorded with
 * the stack of who told of it, as one of a call of its own ("custom").
 */

/* Defined by libmemprof.so; do not call these directly. */
extern void memprof_pool_alloc(const void *block, size_t bytes)
	__attribute__((weak));
extern void memprof_pool_free(const void *block) __attribute__((weak));
extern void memprof_pool_reset(const void *start, size_t bytes)
	__attribute__((weak));
extern void memprof_pool_chunk(const void *chunk) __attribute__((weak));

/*
 * The pool gives out block, of so many bytes as were asked for. Any address,
 * of any alignment, but one block at one address at a time. Say so before
 * another thread may give it back. Macros, so that no frame of this header
 * stands between the pool's function and the record.
 */
#define MEMPROF_POOL_ALLOC(block, bytes)                      \
	do {                                                  \
		if (memprof_pool_alloc)                       \
			memprof_pool_alloc((block), (bytes)); \
	} while (0)

/* The pool has block back; NULL is nothing. Say so before another thread may
 * be given it. */
#define MEMPROF_POOL_FREE(block)                  \
	do {                                      \
		if (memprof_pool_free)            \
			memprof_pool_free(block); \
	} while (0)

/* The pool has every block back that begins in [start, start + bytes). Takes
 * as long as looking at every block of every pool. */
#define MEMPROF_POOL_RESET(start, bytes)                      \
	do {                                                  \
		if (memprof_pool_reset)                       \
			memprof_pool_reset((start), (bytes)); \
	} while (0)

/*
 * The memory at chunk, which malloc() or its like gave, holds a pool from now
 * on: it counts as given back, so that no byte is live twice, and free(chunk)
 * gives back whatever the pool still has in it. Not to be given to realloc().
 * What no malloc() gave, such as memory from mmap(), need not be told of.
 */
#define MEMPROF_POOL_CHUNK(chunk)                  \
	do {                                       \
		if (memprof_pool_chunk)            \
			memprof_pool_chunk(chunk); \
	} while (0)

/*
 * Names this instant on the timeline of the dump. name is copied, its first
 * 63 bytes; the C library's locale does not matter. Cheap enough for phases,
 * not for inner loops: it reads all counters. 1 when it was taken, 0 without
 * recording, without a timeline, without room (about 2,000 fit), or in a
 * signal handler that interrupted another one.
 */
static inline int MEMPROF_MARK(const char *name)
{
	return memprof_mark ? memprof_mark(name) : 0;
}

/*
 * Keeps what is live and what was allocated by now, of each call stack, in
 * the dump: "memprof report DUMP@name" shows it. The same name may be given
 * again: then the latest is meant. NULL or "": "snapshot-1" and so on. Exact
 * for the calling thread; other threads that go on meanwhile are seen at some
 * instant during the call. Returns as MEMPROF_MARK() does.
 */
static inline int MEMPROF_SNAPSHOT(const char *name)
{
	return memprof_snapshot ? memprof_snapshot(name) : 0;
}

/*
 * Leaks. Looks which blocks the program can still reach, from its variables,
 * its threads' stacks and registers and its other writable memory, and writes
 * what it finds into the dump, in place of what an earlier call found; memprof
 * leaks prints it. The other threads stand still for a moment, and the caller
 * waits until it is done: about a second for each gigabyte in use.
 *
 * 1: blocks are lost, nothing leads to them. 0: none is. -1: nothing is known,
 * the reason stands in the dump. Not for signal handlers. The functions of
 * <sanitizer/lsan_interface.h> work too.
 */
extern int memprof_leak_check(void) __attribute__((weak));

static inline int MEMPROF_LEAK_CHECK(void)
{
	return memprof_leak_check ? memprof_leak_check() : -1;
}

#ifdef __cplusplus
}
#endif

#endif
