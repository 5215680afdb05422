/* SPDX-License-Identifier: MIT */
/*
 * What changed from dump to dump, row by row of a flat table: the counts in
 * each of them, and the difference of the last and the first.
 */
#ifndef MEMPROF_ANALYZER_MODEL_DIFF_H
#define MEMPROF_ANALYZER_MODEL_DIFF_H

#include "analyzer/model/set.h"
#include "analyzer/model/top.h"

enum diff_status { DIFF_SAME, DIFF_NEW, DIFF_GONE, DIFF_GROWN, DIFF_SHRUNK };

#define DIFF_TOTALS SIZE_MAX /* stands for a row: all of a dump */

struct diff {
	enum top_by by;
	enum metric metric;
	bool is_estimate;
	struct top shape; /* lifetimes: what their buckets are; no rows */
	size_t dumps;
	const double *units;  /* of work, by dump; NULL: nothing is divided */
	struct top_row *rows; /* what they are of: place, site ...; by site */
	/* only where a count is different */
	struct counts *cells; /* of each row: one for each dump */
	struct error *errors; /* likewise; NULL: all is exact */
	size_t row_count;     /* of all rows */
	size_t count;	      /* of rows that are not the same */
	size_t same;	      /* of rows that are, and left out */
	uint32_t *order;      /* greatest change first */
	size_t shown;
	struct counts *totals; /* by dump */
	struct error *total_errors;
	size_t of_status[DIFF_SHRUNK + 1];
};

struct diff_options {
	enum top_by by;
	enum metric metric; /* that decides on order and status */
	bool by_cumulative;
	bool strip_dirs;
	const double *units; /* as many as dumps, none 0; NULL: not divided */
	size_t limit;
};

/* At least two dumps. 0, or DUMP_MEMORY. */
int diff_init(struct diff *ret_diff, const struct set *set,
	      const struct diff_options *options);
void diff_done(struct diff *diff);

/* Puts the rows in order again, by another metric. 0, or DUMP_MEMORY. */
int diff_rank(struct diff *diff, enum metric metric, size_t limit);

/*
 * The rows that are among the limit (0: all) greatest changes of any of so
 * many metrics, in the order of the rows; to be freed. diff is in the order of
 * the last metric then. 0, or DUMP_MEMORY.
 */
int diff_pick(struct diff *diff, const enum metric *metrics, size_t count,
	      size_t limit, uint32_t **ret_rows, size_t *ret_count);

/* The counts of a row, or DIFF_TOTALS, in a dump. */
const struct counts *diff_counts(const struct diff *diff, size_t row,
				 size_t dump);

/* NULL: exact. */
const struct error *diff_error(const struct diff *diff, size_t row,
			       size_t dump);

/* A value in a dump, by unit of work. */
double diff_value(const struct diff *diff, size_t row, size_t dump,
		  enum metric metric);

/* The last dump's less the first one's. */
double diff_change(const struct diff *diff, size_t row, enum metric metric);

/* The standard error of that; 0 where it is exact. */
double diff_change_error(const struct diff *diff, size_t row,
			 enum metric metric);

enum diff_status diff_status(const struct diff *diff, size_t row);

/* "new", "gone", "grown", "shrunk", "same" */
const char *diff_status_name(enum diff_status status);

/* The number of blocks that goes with a number of bytes, and METRIC_COUNT
 * where there is none. */
enum metric diff_beside(enum metric metric);

#endif
