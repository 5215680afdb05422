/* SPDX-License-Identifier: MIT */
/*
 * Which code object an address belongs to, from the dynamic linker, and which
 * objects were met since the last mp_objects_clear().
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none where the C library has _dl_find_object (glibc 2.35)
 * and the object has no gaps, else the loader's for the time of a
 * dl_iterate_phdr, which is recursive and held while its list changes only.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_OBJECTS_H
#define MEMPROF_PRELOAD_UNWIND_OBJECTS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/unwind/unwind.h"

/* Boot only. 0 or -ENOMEM. */
int mp_objects_init(const struct mp_unwind_options *options);

/*
 * Finds the object that holds pc. generation is that of the walk: an object
 * seen for the first time in it is announced.
 */
bool mp_objects_find(uintptr_t pc, uint32_t generation,
		     struct mp_code_object *ret_object);

/* A frame is guessed because no object holds pc: announces it. */
void mp_objects_guess(uintptr_t pc);

void mp_objects_clear(void);

#endif
