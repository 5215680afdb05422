/* SPDX-License-Identifier: MIT */
/*
 * What the allocator behind us says of its memory, for the dump: how much it
 * has from the system, how much of that is in blocks. glibc's is read where it
 * lies (preload/leak/glibc.h); the others are asked in a copy of the process,
 * because they take locks, which may be held for ever.
 *
 * Context: init: boot; note: the end of the process, also in a signal handler
 * or inside malloc; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_SHIM_USAGE_H
#define MEMPROF_PRELOAD_SHIM_USAGE_H

/* After mp_next_init(). */
void mp_usage_init(void);

void mp_usage_note(void);

#endif
