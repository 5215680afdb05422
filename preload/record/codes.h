/* SPDX-License-Identifier: MIT */
/*
 * The code of interpreted languages, copied into the dump where a stack first
 * runs through it: one element for each distinct contents, so that a program
 * that makes the same function a million times has one. At most MP_CODES_MAX.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes with may_wait false; locks taken: its own, then the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_CODES_H
#define MEMPROF_PRELOAD_RECORD_CODES_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/python/language.h"

#define MP_CODES_MAX (UINT32_C(1) << 18)

/* The index of code in the dump; 0 when there is no room or time for it, or it
 * cannot be read. is_careful: see mp_language.describe. */
uint32_t mp_codes_id(const struct mp_language *language, uintptr_t code,
		     bool is_careful, bool may_wait);

/* In a forked child, after mp_file_fork(). */
void mp_codes_forked(void);

#endif
