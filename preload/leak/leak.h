/* SPDX-License-Identifier: MIT */
/*
 * Which live blocks are lost: a reachability scan of the whole process.
 *
 * Nothing is scanned in the program itself. A helper that shares its memory
 * stops the other threads for as long as it takes to read their registers and
 * to fork; the fork's memory is what is scanned, frozen, while the program's
 * other threads go on. When the copy crashes, is killed or is refused, there
 * are no verdicts, and the dump says why.
 *
 * Context: any thread; not inside malloc; not in a signal handler; locks
 * taken: its own (tried only), then the file's; errno kept.
 */
#ifndef MEMPROF_PRELOAD_LEAK_LEAK_H
#define MEMPROF_PRELOAD_LEAK_LEAK_H

#include <stdbool.h>
#include <stddef.h>

struct mp_settings;

/* Boot only. is_libc: glibc's malloc serves the blocks. */
void mp_leak_init(bool is_libc, const struct mp_settings *settings);

/* The program is about to confine itself, see preload/base/sandbox.h: says now
 * that the check at the end will not be, for later nothing can be said. */
void mp_leak_confine(void);

/*
 * Judges every live block and writes the verdicts into the dump, in place of
 * earlier ones. The registers and the stack of the caller are roots; frames
 * below are not. 1: something is definitely or indirectly lost, 0: nothing
 * is, -1: there are no verdicts.
 */
int mp_leak_check(void);

/* The process is about to end: set before mp_leak_check() by who ends it. */
extern bool mp_leak_is_ending;

/* Set by whoever says that the verdicts there are shall not be replaced at
 * the end of the process. */
extern bool mp_leak_is_done;

#endif
