/* SPDX-License-Identifier: MIT */
/*
 * The live blocks in the dump: with MEMPROF_ADDRESSES each with its address,
 * otherwise with MEMPROF_LIFETIMES how many of each class are how old. They
 * are listed at each named snapshot and at the end, in the place of the last
 * list. Threads that go on meanwhile are seen block by block.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes, with may_wait false; locks taken: its own, those of pools.h, the
 * file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_LIVE_H
#define MEMPROF_PRELOAD_RECORD_LIVE_H

#include <stdbool.h>

#include "preload/base/settings.h"

#define MP_LIVE_MAX (1u << 20) /* elements: 64 MiB of the dump */

/* Boot only. */
void mp_live_init(const struct mp_settings *settings);

/* In a forked child: its dump has no list yet. */
void mp_live_forked(void);

/* Lists them, if that is asked for; not in a sandbox, which may forbid how
 * they are found. */
void mp_live_list(bool may_wait);

#endif
