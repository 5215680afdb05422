/* SPDX-License-Identifier: MIT */
/*
 * What a recording may use at most: of the whole program, of a function or of
 * a file, as a number or as a growth since an older recording. Their texts
 * come from the user or from a file, which may hold anything.
 */
#ifndef MEMPROF_ANALYZER_MODEL_BUDGET_H
#define MEMPROF_ANALYZER_MODEL_BUDGET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

#define BUDGETS_MAX	 1024u
#define BUDGETS_FILE_MAX (UINT64_C(1) << 16) /* bytes */

/* The names that options and files have for them, in this order. */
enum budget_name {
	BUDGET_MAX_PEAK,	/* bytes at the peak */
	BUDGET_MAX_LEAKED,	/* bytes live at the end */
	BUDGET_MAX_ALLOCATIONS, /* calls */
	BUDGET_MAX_TEMPORARY,	/* calls */
	BUDGET_MAX_GROWTH, /* of one of the above, or of all but the last */
	BUDGET_NAMES
};

struct budget {
	enum budget_name of; /* never BUDGET_MAX_GROWTH */
	char *scope;	     /* function or file; NULL: the whole program */
	bool is_growth;
	int64_t limit;	/* not is_growth */
	int64_t growth; /* is_growth: in hundredths of a percent */
};

struct budgets {
	struct budget *array;
	size_t count;
	bool has_growth;
	bool has_leaked; /* one that is no growth */
};

enum {
	BUDGET_BAD = -500, /* no such text */
	BUDGET_TOO_LARGE = -501,
	BUDGET_TOO_MANY = -502,
	BUDGET_UNKNOWN = -503, /* no such name, in a file */
};

/* "max-peak" ... */
const char *budget_name(enum budget_name name);
/* "peak" ..., what a growth is of */
const char *budget_what(enum budget_name of);
enum metric budget_metric(enum budget_name of);
bool budget_is_bytes(enum budget_name of);

/*
 * Adds what "[SCOPE=]LIMIT" says, or for BUDGET_MAX_GROWTH "[WHAT=]PERCENT"
 * with WHAT "peak", "leaked", "allocations" or "temporary". 0, DUMP_MEMORY or
 * one of the above. All zero is an empty struct budgets.
 */
int budgets_add(struct budgets *budgets, enum budget_name name,
		const char *text);

/*
 * Adds those of a file's contents: a line "NAME TEXT" each, empty lines and
 * lines that begin with '#' aside. *ret_line is the line that failed.
 */
int budgets_add_lines(struct budgets *budgets, const char *text, size_t bytes,
		      size_t *ret_line);
void budgets_done(struct budgets *budgets);

#endif
