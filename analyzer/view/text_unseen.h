/* SPDX-License-Identifier: MIT */
/* Memory that did not come from the malloc which was recorded, in words. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_UNSEEN_H
#define MEMPROF_ANALYZER_VIEW_TEXT_UNSEEN_H

#include "analyzer/base/term.h"
#include "analyzer/model/summary.h"

/* One line at the head of a report; none where malloc was memprof's. */
void text_unseen_head(struct term *term, const struct summary *summary);

/* All there is to say, a line each; returns how many. */
unsigned text_unseen_print(struct term *term, const struct summary *summary);

#endif
