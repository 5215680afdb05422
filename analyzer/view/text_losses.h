/* SPDX-License-Identifier: MIT */
/* What could not be seen, in words: one line per kind of loss. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_LOSSES_H
#define MEMPROF_ANALYZER_VIEW_TEXT_LOSSES_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"

/* All of them; says so when there is none. */
void text_losses_print(struct term *term, struct analysis *analysis);

/* Only those that make a list of sites wrong or incomplete; often nothing. */
void text_losses_print_serious(struct term *term, struct analysis *analysis);

/* The same of one of several dumps; number from 1, 0: there is but one. */
void text_losses_print_serious_of(struct term *term, struct analysis *analysis,
				  size_t number);

#endif
