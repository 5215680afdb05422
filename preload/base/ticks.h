/* SPDX-License-Identifier: MIT */
/*
 * A counter that goes up with time, cheap enough to ask every few events: no
 * system call, no libc. Its unit and its reliability are unknown, so it only
 * tells when it may be worth asking for the time.
 *
 * Context: any.
 */
#ifndef MEMPROF_PRELOAD_BASE_TICKS_H
#define MEMPROF_PRELOAD_BASE_TICKS_H

#include <stdint.h>

static inline uint64_t mp_ticks(void)
{
	return __builtin_ia32_rdtsc();
}

#endif
