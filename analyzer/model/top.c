/* SPDX-License-Identifier: MIT */
/* The flat table. */
#include "config.h"

#include "analyzer/model/top.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/top_kinds.h"

void top_site_row(struct top_row *ret_row, const struct analysis *analysis,
		  size_t site)
{
	const struct site *from = &analysis->sites.array[site];

	*ret_row = (struct top_row) {
		.self = from->counts,
		.cumulative = from->counts,
		.site = (uint32_t)site,
		.has_no_stack = from->node == 0,
	};
}

static int top_sites(struct top *top, const struct analysis *analysis,
		     const struct top_of_sites *extras)
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
		top_site_row(&top->rows[top->count], analysis, i);
		if (extras->greatest)
			top->rows[top->count].greatest = extras->greatest[i];
		if (extras->lifetimes)
			top->rows[top->count].lifetime = extras->lifetimes[i];
		top->count++;
	}
	return 0;
}

const char *top_by_name(enum top_by by)
{
	static const char *const names[] = {
		[TOP_FUNCTION] = "function",
		[TOP_LINE] = "line",
		[TOP_FILE] = "file",
		[TOP_MODULE] = "module",
		[TOP_SITE] = "site",
		[TOP_THREAD] = "thread",
		[TOP_SIZE] = "size",
		[TOP_LIFETIME] = "lifetime",
		[TOP_LIFETIME_ALLOCS] = "lifetime-allocations",
		[TOP_AGE] = "age",
	};

	return names[by];
}

static int make(struct top *top, struct analysis *analysis,
		const struct top_of_sites *extras)
{
	switch (top->by) {
	case TOP_FUNCTION:
		return top_places(top, analysis, PLACES_FUNCTION, extras);
	case TOP_LINE:
		return top_places(top, analysis, PLACES_LINE, extras);
	case TOP_FILE:
		return top_places(top, analysis, PLACES_FILE, extras);
	case TOP_MODULE:
		return top_places(top, analysis, PLACES_MODULE, extras);
	case TOP_SITE:
		return top_sites(top, analysis, extras);
	case TOP_THREAD:
		return top_threads(top, analysis);
	case TOP_SIZE:
		return top_sizes(top, analysis);
	case TOP_LIFETIME:
		return top_ages(top, analysis, AGES_LIFETIME);
	case TOP_LIFETIME_ALLOCS:
		return top_ages(top, analysis, AGES_LIFETIME_ALLOCS);
	case TOP_AGE:
		break;
	}
	return top_ages(top, analysis, AGES_AGE);
}

int top_init(struct top *ret_top, struct analysis *analysis, enum top_by by)
{
	static const struct top_extras none;

	return top_init_with(ret_top, analysis, by, &none);
}

int top_init_with(struct top *ret_top, struct analysis *analysis,
		  enum top_by by, const struct top_extras *extras)
{
	struct top top = {
		.by = by,
		.is_estimate = analysis->sites.errors != NULL,
		.has_greatest = extras->greatest,
	};
	struct top_of_sites of_sites = { 0 };
	uint8_t *greatest = NULL;
	struct ages ages = { 0 };
	int ret = 0;

	if (extras->greatest) {
		of_sites.greatest = greatest = top_greatest_of_sites(analysis);
		ret = greatest ? 0 : DUMP_MEMORY;
	}
	if (ret == 0 && (extras->ages || top_is_of_ages(by))) {
		ret = ages_init(&ages, analysis);
		of_sites.lifetimes = ages.of_site;
		top.has_ages = ages.has_lifetimes;
		top.has_time = ages.has_time;
		top.has_usable = ages.has_usable;
		top.ns_per_tick = ages.ns_per_tick;
	}
	if (ret == 0)
		ret = make(&top, analysis, &of_sites);
	free(greatest);
	ages_done(&ages);
	if (ret == 0)
		*ret_top = top;
	else
		top_done(&top);
	return ret;
}

void top_done(struct top *top)
{
	free(top->rows);
	free(top->errors);
	*top = (struct top) { 0 };
}
