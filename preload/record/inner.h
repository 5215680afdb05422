/* SPDX-License-Identifier: MIT */
/*
 * Calls of malloc within a call of another allocator that is recorded by
 * itself and has its memory from malloc, as Python's has. What malloc gives
 * meanwhile is no block of its own: the last one may be, or hold, what the
 * other allocator is about to give out, which is counted as what was asked of
 * that. All others are what it keeps for its books, and count as malloc's.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none but the recorder's; errno kept.
 */
#ifndef MEMPROF_PRELOAD_RECORD_INNER_H
#define MEMPROF_PRELOAD_RECORD_INNER_H

#include <stdbool.h>
#include <stddef.h>

#include "preload/record/recorder.h"

struct mp_inner {
	bool is_inside;
	enum mpf_call call;
	const void *addr; /* malloc's last block meanwhile; NULL: none */
	size_t bytes;
	const struct mp_regs *regs; /* of who called the other allocator */
};
extern __thread struct mp_inner mp_inner;

static inline bool mp_inner_is_inside(void)
{
	return __builtin_expect(mp_inner.is_inside, 0);
}

static inline void mp_inner_begin(const struct mp_regs *regs)
{
	mp_inner.addr = NULL;
	mp_inner.regs = regs;
	mp_inner.is_inside = true;
}

/* malloc gave a block inside. */
void mp_inner_alloc(const void *addr, size_t bytes, enum mpf_call call);

/* malloc has it back or moves it: is that no business of the recorder's? */
bool mp_inner_forgets(const void *addr);

/* Counts that last block. */
void mp_inner_keep(void);

/* The other allocator gave addr, or NULL. */
static inline void mp_inner_end(const void *addr)
{
	const size_t at =
		(size_t)((const char *)addr - (const char *)mp_inner.addr);

	mp_inner.is_inside = false;
	if (__builtin_expect(mp_inner.addr != NULL, 0) && at > mp_inner.bytes)
		mp_inner_keep();
}

#endif
