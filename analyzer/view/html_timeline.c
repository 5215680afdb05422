/* SPDX-License-Identifier: MIT */
/* The heap over time, as columns. */
#include "config.h"

#include "analyzer/view/html_timeline.h"

#include "analyzer/model/timeline.h"
#include "analyzer/view/json_parts.h"

enum column { NS, LIVE_BYTES, LIVE_BLOCKS, RSS_BYTES, ALLOCATED, RATE };

static const char *const column_names[] = {
	[NS] = "ns",
	[LIVE_BYTES] = "live_bytes",
	[LIVE_BLOCKS] = "live_blocks",
	[RSS_BYTES] = "rss_bytes",
	[ALLOCATED] = "allocated_bytes",
	[RATE] = "bytes_per_s",
};

static int64_t value(const struct timeline_point *point, enum column column)
{
	switch (column) {
	case NS:
		return (int64_t)point->ns;
	case LIVE_BYTES:
		return point->live_bytes;
	case LIVE_BLOCKS:
		return point->live_blocks;
	case RSS_BYTES:
		return (int64_t)point->rss_bytes;
	case ALLOCATED:
		return (int64_t)point->allocated_bytes;
	case RATE:
		break;
	}
	return (int64_t)point->bytes_per_s;
}

static void put_points(struct json *json, const struct timeline *timeline)
{
	json_begin_object(json, "points");
	for (int c = NS; c <= RATE; c++) {
		json_begin_array(json, column_names[c]);
		for (size_t i = 0; i < timeline->count; i++)
			json_number(
				json, NULL,
				value(&timeline->points[i], (enum column)c));
		json_end(json);
	}
	json_end(json);
}

static void put_events(struct json *json, const struct timeline *timeline)
{
	json_begin_array(json, "events");
	for (size_t i = 0; i < timeline->event_count; i++) {
		const struct timeline_event *event = &timeline->events[i];

		json_begin_object(json, NULL);
		json_unsigned(json, "ns", event->ns);
		json_text(json, "name", event->name);
		json_bool(json, "snapshot", event->is_snapshot);
		json_number(json, "live_bytes", event->live_bytes);
		json_end(json);
	}
	json_end(json);
}

static void put_layers(struct json *json, const struct timeline *timeline,
		       const struct html_links *links)
{
	json_begin_array(json, "sites");
	for (size_t i = 0; i < timeline->site_count; i++) {
		uint32_t row = links->rows[timeline->sites[i]];

		json_number(json, NULL, row == UINT32_MAX ? -1 : (int64_t)row);
	}
	json_end(json);
	json_begin_array(json, "layers");
	for (size_t i = 0; i < timeline->layer_count; i++) {
		const struct timeline_layer *layer = &timeline->layers[i];

		json_begin_array(json, NULL);
		json_unsigned(json, NULL, layer->ns);
		json_number(json, NULL, layer->live_bytes);
		for (size_t k = 0; k < timeline->site_count; k++)
			json_number(json, NULL, layer->sites[k]);
		json_end(json);
	}
	json_end(json);
}

/* links NULL: of a dump beside the page's own. */
static int put_recording(struct json *json, struct analysis *analysis,
			 const struct html_links *links)
{
	struct timeline timeline;
	int ret = timeline_init(&timeline, analysis);

	if (ret < 0)
		return ret;
	json_begin_object(json, NULL);
	json_text(json, "program", analysis->summary.program);
	json_unsigned(json, "pid", analysis->summary.pid);
	json_unsigned(json, "start_unix_ns", timeline.start_unix_ns);
	json_unsigned(json, "from_ns", timeline.from_ns);
	json_unsigned(json, "to_ns", timeline.to_ns);
	json_bool(json, "ended", timeline.is_ended);
	json_unsigned(json, "lost_names", analysis->summary.moments_lost);
	put_points(json, &timeline);
	put_events(json, &timeline);
	if (links)
		put_layers(json, &timeline, links);
	json_end(json);
	timeline_done(&timeline);
	return 0;
}

int html_timeline_put(struct json *json, struct analysis *analysis,
		      const struct html_options *options,
		      const struct html_links *links)
{
	int ret = 0;

	json_begin_array(json, "timelines");
	if (analysis->summary.has_timeline) {
		ret = put_recording(json, analysis, links);
		for (size_t i = 0; i < options->other_count && ret == 0; i++)
			if (options->others[i].summary.has_timeline)
				ret = put_recording(json, &options->others[i],
						    NULL);
	}
	json_end(json);
	return ret;
}
