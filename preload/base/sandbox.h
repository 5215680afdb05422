/* SPDX-License-Identifier: MIT */
/*
 * A program that confines itself by seccomp may be killed for a system call
 * that it never makes itself. From then on the recorder makes those alone that
 * any allocator makes: anonymous mappings, madvise, futexes, its own ids, the
 * clock, its signal mask.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_BASE_SANDBOX_H
#define MEMPROF_PRELOAD_BASE_SANDBOX_H

#include <stdatomic.h>
#include <stdbool.h>

extern _Atomic bool mp_sandbox_is_on;

#endif
