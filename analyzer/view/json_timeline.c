/* SPDX-License-Identifier: MIT */
/* The recording over time, and the sites that grow, as JSON. */
#include "config.h"

#include "analyzer/view/json_timeline.h"

#include "analyzer/view/json_parts.h"

#define SCHEMA "memprof-timeline/1"

static void put_rss(struct json *json, uint64_t rss_bytes)
{
	if (rss_bytes)
		json_unsigned(json, "rss_bytes", rss_bytes);
	else
		json_null(json, "rss_bytes");
}

static void put_points(struct json *json, const struct timeline *timeline)
{
	json_begin_array(json, "points");
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_point *point = &timeline->points[i];

		json_begin_object(json, NULL);
		json_unsigned(json, "ns", point->ns);
		json_number(json, "live_bytes", point->live_bytes);
		json_number(json, "live_blocks", point->live_blocks);
		put_rss(json, point->rss_bytes);
		json_unsigned(json, "allocations", point->allocations);
		json_unsigned(json, "allocated_bytes", point->allocated_bytes);
		json_bool(json, "detailed", point->is_detailed);
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
		json_text(json, "kind",
			  event->is_snapshot ? "snapshot" : "mark");
		json_number(json, "live_bytes", event->live_bytes);
		put_rss(json, event->rss_bytes);
		json_end(json);
	}
	json_end(json);
}

static void put_layers(struct json *json, const struct timeline *timeline)
{
	json_begin_array(json, "layers");
	for (size_t i = 0; i < timeline->layer_count; i++) {
		const struct timeline_layer *layer = &timeline->layers[i];

		json_begin_object(json, NULL);
		json_unsigned(json, "ns", layer->ns);
		json_number(json, "live_bytes", layer->live_bytes);
		json_begin_array(json, "live_of_sites");
		for (size_t k = 0; k < timeline->site_count; k++)
			json_number(json, NULL, layer->sites[k]);
		json_end(json);
		json_end(json);
	}
	json_end(json);
}

/* What a page on one recording holds, behind its beginning. */
static int put_recording(struct json *json, struct recording *recording)
{
	struct analysis *analysis = recording->analysis;
	const struct timeline *timeline = &recording->timeline;
	struct stack stack = { 0 };
	int ret = 0;

	json_parts_totals(json, "totals", analysis);
	json_parts_selection(json, "selection", analysis);
	json_unsigned(json, "from_ns", timeline->from_ns);
	json_unsigned(json, "to_ns", timeline->to_ns);
	json_bool(json, "ended", timeline->is_ended);
	json_unsigned(json, "lost_names", analysis->summary.moments_lost);
	put_points(json, timeline);
	put_events(json, timeline);
	json_begin_array(json, "sites");
	for (size_t i = 0; i < timeline->site_count && ret == 0; i++)
		ret = json_parts_site(
			json, NULL, analysis,
			&analysis->sites.array[timeline->sites[i]], &stack);
	json_end(json);
	put_layers(json, timeline);
	json_parts_losses(json, "losses", analysis);
	json_end(json);
	stack_done(&stack);
	return ret;
}

int json_timeline_print(FILE *file, const struct recordings *recordings)
{
	struct recording *first = &recordings->array[0];
	struct json json;
	int ret = 0;

	if (recordings->count == 1) {
		json_parts_begin(&json, file, SCHEMA,
				 &first->analysis->summary);
		return put_recording(&json, first);
	}
	json_init(&json, file);
	json_begin_object(&json, NULL);
	json_text(&json, "schema", "memprof-timelines/1");
	json_begin_array(&json, "timelines");
	for (size_t i = 0; i < recordings->count && ret == 0; i++) {
		struct recording *recording = &recordings->array[i];

		json_begin_object(&json, NULL);
		json_parts_head(&json, SCHEMA, &recording->analysis->summary);
		ret = put_recording(&json, recording);
	}
	json_end(&json);
	json_end(&json);
	return ret;
}

int json_growth_print(FILE *file, struct analysis *analysis,
		      const struct growth *growth, size_t limit)
{
	struct stack stack = { 0 };
	struct json json;
	int ret = 0;

	json_parts_begin(&json, file, "memprof-growth/1", &analysis->summary);
	json_unsigned(&json, "from_ns", growth->from_ns);
	json_unsigned(&json, "to_ns", growth->to_ns);
	json_bool(&json, "too_short", growth->is_too_short);
	json_begin_array(&json, "moments");
	for (unsigned p = 0; p < GROWTH_PARTS; p++)
		json_unsigned(&json, NULL, growth->moments[p]);
	json_end(&json);
	json_number(&json, "grown", growth->grown);
	json_unsigned(&json, "suppressed_sites", growth->suppressed);
	json_number(&json, "suppressed_grown", growth->suppressed_grown);
	json_unsigned(&json, "growing_total", growth->count);
	json_begin_array(&json, "growing");
	for (size_t i = 0; i < growth->count && ret == 0; i++) {
		const struct growth_row *row = &growth->rows[i];

		if (limit && i == limit)
			break;
		json_begin_object(&json, NULL);
		json_number(&json, "grown", row->grown);
		json_number(&json, "per_hour", row->per_hour);
		json_begin_array(&json, "floors");
		for (unsigned p = 0; p < GROWTH_PARTS; p++)
			json_number(&json, NULL, row->floors[p]);
		json_end(&json);
		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[row->site]);
		if (ret == 0)
			json_parts_stack(&json, "stack", &stack);
		json_end(&json);
	}
	json_end(&json);
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
	stack_done(&stack);
	return ret;
}
