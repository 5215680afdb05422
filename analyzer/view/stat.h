/* SPDX-License-Identifier: MIT */
/* Repeated runs of programs, or of one under several allocators. */
#ifndef MEMPROF_ANALYZER_VIEW_STAT_H
#define MEMPROF_ANALYZER_VIEW_STAT_H

#include "analyzer/base/term.h"
#include "analyzer/model/spread.h"

#define STAT_COLUMNS_MAX 8

/* What was run, as one column. */
struct stat_column {
	const char *title; /* a command line or an allocator */
	struct spread of[SPREADS];
};

struct stat_page {
	size_t runs; /* of each */
	struct stat_column columns[STAT_COLUMNS_MAX];
	size_t count;
};

/* One: its median and spread. Two: their medians and the difference. More:
 * their medians. */
void stat_print_text(struct term *term, const struct stat_page *page);
void stat_print_json(FILE *file, const struct stat_page *page);

#endif
