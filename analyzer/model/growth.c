/* SPDX-License-Identifier: MIT */
/* Sites whose live bytes keep rising. */
#include "config.h"

#include "analyzer/model/growth.h"

#include <math.h>
#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/series.h"
#include "analyzer/model/stack.h"

#define NS_PER_HOUR 3600e9

static unsigned part_of(const struct growth *growth, uint64_t ns)
{
	double share = (double)(ns - growth->from_ns) /
		       (double)(growth->to_ns - growth->from_ns);
	unsigned part = (unsigned)(share * GROWTH_PARTS);

	return part < GROWTH_PARTS ? part : GROWTH_PARTS - 1;
}

/* One array for each part, site by site. */
static void lower_floors(const struct series *series, double *floors,
			 bool is_first)
{
	const size_t sites = series->analysis->sites.count;

	if (is_first || series->is_all_new) {
		for (size_t i = 0; i < sites; i++)
			if (is_first || series->live[i] < floors[i])
				floors[i] = series->live[i];
		return;
	}
	for (size_t i = 0; i < series->touched_count; i++) {
		uint32_t site = series->touched[i];

		if (series->live[site] < floors[site])
			floors[site] = series->live[site];
	}
}

static void raise_ceilings(const struct series *series, double *ceilings)
{
	for (size_t i = 0; i < series->analysis->sites.count; i++)
		if (series->live[i] > ceilings[i])
			ceilings[i] = series->live[i];
}

/* Behind the floors come the ceilings of the first part. */
static int find_floors(struct growth *growth, const struct analysis *analysis,
		       double *floors)
{
	const size_t sites = analysis->sites.count;
	struct series series;
	int ret = series_init(&series, analysis);

	while (ret == 0 && series_next(&series)) {
		unsigned part;

		if (series.ns < growth->from_ns || series.ns > growth->to_ns)
			continue;
		part = part_of(growth, series.ns);
		lower_floors(&series, floors + part * sites,
			     growth->moments[part] == 0);
		if (part == 0)
			raise_ceilings(&series, floors + GROWTH_PARTS * sites);
		growth->moments[part]++;
	}
	series_done(&series);
	return ret;
}

static int64_t rounded(double bytes)
{
	if (!(bytes > 0))
		return 0;
	return bytes < (double)DUMP_MAX_COUNT ? (int64_t)(bytes + 0.5)
					      : DUMP_MAX_COUNT;
}

/* True when it grows. */
static bool read_row(const struct growth *growth, const double *floors,
		     size_t sites, uint32_t site, struct growth_row *ret)
{
	double hours = (double)(growth->to_ns - growth->from_ns) / NS_PER_HOUR;

	*ret = (struct growth_row) { .site = site };
	for (unsigned p = 0; p < GROWTH_PARTS; p++) {
		ret->floors[p] = rounded(floors[p * sites + site]);
		if (p > 0 && ret->floors[p] <= ret->floors[p - 1])
			return false;
	}
	if (ret->floors[GROWTH_PARTS - 1] <=
	    rounded(floors[GROWTH_PARTS * sites + site]))
		return false;
	ret->grown = ret->floors[GROWTH_PARTS - 1] - ret->floors[0];
	/* Between the middles of the first and the last part. */
	hours *= (double)(GROWTH_PARTS - 1) / GROWTH_PARTS;
	ret->per_hour = rounded((double)ret->grown / hours);
	return true;
}

static int compare_rows(const void *left, const void *right)
{
	const struct growth_row *a = left, *b = right;

	if (a->grown != b->grown)
		return a->grown > b->grown ? -1 : 1;
	return a->site < b->site ? -1 : 1;
}

static int add_rows(struct growth *growth, const struct analysis *analysis,
		    const double *floors)
{
	const size_t sites = analysis->sites.count;
	double grown = 0;

	growth->rows = calloc(sites + 1, sizeof(*growth->rows));
	if (!growth->rows)
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites; i++) {
		struct growth_row *row = &growth->rows[growth->count];

		if (!analysis->filter.keeps[i] ||
		    !read_row(growth, floors, sites, (uint32_t)i, row))
			continue;
		grown += (double)row->grown;
		growth->count++;
	}
	growth->grown = rounded(grown);
	qsort(growth->rows, growth->count, sizeof(*growth->rows), compare_rows);
	return 0;
}

int growth_init(struct growth *ret_growth, const struct analysis *analysis)
{
	const struct range *range = &analysis->range;
	struct growth growth = { .to_ns = range_duration(analysis->dump) };
	double *floors;
	int ret;

	if (range->is_set)
		growth.to_ns = range->to.ns;
	if (range->has_from)
		growth.from_ns = range->from.ns;
	*ret_growth = growth;
	ret_growth->is_too_short = true;
	if (growth.to_ns <= growth.from_ns)
		return 0;
	floors = calloc(analysis->sites.count + 1,
			(GROWTH_PARTS + 1) * sizeof(*floors));
	if (!floors)
		return DUMP_MEMORY;
	ret = find_floors(&growth, analysis, floors);
	for (unsigned p = 0; p < GROWTH_PARTS; p++)
		growth.is_too_short |= growth.moments[p] == 0;
	if (ret == 0 && !growth.is_too_short)
		ret = add_rows(&growth, analysis, floors);
	free(floors);
	if (ret == 0)
		*ret_growth = growth;
	else
		growth_done(&growth);
	return ret;
}

int growth_suppress(struct growth *growth, struct analysis *analysis,
		    struct suppressions *suppressions)
{
	size_t kept = 0;
	struct stack stack = { 0 };
	int ret = 0;

	for (size_t i = 0; i < growth->count && ret == 0; i++) {
		const struct growth_row row = growth->rows[i];
		const struct site *site = &analysis->sites.array[row.site];
		struct suppression *rule = NULL;

		ret = stack_read(&stack, &analysis->names, site);
		if (ret == 0)
			rule = suppressions_find(suppressions, &stack, 0);
		if (!rule) {
			growth->rows[kept++] = row;
			continue;
		}
		rule->hit_blocks +=
			(uint64_t)site->counts.of[METRIC_LIVE_BLOCKS];
		rule->hit_bytes += (uint64_t)site->counts.of[METRIC_LIVE_BYTES];
		growth->suppressed++;
		growth->suppressed_grown += row.grown;
		growth->grown -= row.grown;
	}
	if (ret == 0)
		growth->count = kept;
	stack_done(&stack);
	return ret;
}

void growth_done(struct growth *growth)
{
	free(growth->rows);
	*growth = (struct growth) { 0 };
}
