/* SPDX-License-Identifier: MIT */
/*
 * The recording over time: the heap, the resident memory, how much was
 * allocated, what was named, and the sites that held most.
 */
#ifndef MEMPROF_ANALYZER_MODEL_TIMELINE_H
#define MEMPROF_ANALYZER_MODEL_TIMELINE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

struct analysis;

#define TIMELINE_SITES 7u /* at most, told apart in the stack */

struct timeline_point {
	uint64_t ns; /* after the start */
	int64_t live_bytes, live_blocks;
	uint64_t rss_bytes;		       /* 0: not known */
	uint64_t allocations, allocated_bytes; /* since the start */
	double bytes_per_s;		       /* allocated lately */
	bool is_detailed;		       /* all sites are known then */
};

/* What has a name. */
struct timeline_event {
	uint64_t ns;
	bool is_snapshot;
	char name[MPF_MOMENT_NAME_BYTES]; /* any bytes, terminated */
	int64_t live_bytes;
	uint64_t rss_bytes;
};

/* What each of the sites that held most had live at a detailed moment. */
struct timeline_layer {
	uint64_t ns;
	int64_t live_bytes;	       /* of all sites */
	int64_t sites[TIMELINE_SITES]; /* in the order of timeline.sites */
};

struct timeline {
	uint64_t from_ns, to_ns; /* what is looked at, after the start */
	uint64_t start_unix_ns;
	bool is_ended; /* else the line ends at the last point */
	struct timeline_point *points; /* in order of time, all different */
	size_t count;
	struct timeline_event *events; /* in order of time */
	size_t event_count;
	struct timeline_layer *layers; /* in order of time */
	size_t layer_count;
	uint32_t sites[TIMELINE_SITES]; /* numbers; most at once first */
	size_t site_count;
	int64_t peak_bytes; /* the greatest of the points */
	uint64_t peak_ns;
	uint64_t peak_rss;
	double peak_rate; /* bytes a second */
};

/* Within the range; layers of the sites that the filter keeps. 0, or
 * DUMP_MEMORY. */
int timeline_init(struct timeline *ret_timeline,
		  const struct analysis *analysis);
void timeline_done(struct timeline *timeline);

/* Both ends of a plot in ns after the start of the recording, which may lie
 * outside of them when several recordings share the axis. */
struct timeline_axis {
	double from, to;
};

/* The time looked at, and no more. */
struct timeline_axis timeline_own_axis(const struct timeline *timeline);

/* One column of a plot. */
struct timeline_column {
	int64_t live_bytes; /* the most in it; what was before where no point is
			     */
	bool is_detailed;
	bool has_peak;
};

/* The axis, cut into count equal columns. */
void timeline_columns(const struct timeline *timeline,
		      const struct timeline_axis *axis, size_t count,
		      struct timeline_column *ret_columns);

/* In which of count columns an instant lies. */
size_t timeline_column_of(const struct timeline_axis *axis, size_t count,
			  uint64_t ns);

#endif
