/* SPDX-License-Identifier: MIT */
/*
 * The points of the timeline in the dump: a bounded number. When there is no
 * more room, every second one gives way.
 *
 * Context: one thread at a time, see timeline.c; may run inside malloc; may
 * run in a signal handler: yes, with may_wait false; locks taken: the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_POINTS_H
#define MEMPROF_PRELOAD_RECORD_POINTS_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_POINTS_MAX 1016u

/*
 * Adds a point; its ns is not 0. *ret_thinned is set when every second one
 * gave way for it. False when there is no space in the file.
 */
bool mp_points_add(const struct mpf_point *point, bool may_wait,
		   bool *ret_thinned);

/* In a forked child: begins anew. */
void mp_points_forked(void);

#endif
