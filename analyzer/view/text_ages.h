/* SPDX-License-Identifier: MIT */
/* How long blocks lived, as text. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_AGES_H
#define MEMPROF_ANALYZER_VIEW_TEXT_AGES_H

#include <stdbool.h>

#include "analyzer/base/term.h"
#include "analyzer/base/units.h"
#include "analyzer/model/top.h"

#define TEXT_AGE_COLUMNS 12 /* of a cell, with the blank before it */

/* "12.3 us", from a number that may be anything. */
char *text_age(char buf[static UNITS_TEXT_BYTES], double ns);

/* Three cells: average and longest in time, average in allocations. */
void text_age_titles(struct term *term);
void text_age_cells(struct term *term, const struct lifetime *lifetime,
		    bool has_time);

/* "64 ns on average, 8.5 us at most; 150 B of slack in what is live". */
void text_age_summary(struct term *term, const struct ages *ages,
		      int64_t live_bytes);

/* "1.5 us to 3.0 us", "4 to 7 allocations", "over 27 min 03 s". */
void text_age_bucket(struct term *term, const struct top *top, unsigned bucket);

#endif
