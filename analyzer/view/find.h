/* SPDX-License-Identifier: MIT */
/*
 * `memprof find`: which block an address belongs to, as text and as JSON. The
 * schema is memprof-find/1: {schema, program, address, found, listed_ns (after
 * the start; null: not known), lost (live blocks that were not listed), blocks
 * [{address, bytes, offset, age_ns, age_allocations (null: not known), site
 * (null: none)}], innermost first, before (null, or the nearest block that
 * ends before the address)}.
 */
#ifndef MEMPROF_ANALYZER_VIEW_FIND_H
#define MEMPROF_ANALYZER_VIEW_FIND_H

#include <stdio.h>

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/find.h"

/* Both: 0, or DUMP_MEMORY. */
int find_print_text(struct term *term, struct analysis *analysis,
		    const struct find *find);
int find_print_json(FILE *file, struct analysis *analysis,
		    const struct find *find);

#endif
