/* SPDX-License-Identifier: MIT */
/* The sites whose live bytes keep rising, as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_GROWTH_H
#define MEMPROF_ANALYZER_VIEW_TEXT_GROWTH_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/growth.h"

/* limit: of the sites; 0: all. 0, or a code of the model. */
int text_growth_print(struct term *term, struct analysis *analysis,
		      const struct growth *growth, size_t limit);

#endif
