/* SPDX-License-Identifier: MIT */
/* --sort of flat tables and trees. */
#include "config.h"

#include "analyzer/cmd/sort_keys.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/base/diag.h"

/* Synonyms stand for the same: what begins two of them is not ambiguous. */
static const struct sort_key {
	const char *name;
	enum order_key key;
	enum metric metric;
} keys[] = {
	{ "allocated", ORDER_METRIC, METRIC_ALLOCATED_BYTES },
	{ "bytes", ORDER_METRIC, METRIC_ALLOCATED_BYTES },
	{ "count", ORDER_METRIC, METRIC_ALLOCATIONS },
	{ "blocks", ORDER_METRIC, METRIC_ALLOCATIONS },
	{ "live", ORDER_METRIC, METRIC_LIVE_BYTES },
	{ "leaked", ORDER_METRIC, METRIC_LIVE_BYTES },
	{ "peak", ORDER_METRIC, METRIC_PEAK_BYTES },
	{ "frees", ORDER_METRIC, METRIC_FREES },
	{ "temporary", ORDER_METRIC, METRIC_TEMPORARY },
	{ "self", ORDER_SELF, METRIC_COUNT },
	{ "cumulative", ORDER_CUMULATIVE, METRIC_COUNT },
	{ "avg", ORDER_AVERAGE, METRIC_COUNT },
	{ "max", ORDER_GREATEST, METRIC_COUNT },
	{ "lifetime", ORDER_LIFETIME, METRIC_COUNT },
	{ "slack", ORDER_SLACK, METRIC_COUNT },
	{ "name", ORDER_NAME, METRIC_COUNT },
};

#define KEY_COUNT (sizeof(keys) / sizeof(keys[0]))

static const struct sort_key *find(const char *text, size_t bytes,
				   const char *command)
{
	const struct sort_key *found = NULL;

	for (size_t i = 0; i < KEY_COUNT; i++) {
		if (bytes == 0 || strncmp(keys[i].name, text, bytes) != 0)
			continue;
		if (keys[i].name[bytes] == '\0')
			return &keys[i];
		if (found && (found->key != keys[i].key ||
			      found->metric != keys[i].metric)) {
			diag_error("%s: --sort: '%.*s' may be %s or %s",
				   command, (int)bytes, text, found->name,
				   keys[i].name);
			return NULL;
		}
		found = &keys[i];
	}
	if (!found)
		diag_error("%s: --sort: '%.*s' is none of live (leaked), peak, "
			   "allocated (bytes), count (blocks), frees, "
			   "temporary, self, cumulative, avg, max, lifetime, "
			   "slack, name",
			   command, (int)bytes, text);
	return found;
}

static bool add(const struct sort_key *key, const char *command,
		struct order_options *options, struct sort_keys *ret_keys)
{
	size_t at = options->key_count;

	if (at == ORDER_KEYS_MAX) {
		diag_error("%s: --sort: more than %d keys", command,
			   ORDER_KEYS_MAX);
		return false;
	}
	options->keys[at].key = key->key;
	options->keys[at].metric = key->metric;
	options->key_count++;
	ret_keys->names[at] = key->name;
	ret_keys->count = at + 1;
	ret_keys->has_frees |= key->metric == METRIC_FREES;
	ret_keys->has_average |= key->key == ORDER_AVERAGE;
	ret_keys->has_greatest |= key->key == ORDER_GREATEST;
	ret_keys->has_lifetime |= key->key == ORDER_LIFETIME;
	ret_keys->has_slack |= key->key == ORDER_SLACK;
	return true;
}

bool sort_keys_parse(const struct option_list *lists, const char *command,
		     struct order_options *options, struct sort_keys *ret_keys)
{
	*ret_keys = (struct sort_keys) { .count = 0 };
	options->key_count = 0;
	options->metric = METRIC_ALLOCATED_BYTES;
	for (size_t i = 0; i < lists->count; i++) {
		const char *text = lists->items[i];

		for (;;) {
			size_t bytes = strcspn(text, ",");
			const struct sort_key *key = find(text, bytes, command);

			if (!key || !add(key, command, options, ret_keys))
				return false;
			if (key->key == ORDER_METRIC && !ret_keys->has_metric) {
				options->metric = key->metric;
				ret_keys->has_metric = true;
			}
			if (text[bytes] == '\0')
				break;
			text += bytes + 1;
		}
	}
	ret_keys->by_cumulative =
		options->key_count && options->keys[0].key == ORDER_CUMULATIVE;
	/* Frees have a column of their own only beside something else. */
	if (options->metric == METRIC_FREES)
		ret_keys->has_frees = false;
	return true;
}

bool sort_keys_metric(const char *text, const char *command,
		      enum metric *ret_metric)
{
	const struct sort_key *key;

	if (!text)
		return true;
	key = find(text, strlen(text), command);
	if (!key)
		return false;
	if (key->key != ORDER_METRIC) {
		diag_error("%s: --sort: %s is no count: live (leaked), peak, "
			   "allocated (bytes), count (blocks), frees and "
			   "temporary are",
			   command, key->name);
		return false;
	}
	*ret_metric = key->metric;
	return true;
}
