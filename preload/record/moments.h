/* SPDX-License-Identifier: MIT */
/*
 * The moments of the timeline in the dump, with what changed between them.
 * Those taken at intervals are thinned when they become many: every second
 * one is joined with the moment after it. That is written into a second area
 * of the file, which one store in the header makes the one that counts; then
 * the first is free for the next time. So a dump is whole at any instant, and
 * holds at most twice what the moments need.
 *
 * Context: one thread at a time, see timeline.c; may run inside malloc; may
 * run in a signal handler: yes, with may_wait false; locks taken: the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_MOMENTS_H
#define MEMPROF_PRELOAD_RECORD_MOMENTS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_MOMENTS_INTERVALS 64u   /* thinned when there are so many */
#define MP_MOMENTS_MAX	     2016u /* named ones included */
#define MP_MOMENTS_NAMED     (MP_MOMENTS_MAX - MP_MOMENTS_INTERVALS)
#define MP_MOMENTS_CHANGES   (1u << 19) /* beyond: no more at intervals */

/*
 * Appends a moment: its kind, name, ns, rss_bytes are the caller's, the rest
 * is filled in; marks have no changes. False when there is no room.
 */
bool mp_moments_add(struct mpf_moment *moment, bool may_wait);

/* True when the next one at an interval would be too many. */
bool mp_moments_is_full(void);

/* Joins every second one at an interval with its successor; false when there
 * is no space in the file: then all stays as it is. */
bool mp_moments_thin(bool may_wait);

/* In a forked child: begins anew. */
void mp_moments_forked(void);

#endif
