/* SPDX-License-Identifier: MIT */
/*
 * A thread's memory of its last walk: the words that each frame was read from.
 * A new walk reads only its inner frames, until it stands at one where the last
 * walk stood; from there outwards it is the same if every word is as it was.
 *
 * Why that is exact. What a walk finds is a function of the words it reads,
 * each at an address that depends on earlier words only, and of code objects,
 * which do not change while they live; and none was freed in between, or
 * nothing is taken for known (freed.h).
 *
 * Why it is safe. A frame is only looked at after the one inside of it was
 * found to name it as its caller: a walk would read it now.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * no; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_LAST_H
#define MEMPROF_PRELOAD_PYTHON_LAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/python/reading.h"

/*
 * Does the rest of the walk follow the last one from this frame on? Then
 * thread->last.frames[0 .. *ret_kept) are what is left of it, this frame
 * included. Only where reads need no care.
 */
bool mp_last_join(struct mp_reading *reading, uintptr_t frame,
		  size_t *ret_kept);

/*
 * The last walk is now the first kept frames of it, and within them the fresh
 * ones. kept + fresh are no more than there is room for.
 */
void mp_last_store(struct mp_language_thread *thread,
		   const struct mp_python_offsets *offsets, size_t kept,
		   size_t fresh);

#endif
