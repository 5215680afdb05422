/* SPDX-License-Identifier: MIT */
/* The recording over time as a picture; several recordings over one axis. */
#ifndef MEMPROF_ANALYZER_VIEW_SVG_TIMELINE_H
#define MEMPROF_ANALYZER_VIEW_SVG_TIMELINE_H

#include <stdio.h>

#include "analyzer/base/units.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/timeline.h"

/* One recording of a picture. */
struct svg_recording {
	struct analysis analysis;
	struct timeline timeline;
};

/* count at least 1. 0, or a code of the model. */
int svg_timeline_print(FILE *file, struct svg_recording *recordings,
		       size_t count, enum units units);

#endif
