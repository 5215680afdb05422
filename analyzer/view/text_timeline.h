/* SPDX-License-Identifier: MIT */
/* The recording over time, drawn with characters. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_TIMELINE_H
#define MEMPROF_ANALYZER_VIEW_TEXT_TIMELINE_H

#include "analyzer/base/term.h"
#include "analyzer/model/recordings.h"

/* limit: of the names listed of each; 0: all. 0, or a code of the model. */
int text_timeline_print(struct term *term, const struct recordings *recordings,
			size_t limit);

#endif
