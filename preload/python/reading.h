/* SPDX-License-Identifier: MIT */
/*
 * One walk: how it reads the interpreter's memory.
 *
 * Why a plain load is safe. Only the thread itself pushes and pops its frames,
 * and a frame keeps its code alive, and that its strings. While the thread
 * holds the interpreter's lock nobody else can free its state either. malloc
 * is a call into another object, so whatever the interpreter changed before it
 * is in memory. Three cases are left, and there every read is one that may
 * fail (peek.h): a signal handler, which may have interrupted a change; a
 * thread without the lock, whose state the end of the interpreter frees, but
 * for the main thread, which is who ends it; and the first walks, which prove
 * the table of offsets.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_READING_H
#define MEMPROF_PRELOAD_PYTHON_READING_H

#include "preload/python/peek.h"
#include "preload/python/python.h"

#define MP_READING_END (UINT64_C(1) << 47)

struct mp_reading {
	struct mp_language_thread *thread;
	const struct mp_python_offsets *offsets;
	uintptr_t code_type;
	uintptr_t cframe; /* of the next group, where there are such */
	uintptr_t last_cframe;
	uint64_t freed;	   /* mp_freed_get(); 0: everything is looked at */
	size_t candidates; /* thread->last[0 .. these) may be met again */
	mp_language_intern_fn *intern;
	void *arg;
	bool is_careful;
	bool is_unsure; /* some code has no id yet */
};

/* to is of a constant size, so this is one load when it is not careful. */
static inline __attribute__((always_inline)) bool
mp_reading_get(const struct mp_reading *reading, void *to, uintptr_t from,
	       size_t bytes)
{
	if (__builtin_expect(reading->is_careful, 0))
		return mp_peek_cached(reading->thread, to, from, bytes);
	if (__builtin_expect(from - 4096 >= MP_READING_END - 4096, 0))
		return false;
	__builtin_memcpy(to, (const void *)from, bytes);
	return true;
}

#define MP_READ(reading, variable, from) \
	mp_reading_get((reading), &(variable), (from), sizeof(variable))

/*
 * identity.c: the id of the code object at an address. False: it cannot be
 * read. 0: there is none now.
 */
bool mp_identity_of(struct mp_reading *reading, uintptr_t code,
		    uint32_t *ret_id);

#endif
