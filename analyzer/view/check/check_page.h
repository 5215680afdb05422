/* SPDX-License-Identifier: MIT */
/*
 * What became of budgets, for people and for continuous integration. Each
 * format is one const descriptor in a file of its own; check_page.c has the
 * table of them, and the words that all of them use.
 */
#ifndef MEMPROF_ANALYZER_VIEW_CHECK_CHECK_PAGE_H
#define MEMPROF_ANALYZER_VIEW_CHECK_CHECK_PAGE_H

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/verdict.h"

struct check_page {
	struct analysis *analysis;
	const struct verdicts *verdicts;
	/* With a budget for what leaked; or NULL. */
	const struct leaks *leaks;
	const struct suppressions *rules;
	const char *here; /* paths below it are written from there; NULL */
	size_t limit;	  /* of the sites shown of each budget; 0: all */
};

struct check_format {
	const char *name;
	/* 0, or DUMP_MEMORY. */
	int (*print)(struct term *term, const struct check_page *page);
};

/* Names for an option's choices, ended by NULL, and the formats in that
 * order. */
extern const char *const check_names[];
extern const struct check_format *const check_formats[];

extern const struct check_format check_github;
extern const struct check_format check_json;
extern const struct check_format check_junit;
extern const struct check_format check_sarif;
extern const struct check_format check_text;

/* "max-peak of parser.c", "max-growth of peak", untrusted text made harmless.
 * To be freed; NULL: memory is out. */
char *check_title(const struct verdict *verdict);

/* "205.7 KiB, at most 64.0 KiB", "12, was 10, at most 10 (+5.00%)",
 * "12 B, at most 0 B (70 B suppressed)" */
#define CHECK_NUMBERS_BYTES 256
char *check_numbers(char buf[static CHECK_NUMBERS_BYTES],
		    const struct verdict *verdict, enum units units);

/* What the entry that is shown as number i has, in the unit of a verdict. */
char *check_value(char buf[static UNITS_TEXT_BYTES],
		  const struct verdicts *verdicts,
		  const struct verdict *verdict, size_t i, enum units units);

/* How much the entry that is shown as number i grew; of a growth. */
char *check_growth(char buf[static UNITS_TEXT_BYTES],
		   const struct verdict *verdict, size_t i, enum units units);

/* How many entries of a verdict are shown. */
size_t check_shown(const struct verdict *verdict,
		   const struct check_page *page);

/* A path from here on, where it is below. */
const char *check_path(const struct check_page *page, const char *path);

#endif
