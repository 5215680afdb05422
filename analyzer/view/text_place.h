/* SPDX-License-Identifier: MIT */
/* What a row of a flat table, of a tree or of a difference is called. */
#ifndef MEMPROF_ANALYZER_VIEW_TEXT_PLACE_H
#define MEMPROF_ANALYZER_VIEW_TEXT_PLACE_H

#include "analyzer/base/term.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/set.h"
#include "analyzer/model/stack.h"
#include "analyzer/model/top.h"

#define TEXT_BUCKET_BYTES 96
#define TEXT_PLACE_MIN	  24u /* columns that a name should have */

/* Columns for the name behind what is used of a line; 0: all it takes, as
 * nobody reads it on a screen. */
unsigned text_place_columns(const struct term *term, unsigned used);

/* A place of the keys. columns 0: not cut. */
void text_place_key(struct term *term, const struct set *set,
		    const struct keys *keys, uint32_t number, enum places_by by,
		    unsigned columns);

/* The name of any row, behind used columns. stack is scratch space. 0, or
 * DUMP_MEMORY. */
int text_place_row(struct term *term, const struct set *set, enum top_by by,
		   const struct top_row *row, struct stack *stack,
		   unsigned used);

/* The sizes of a bucket: "8 B", "9 - 16 B", "16.1 - 32.0 KiB". */
char *text_bucket(char buf[static TEXT_BUCKET_BYTES], const struct term *term,
		  unsigned bucket);

#endif
