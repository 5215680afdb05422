/* SPDX-License-Identifier: MIT */
/*
 * The timeline: the heap and the resident memory over time, marks, and
 * snapshots of all slots. There is no thread and no timer behind it: every
 * 256 allocations of a writer (at first more often) it looks at a cheap
 * counter, and when it is time one thread takes a point. A program that does
 * not allocate has none meanwhile, because its heap does not grow; the end
 * closes the line.
 *
 * What a point or a moment cost is measured, and the next one at an interval
 * waits at least 100 times as long.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes, through a nested writer; locks taken: its own, then the file's; errno
 * kept. Off until mp_timeline_init().
 */
#ifndef MEMPROF_PRELOAD_RECORD_TIMELINE_H
#define MEMPROF_PRELOAD_RECORD_TIMELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/base/settings.h"
#include "preload/record/recorder.h"
#include "preload/record/writer.h"

#define MP_TIMELINE_EVENTS 256u /* of a writer between two looks; 2^n */

/* Where time and resident memory come from; tests have their own. */
struct mp_timeline_source {
	uint64_t (*now_ns)(void);    /* CLOCK_MONOTONIC */
	uint64_t (*ticks)(void);     /* see base/ticks.h */
	uint64_t (*rss_bytes)(void); /* 0: unknown */
};
extern struct mp_timeline_source mp_timeline_source;

/* Boot only, once the header is complete: takes the first point. */
void mp_timeline_init(const struct mp_settings *settings);

/* In a forked child, with what it inherited counted: begins anew. */
void mp_timeline_forked(void);

/* The recording ends: closes the line. */
void mp_timeline_end(void);

/* A writer, which is busy, had so many allocations again. */
__attribute__((cold)) void mp_timeline_pulse(struct mp_writer *writer);

static inline void mp_timeline_count(struct mp_writer *writer)
{
	bool is_over;

	/* Compilers make five instructions of these two. */
	__asm__("subl $1, %0" : "+m"(writer->pulse_left), "=@ccb"(is_over));
	if (__builtin_expect(is_over, 0))
		mp_timeline_pulse(writer);
}

/*
 * Names this instant; a snapshot also keeps all slots as they are. name is
 * copied, MPF_MOMENT_NAME_BYTES - 1 bytes of it; NULL or "": a number. False
 * when it could not be taken, which the header counts.
 */
MP_REALIGN bool mp_timeline_mark(const char *name);
MP_REALIGN bool mp_timeline_snapshot(const char *name);

/* A signal asked: serves a request from outside, if there is one, else takes
 * one named "signal-N". When another holds the timeline, that one does it. */
MP_REALIGN void mp_timeline_signalled(void);

#endif
