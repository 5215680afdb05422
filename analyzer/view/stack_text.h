/* SPDX-License-Identifier: MIT */
/* Stacks as people read them: one line per activation, innermost first. */
#ifndef MEMPROF_ANALYZER_VIEW_STACK_TEXT_H
#define MEMPROF_ANALYZER_VIEW_STACK_TEXT_H

#include "analyzer/base/term.h"
#include "analyzer/model/stack.h"
#include "analyzer/model/summary.h"

/* A stack, each line behind indent blanks. */
void stack_text_print(struct term *term, const struct stack *stack,
		      const struct summary *summary, int indent);

/* Where threads were started, if that is known: "started at a.c:12 in main". */
void stack_text_starts(struct term *term, const struct stack *stack,
		       const struct summary *summary);

/*
 * One line for a site: the innermost function, its place, and as many callers
 * as the width allows. Where there are Python frames, the innermost of them
 * comes first, and what it came to allocate in ("> malloc") before its callers.
 * used: columns of what stands on the line already.
 */
void stack_text_line(struct term *term, const struct stack *stack,
		     const struct summary *summary, unsigned used);

/* What stands for a missing outer end: "(stack cut: ...)"; NULL: complete. */
const char *stack_text_end(enum tree_end end);

/* What stands for a stack that there is not; kind is not SITE_STACK. */
const char *stack_text_missing(enum site_kind kind);

#endif
