/* SPDX-License-Identifier: MIT */
/* The heap's size over the time of a recording. */
#include "config.h"

#include "analyzer/model/moments.h"

#include <math.h>
#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/catalog.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/series.h"
#include "analyzer/model/timeline.h"

#define MOMENTS_MAX (3 + MOMENTS_PLAIN + MOMENTS_DETAILED)

static void add_point(struct moments *moments,
		      const struct timeline_point *point)
{
	moments->array[moments->count++] = (struct moment) {
		.kind = MOMENT_PLAIN,
		.time_ns = point->ns,
		.bytes = point->live_bytes,
	};
}

/* All, or where these are too many the highest of each column. */
static void add_plain(struct moments *moments, const struct timeline *timeline)
{
	const struct timeline_point *points = timeline->points;
	const struct timeline_axis axis = timeline_own_axis(timeline);
	size_t best = 0;

	for (size_t i = 0; i < timeline->count; i++) {
		if (timeline->count <= MOMENTS_PLAIN) {
			add_point(moments, &points[i]);
			continue;
		}
		if (timeline_column_of(&axis, MOMENTS_PLAIN, points[best].ns) !=
		    timeline_column_of(&axis, MOMENTS_PLAIN, points[i].ns)) {
			add_point(moments, &points[best]);
			best = i;
		}
		if (points[i].live_bytes > points[best].live_bytes)
			best = i;
		if (i + 1 == timeline->count)
			add_point(moments, &points[best]);
	}
}

static int64_t rounded(double bytes)
{
	return bytes > 0 && bytes < (double)DUMP_MAX_COUNT ? llround(bytes) : 0;
}

static int add_detailed(struct moments *moments, const struct catalog *catalog,
			const struct series *series)
{
	struct moment moment = { .kind = MOMENT_DETAILED,
				 .time_ns = series->ns };

	moment.values =
		calloc(catalog->entry_count + 1, sizeof(*moment.values));
	if (!moment.values)
		return DUMP_MEMORY;
	for (size_t i = 0; i < catalog->analysis->sites.count; i++) {
		uint32_t entry = catalog->entry_of[i];
		int64_t bytes = rounded(series->live[i]);

		if (entry == CATALOG_NONE ||
		    bytes > DUMP_MAX_COUNT - moment.bytes)
			continue;
		moment.values[entry] += bytes;
		moment.bytes += bytes;
	}
	moments->array[moments->count++] = moment;
	return 0;
}

/* As many of the detailed ones as there may be, evenly. */
static int add_all_detailed(struct moments *moments,
			    const struct catalog *catalog)
{
	const struct dump *dump = catalog->analysis->dump;
	size_t count = 0, number = 0, taken = 0;
	struct series series;
	int ret;

	for (size_t i = 0; i < dump->moment_count; i++)
		count += dump->moments[i].ns != 0 &&
			 dump->moments[i].kind != MPF_MOMENT_MARK;
	if (count == 0)
		return 0;
	ret = series_init(&series, catalog->analysis);
	while (ret == 0 && series_next(&series)) {
		if (series.moment == SERIES_END || taken == MOMENTS_DETAILED)
			break;
		number++;
		if (number * MOMENTS_DETAILED < (taken + 1) * count)
			continue;
		taken++;
		ret = add_detailed(moments, catalog, &series);
	}
	series_done(&series);
	return ret;
}

static int compare(const void *left, const void *right)
{
	const struct moment *a = left, *b = right;

	if (a->time_ns != b->time_ns)
		return a->time_ns < b->time_ns ? -1 : 1;
	return (int)a->kind - (int)b->kind;
}

/* Of one instant it is the one that tells less, or it is behind the end. */
static bool is_surplus(const struct moments *moments, size_t i, bool is_over)
{
	const struct moment *moment = &moments->array[i];

	return is_over ||
	       (moment->kind == MOMENT_PLAIN && i > 0 &&
		i + 1 < moments->count && moment[1].time_ns == moment->time_ns);
}

static void put_in_order(struct moments *moments)
{
	bool is_over = false;
	size_t kept = 0;

	qsort(moments->array, moments->count, sizeof(*moments->array), compare);
	for (size_t i = 0; i < moments->count; i++) {
		if (is_surplus(moments, i, is_over)) {
			free(moments->array[i].values);
			continue;
		}
		is_over = moments->array[i].kind == MOMENT_END;
		moments->array[kept++] = moments->array[i];
	}
	moments->count = kept;
}

/* Those that are always known. */
static void add_known(struct moments *moments, const struct catalog *catalog)
{
	const struct summary *summary = &catalog->analysis->summary;
	const struct range *range = &catalog->analysis->range;
	const struct counts *sum = &catalog->sum;
	uint64_t peak_ns = summary->has_peak_time ? summary->peak_ns : 0;
	uint64_t end_ns = summary->has_duration ? summary->duration_ns : 0;

	/* The peak may be the very end, and who was killed left no end. */
	if (end_ns == 0 && moments->count > 0)
		end_ns = range_duration(catalog->analysis->dump);
	if (range->is_set && range->to.kind != RANGE_END &&
	    range->to.ns < end_ns)
		end_ns = range->to.ns;
	if (catalog->analysis->sites.is_peak_now && end_ns > peak_ns)
		peak_ns = end_ns;
	if (end_ns < peak_ns)
		end_ns = peak_ns;
	moments->array[moments->count++] = (struct moment) { 0 };
	moments->array[moments->count++] =
		(struct moment) { .kind = MOMENT_PEAK,
				  .time_ns = peak_ns,
				  .bytes = sum->of[METRIC_PEAK_BYTES],
				  .metric = METRIC_PEAK_BYTES };
	moments->array[moments->count++] =
		(struct moment) { .kind = MOMENT_END,
				  .time_ns = end_ns,
				  .bytes = sum->of[METRIC_LIVE_BYTES],
				  .metric = METRIC_LIVE_BYTES };
}

static int add_timeline(struct moments *moments, const struct catalog *catalog)
{
	struct timeline timeline;
	int ret = timeline_init(&timeline, catalog->analysis);

	if (ret < 0)
		return ret;
	if (catalog->analysis->filter.is_complete)
		add_plain(moments, &timeline);
	timeline_done(&timeline);
	return add_all_detailed(moments, catalog);
}

int moments_init(struct moments *ret_moments, const struct catalog *catalog)
{
	const struct summary *summary = &catalog->analysis->summary;
	struct moments moments = { 0 };
	int ret = 0;

	moments.array = calloc(MOMENTS_MAX, sizeof(*moments.array));
	if (!moments.array)
		return DUMP_MEMORY;
	if (summary->has_timeline && !summary->range)
		ret = add_timeline(&moments, catalog);
	add_known(&moments, catalog);
	put_in_order(&moments);
	*ret_moments = moments;
	if (ret < 0)
		moments_done(ret_moments);
	return ret;
}

void moments_done(struct moments *moments)
{
	for (size_t i = 0; i < moments->count; i++)
		free(moments->array[i].values);
	free(moments->array);
	*moments = (struct moments) { 0 };
}
