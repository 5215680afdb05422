/* SPDX-License-Identifier: MIT */
/* Several dumps over one axis of time, such as a process and its children. */
#ifndef MEMPROF_ANALYZER_MODEL_RECORDINGS_H
#define MEMPROF_ANALYZER_MODEL_RECORDINGS_H

#include "analyzer/model/analysis.h"
#include "analyzer/model/timeline.h"

struct recording {
	struct analysis *analysis; /* somebody else's */
	struct timeline timeline;
};

struct recordings {
	struct recording *array;
	size_t count; /* at least 1 */
};

/* From the first beginning to the last end, in Unix nanoseconds. */
struct timeline_axis recordings_axis(const struct recordings *recordings);

/* The same in ns after the start of one of them. */
struct timeline_axis recordings_axis_of(const struct recordings *recordings,
					size_t number);

#endif
