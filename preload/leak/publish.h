/* SPDX-License-Identifier: MIT */
/*
 * Verdicts into the dump, in place of earlier ones: their segments are used
 * again, so that a program that asks again and again does not fill the disk.
 *
 * Context: one scan at a time; locks taken: the file's.
 */
#ifndef MEMPROF_PRELOAD_LEAK_PUBLISH_H
#define MEMPROF_PRELOAD_LEAK_PUBLISH_H

#include <stdbool.h>

#include "preload/leak/stop.h"
#include "preload/leak/verdicts.h"

/* There are no verdicts of this scan, and earlier ones stay. */
void mp_publish_failure(enum mpf_leak_failure failure, int err,
			uint64_t began_ns);

/* may_wait: see file.h. False when there are none, or no room for them. */
bool mp_publish(const struct mp_verdicts *verdicts, const struct mp_stop *stop,
		uint64_t began_ns, bool may_wait);

#endif
