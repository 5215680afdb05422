/* SPDX-License-Identifier: MIT */
/* What stands above and below a report on one dump or several. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_SET_H
#define MEMPROF_ANALYZER_VIEW_TEXT_SET_H

#include "analyzer/base/term.h"
#include "analyzer/model/set.h"
#include "analyzer/model/top.h"

/* The program, process and end; of several dumps a line for each, behind what
 * is done with them. */
void text_set_head(struct term *term, const struct set *set, const char *what);

/* With --focus or --ignore: how much of it all is shown. */
void text_set_filter_note(struct term *term, const struct set *set);

/* In tables of functions, lines and files of a Python program: whose the
 * memory is that native code asked for, and how to see it otherwise. */
void text_set_python_note(struct term *term, const struct set *set,
			  enum top_by by);

/* What makes the numbers wrong, of each dump. */
void text_set_losses(struct term *term, struct set *set);

#endif
