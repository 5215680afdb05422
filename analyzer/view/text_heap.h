/* SPDX-License-Identifier: MIT */
/* The memory behind the blocks at the end, as text and as JSON. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_HEAP_H
#define MEMPROF_ANALYZER_VIEW_TEXT_HEAP_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/view/json.h"

/* A section of a page. */
void text_heap_print(struct term *term, const struct analysis *analysis);

/* A line or two of one; nothing where nothing is known. */
void text_heap_brief(struct term *term, const struct analysis *analysis,
		     int label_columns);

/* An object. */
void json_heap_put(struct json *json, const char *key,
		   const struct analysis *analysis);

#endif
