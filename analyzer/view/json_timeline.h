/* SPDX-License-Identifier: MIT */
/* The recording over time, and the sites that grow, as JSON. */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_TIMELINE_H
#define MEMPROF_ANALYZER_VIEW_JSON_TIMELINE_H

#include <stdio.h>

#include "analyzer/model/growth.h"
#include "analyzer/model/recordings.h"

/* Of one, "memprof-timeline/1"; of several, "memprof-timelines/1", which has
 * each of them. 0, or a code of the model. */
int json_timeline_print(FILE *file, const struct recordings *recordings);

/* limit: of the sites; 0: all. */
int json_growth_print(FILE *file, struct analysis *analysis,
		      const struct growth *growth, size_t limit);

#endif
