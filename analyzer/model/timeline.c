/* SPDX-License-Identifier: MIT */
/* The recording over time. */
#include "config.h"

#include "analyzer/model/timeline.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/series.h"

#define RATE_PARTS 500u

static bool is_within(const struct timeline *timeline, uint64_t ns)
{
	return ns >= timeline->from_ns && ns <= timeline->to_ns;
}

static void add_point(struct timeline *timeline,
		      const struct timeline_point *point)
{
	if (is_within(timeline, point->ns))
		timeline->points[timeline->count++] = *point;
}

static int64_t above_zero(uint64_t more, uint64_t less)
{
	return more > less ? (int64_t)(more - less) : 0;
}

static void collect_points(struct timeline *timeline, const struct dump *dump)
{
	const uint64_t start = dump->header.start_ns;

	for (size_t i = 0; i < dump->point_count; i++) {
		const struct mpf_point *from = &dump->points[i];

		if (from->ns == 0)
			continue;
		add_point(timeline,
			  &(struct timeline_point) {
				  .ns = from->ns - start,
				  .live_bytes = above_zero(from->alloc_bytes,
							   from->free_bytes),
				  .live_blocks =
					  above_zero(from->allocs, from->frees),
				  .rss_bytes = from->rss_bytes,
				  .allocations = from->allocs,
				  .allocated_bytes = from->alloc_bytes,
			  });
	}
	for (size_t i = 0; i < dump->moment_count; i++) {
		const struct mpf_moment *from = &dump->moments[i];

		if (from->ns == 0)
			continue;
		add_point(timeline,
			  &(struct timeline_point) {
				  .ns = from->ns - start,
				  .live_bytes = above_zero(from->alloc_bytes,
							   from->free_bytes),
				  .live_blocks =
					  above_zero(from->allocs, from->frees),
				  .rss_bytes = from->rss_bytes,
				  .allocations = from->allocs,
				  .allocated_bytes = from->alloc_bytes,
				  .is_detailed = from->kind != MPF_MOMENT_MARK,
			  });
	}
}

/* Of a program that goes on it is known what it has live when it is read. */
static bool reaches_now(const struct analysis *analysis)
{
	return analysis->summary.state == SUMMARY_RUNNING &&
	       !analysis->range.is_set;
}

static void add_now(struct timeline *timeline, const struct analysis *analysis)
{
	const struct counts *totals = &analysis->sites.totals;

	if (!reaches_now(analysis))
		return;
	if (analysis->summary.duration_ns > timeline->to_ns)
		timeline->to_ns = analysis->summary.duration_ns;
	add_point(
		timeline,
		&(struct timeline_point) {
			.ns = timeline->to_ns,
			.live_bytes = totals->of[METRIC_LIVE_BYTES],
			.live_blocks = totals->of[METRIC_LIVE_BLOCKS],
			.allocations = (uint64_t)totals->of[METRIC_ALLOCATIONS],
			.allocated_bytes =
				(uint64_t)totals->of[METRIC_ALLOCATED_BYTES],
		});
}

static int compare_points(const void *left, const void *right)
{
	const struct timeline_point *a = left, *b = right;

	if (a->ns != b->ns)
		return a->ns < b->ns ? -1 : 1;
	return (int)b->is_detailed - (int)a->is_detailed;
}

/* Leaves out those there twice, and fills in what compares neighbours. */
static void finish_points(struct timeline *timeline)
{
	/* A rate over next to no time says nothing. */
	const uint64_t least =
		(timeline->to_ns - timeline->from_ns) / RATE_PARTS + 1;
	struct timeline_point base = { 0 };
	size_t kept = 0;

	if (timeline->count)
		qsort(timeline->points, timeline->count,
		      sizeof(*timeline->points), compare_points);
	for (size_t i = 0; i < timeline->count; i++) {
		struct timeline_point point = timeline->points[i];
		const struct timeline_point *last =
			kept ? &timeline->points[kept - 1] : NULL;

		if (last && last->ns == point.ns)
			continue;
		if (last && point.ns - base.ns >= least) {
			double seconds = (double)(point.ns - base.ns) / 1e9;

			point.bytes_per_s =
				(double)above_zero(point.allocated_bytes,
						   base.allocated_bytes) /
				seconds;
			base = point;
		} else if (last) {
			point.bytes_per_s = last->bytes_per_s;
		} else {
			base = point;
		}
		if (point.live_bytes > timeline->peak_bytes) {
			timeline->peak_bytes = point.live_bytes;
			timeline->peak_ns = point.ns;
		}
		if (point.rss_bytes > timeline->peak_rss)
			timeline->peak_rss = point.rss_bytes;
		if (point.bytes_per_s > timeline->peak_rate)
			timeline->peak_rate = point.bytes_per_s;
		timeline->points[kept++] = point;
	}
	timeline->count = kept;
}

static void collect_events(struct timeline *timeline, const struct dump *dump)
{
	for (size_t i = 0; i < dump->moment_count; i++) {
		const struct mpf_moment *from = &dump->moments[i];
		struct timeline_event *event =
			&timeline->events[timeline->event_count];
		uint64_t ns = from->ns - dump->header.start_ns;
		const char *name;
		size_t bytes;

		name = dump_text(dump, from->name, &bytes);
		if (from->ns == 0 || bytes == 0 || !is_within(timeline, ns))
			continue;
		*event = (struct timeline_event) {
			.ns = ns,
			.is_snapshot = from->kind == MPF_MOMENT_SNAPSHOT,
			.live_bytes =
				above_zero(from->alloc_bytes, from->free_bytes),
			.rss_bytes = from->rss_bytes,
		};
		memcpy(event->name, name, bytes);
		timeline->event_count++;
	}
}

/* The most that each site had live at once. */
static int find_greatest(const struct timeline *timeline,
			 const struct analysis *analysis, double *most)
{
	struct series series;
	bool is_first = true;
	int ret = series_init(&series, analysis);

	while (ret == 0 && series_next(&series)) {
		if (!is_within(timeline, series.ns))
			continue;
		if (is_first || series.is_all_new) {
			for (size_t i = 0; i < analysis->sites.count; i++)
				if (series.live[i] > most[i])
					most[i] = series.live[i];
		} else {
			for (size_t i = 0; i < series.touched_count; i++) {
				uint32_t site = series.touched[i];

				if (series.live[site] > most[site])
					most[site] = series.live[site];
			}
		}
		is_first = false;
	}
	series_done(&series);
	return ret;
}

static void choose_sites(struct timeline *timeline,
			 const struct analysis *analysis, const double *most)
{
	for (uint32_t i = 0; i < analysis->sites.count; i++) {
		size_t at = timeline->site_count;

		if (!analysis->filter.keeps[i] || !(most[i] > 0))
			continue;
		while (at > 0 && most[i] > most[timeline->sites[at - 1]])
			at--;
		if (at == TIMELINE_SITES)
			continue;
		if (timeline->site_count < TIMELINE_SITES)
			timeline->site_count++;
		for (size_t k = timeline->site_count - 1; k > at; k--)
			timeline->sites[k] = timeline->sites[k - 1];
		timeline->sites[at] = i;
	}
}

static int64_t rounded(double bytes)
{
	if (!(bytes > 0))
		return 0;
	return bytes < (double)DUMP_MAX_COUNT ? (int64_t)(bytes + 0.5)
					      : DUMP_MAX_COUNT;
}

static int64_t live_then(const struct analysis *analysis,
			 const struct series *series)
{
	const struct mpf_moment *moment;

	if (series->moment == SERIES_END)
		return analysis->sites.totals.of[METRIC_LIVE_BYTES];
	moment = &analysis->dump->moments[series->moment];
	return above_zero(moment->alloc_bytes, moment->free_bytes);
}

static int fill_layers(struct timeline *timeline,
		       const struct analysis *analysis)
{
	struct series series;
	bool has_moment = false;
	int ret = series_init(&series, analysis);

	/* Nothing was live at the start, but for what a child inherits. */
	if (ret == 0 && timeline->from_ns == 0 && !analysis->summary.is_forked)
		timeline->layers[timeline->layer_count++].ns =
			timeline->count ? timeline->points[0].ns : 0;
	while (ret == 0 && series_next(&series)) {
		struct timeline_layer *layer =
			&timeline->layers[timeline->layer_count];

		if (!is_within(timeline, series.ns))
			continue;
		layer->ns = series.ns;
		if (series.moment == SERIES_END && reaches_now(analysis))
			layer->ns = timeline->to_ns;
		/* The last known instant is a moment already. */
		else if (has_moment && layer[-1].ns == series.ns &&
			 series.moment == SERIES_END && !timeline->is_ended)
			continue;
		has_moment = true;
		layer->live_bytes = live_then(analysis, &series);
		for (size_t i = 0; i < timeline->site_count; i++)
			layer->sites[i] =
				rounded(series.live[timeline->sites[i]]);
		timeline->layer_count++;
	}
	series_done(&series);
	return ret;
}

int timeline_init(struct timeline *ret_timeline,
		  const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	const struct range *range = &analysis->range;
	struct timeline timeline = {
		.from_ns = range->has_from ? range->from.asked_ns : 0,
		.to_ns = range->is_set ? range->to.asked_ns
				       : range_duration(dump),
		.start_unix_ns = dump->header.start_unix_ns,
		.is_ended = !dump->is_copy &&
			    dump->header.end_ns > dump->header.start_ns,
	};
	double *most = calloc(analysis->sites.count + 1, sizeof(*most));
	int ret = DUMP_MEMORY;

	timeline.points = calloc(dump->point_count + dump->moment_count + 2,
				 sizeof(*timeline.points));
	timeline.events =
		calloc(dump->moment_count + 1, sizeof(*timeline.events));
	timeline.layers =
		calloc(dump->moment_count + 2, sizeof(*timeline.layers));
	if (most && timeline.points && timeline.events && timeline.layers)
		ret = find_greatest(&timeline, analysis, most);
	if (ret == 0) {
		collect_points(&timeline, dump);
		add_now(&timeline, analysis);
		finish_points(&timeline);
		collect_events(&timeline, dump);
		choose_sites(&timeline, analysis, most);
		ret = fill_layers(&timeline, analysis);
	}
	free(most);
	*ret_timeline = timeline;
	if (ret < 0)
		timeline_done(ret_timeline);
	return ret;
}

struct timeline_axis timeline_own_axis(const struct timeline *timeline)
{
	return (struct timeline_axis) { (double)timeline->from_ns,
					(double)timeline->to_ns };
}

size_t timeline_column_of(const struct timeline_axis *axis, size_t count,
			  uint64_t ns)
{
	double whole = axis->to - axis->from;
	double share;
	size_t column;

	if ((double)ns <= axis->from || whole <= 0)
		return 0;
	share = ((double)ns - axis->from) / whole;
	column = share < 1 ? (size_t)(share * (double)count) : count - 1;
	return column < count ? column : count - 1;
}

void timeline_columns(const struct timeline *timeline,
		      const struct timeline_axis *axis, size_t count,
		      struct timeline_column *ret_columns)
{
	size_t at = 0, last_column;
	int64_t last = 0;

	memset(ret_columns, 0, count * sizeof(*ret_columns));
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_point *point = &timeline->points[i];
		size_t c = timeline_column_of(axis, count, point->ns);

		/* Until the next point the heap is taken for what it was. */
		for (; at <= c; at++)
			ret_columns[at].live_bytes =
				at == c ? point->live_bytes : last;
		if (point->live_bytes > ret_columns[c].live_bytes)
			ret_columns[c].live_bytes = point->live_bytes;
		ret_columns[c].is_detailed |= point->is_detailed;
		ret_columns[c].has_peak |= point->ns == timeline->peak_ns;
		last = point->live_bytes;
	}
	/* And until the end, behind which others may go on. */
	last_column = timeline_column_of(axis, count, timeline->to_ns);
	for (; at <= last_column && timeline->is_ended; at++)
		ret_columns[at].live_bytes = last;
}

void timeline_done(struct timeline *timeline)
{
	free(timeline->points);
	free(timeline->events);
	free(timeline->layers);
	*timeline = (struct timeline) { 0 };
}
