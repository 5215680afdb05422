/* SPDX-License-Identifier: MIT */
/* The flat table. */
#include "config.h"

#include "analyzer/model/top.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/top_kinds.h"

static int top_sites(struct top *top, const struct analysis *analysis,
		     const uint8_t *greatest)
{
	const struct sites *sites = &analysis->sites;

	top->rows = calloc(sites->count + 1, sizeof(*top->rows));
	if (sites->errors)
		top->errors = calloc(sites->count + 1, sizeof(*top->errors));
	if (!top->rows || (sites->errors && !top->errors))
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites->count; i++) {
		if (!analysis->filter.keeps[i])
			continue;
		if (top->errors)
			top->errors[top->count] = (struct top_error) {
				.self = sites->errors[i],
				.cumulative = sites->errors[i],
			};
		top->rows[top->count++] = (struct top_row) {
			.self = sites->array[i].counts,
			.cumulative = sites->array[i].counts,
			.site = (uint32_t)i,
			.greatest = greatest ? greatest[i] : 0,
			.has_no_stack = sites->array[i].node == 0,
		};
	}
	return 0;
}

const char *top_by_name(enum top_by by)
{
	static const char *const names[] = {
		[TOP_FUNCTION] = "function", [TOP_LINE] = "line",
		[TOP_FILE] = "file",	     [TOP_MODULE] = "module",
		[TOP_SITE] = "site",	     [TOP_THREAD] = "thread",
		[TOP_SIZE] = "size",
	};

	return names[by];
}

static int init(struct top *ret_top, struct analysis *analysis, enum top_by by,
		const uint8_t *greatest)
{
	static const enum places_by places[] = {
		[TOP_FUNCTION] = PLACES_FUNCTION,
		[TOP_LINE] = PLACES_LINE,
		[TOP_FILE] = PLACES_FILE,
		[TOP_MODULE] = PLACES_MODULE,
	};
	struct top top = {
		.by = by,
		.is_estimate = analysis->sites.errors != NULL,
		.has_greatest = greatest != NULL,
	};
	int ret;

	if (by == TOP_SITE)
		ret = top_sites(&top, analysis, greatest);
	else if (by == TOP_THREAD)
		ret = top_threads(&top, analysis);
	else if (by == TOP_SIZE)
		ret = top_sizes(&top, analysis);
	else
		ret = top_places(&top, analysis, places[by], greatest);
	if (ret == 0)
		*ret_top = top;
	else
		top_done(&top);
	return ret;
}

int top_init(struct top *ret_top, struct analysis *analysis, enum top_by by)
{
	return init(ret_top, analysis, by, NULL);
}

int top_init_greatest(struct top *ret_top, struct analysis *analysis,
		      enum top_by by)
{
	uint8_t *greatest = top_greatest_of_sites(analysis);
	int ret = DUMP_MEMORY;

	if (greatest)
		ret = init(ret_top, analysis, by, greatest);
	free(greatest);
	return ret;
}

void top_done(struct top *top)
{
	free(top->rows);
	free(top->errors);
	*top = (struct top) { 0 };
}
