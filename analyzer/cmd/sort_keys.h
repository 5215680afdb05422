/* SPDX-License-Identifier: MIT */
/* --sort of flat tables and trees: several keys, each by any beginning of its
 * name that fits no other. */
#ifndef MEMPROF_ANALYZER_CMD_SORT_KEYS_H
#define MEMPROF_ANALYZER_CMD_SORT_KEYS_H

#include "analyzer/base/options.h"
#include "analyzer/model/order.h"

struct sort_keys {
	const char *names[ORDER_KEYS_MAX]; /* in full */
	size_t count;
	bool has_metric;    /* one was named */
	bool by_cumulative; /* the first key is that */
	bool has_frees, has_average, has_greatest, has_lifetime, has_slack;
};

/*
 * Keys of all lists, in their order, into options: the keys and the metric,
 * which is the first one that is named. False when something is wrong with
 * them, which was said.
 */
bool sort_keys_parse(const struct option_list *lists, const char *command,
		     struct order_options *options, struct sort_keys *ret_keys);

/* One metric and nothing else: for trees and differences. */
bool sort_keys_metric(const char *text, const char *command,
		      enum metric *ret_metric);

#endif
