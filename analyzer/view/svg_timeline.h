/* SPDX-License-Identifier: MIT */
/* The recording over time as a picture; several recordings over one axis. */
#ifndef MEMPROF_ANALYZER_VIEW_SVG_TIMELINE_H
#define MEMPROF_ANALYZER_VIEW_SVG_TIMELINE_H

#include <stdio.h>

#include "analyzer/base/units.h"
#include "analyzer/model/recordings.h"

/* 0, or a code of the model. */
int svg_timeline_print(FILE *file, const struct recordings *recordings,
		       enum units units);

#endif
