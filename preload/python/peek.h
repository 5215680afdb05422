/* SPDX-License-Identifier: MIT */
/*
 * Reads of memory that may be gone. The kernel copies, so that what is not
 * there is an answer and no signal, in blocks that are kept for one walk.
 *
 * Context: owning thread of what is passed; may run inside malloc; may run in
 * a signal handler: yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_PEEK_H
#define MEMPROF_PRELOAD_PYTHON_PEEK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/python/language.h"

/* False when not all of it can be read. */
bool mp_peek(void *to, uintptr_t from, size_t bytes);

/* At most 8 bytes through the thread's blocks of its present walk. */
bool mp_peek_cached(struct mp_language_thread *thread, void *to, uintptr_t from,
		    size_t bytes);

#endif
