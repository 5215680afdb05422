/* SPDX-License-Identifier: MIT */
/*
 * The rows of a flat table in an order by several keys, reduced step by step
 * to those that are to be shown.
 */
#ifndef MEMPROF_ANALYZER_MODEL_ORDER_H
#define MEMPROF_ANALYZER_MODEL_ORDER_H

#include "analyzer/model/filter.h"
#include "analyzer/model/set.h"
#include "analyzer/model/top.h"

#define ORDER_KEYS_MAX 8

enum order_key {
	ORDER_METRIC,	  /* of the row itself, or with by_cumulative */
	ORDER_SELF,	  /* the metric that is shown, of the row itself */
	ORDER_CUMULATIVE, /* and with all below it */
	ORDER_AVERAGE,	  /* bytes of an allocation */
	ORDER_GREATEST,	  /* bytes of the largest */
	ORDER_LIFETIME,	  /* of freed blocks, on average */
	ORDER_SLACK,	  /* of live blocks: what they could use beyond */
	ORDER_NAME,	  /* the one key that goes from A to Z */
};

/* Greatest first; equal in all keys: the order of the table. */
struct order_options {
	struct {
		enum order_key key;
		enum metric metric; /* with ORDER_METRIC */
	} keys[ORDER_KEYS_MAX];
	size_t key_count;   /* 0: the metric that is shown */
	enum metric metric; /* shown; rows that have none of it are left out */
	bool by_cumulative;
	const char *const *restrictions;
	size_t restriction_count;
	size_t limit; /* 0: all */
};

/*
 * One restriction after the other: a number keeps so many from the top, one
 * with a point that part of them (0.25), anything else is an expression that
 * the function, file:line or module must match.
 */
struct order_step {
	const char *restriction;
	size_t before, after;
};

struct order {
	uint32_t *numbers; /* those shown */
	size_t shown;
	size_t count; /* that have something of the metric */
	struct order_step *steps;
	size_t step_count;
};

/* 0, DUMP_MEMORY, or FILTER_BAD_REGEX with fault and *ret_regex. */
int order_init(struct order *ret_order, const struct set *set,
	       const struct top *top, const struct order_options *options,
	       char fault[static FILTER_FAULT_BYTES], const char **ret_regex);
void order_done(struct order *order);

/* "20", "0.25", ".5": how many of count rows a restriction keeps; false when
 * it is none of these. */
bool order_read_number(const char *text, size_t count, size_t *ret_kept);

/* Bytes of an allocation; 0 where there is none. */
double order_average(const struct counts *counts);

/* Bytes that the live blocks of a row could use beyond what was asked for. */
int64_t order_slack(const struct top_row *row);

/* The last size of a bucket: no block of the row was larger. */
uint64_t order_greatest(const struct top_row *row);

#endif
