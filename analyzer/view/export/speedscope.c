/* SPDX-License-Identifier: MIT */
/*
 * speedscope's own format: one table of frames, and a profile for each metric,
 * which its title bar lets choose from.
 */
#include "config.h"

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/frame_texts.h"
#include "analyzer/view/json.h"

#define SCHEMA "https://www.speedscope.app/file-format-schema.json"

/* The one that is shown first is that of the metric asked for. */
static const struct {
	enum metric metric;
	const char *name;
	const char *unit;
} profiles[] = {
	{ METRIC_PEAK_BYTES, "bytes at the peak", "bytes" },
	{ METRIC_LIVE_BYTES, "bytes live at the end", "bytes" },
	{ METRIC_ALLOCATED_BYTES, "bytes allocated", "bytes" },
	{ METRIC_PEAK_BLOCKS, "blocks at the peak", "none" },
	{ METRIC_LIVE_BLOCKS, "blocks live at the end", "none" },
	{ METRIC_ALLOCATIONS, "allocations", "none" },
	{ METRIC_TEMPORARY, "temporary allocations", "none" },
};

#define PROFILES (sizeof(profiles) / sizeof(profiles[0]))

static void put_frames(struct json *json, const struct catalog *catalog)
{
	json_begin_object(json, "shared");
	json_begin_array(json, "frames");
	for (size_t i = 0; i < catalog->call_count; i++) {
		const struct catalog_call *call = &catalog->calls[i];
		const struct catalog_function *function =
			&catalog->functions[call->function];

		json_begin_object(json, NULL);
		json_text(json, "name", function->name);
		if (function->file)
			json_text(json, "file", function->file);
		if (function->file && call->line)
			json_unsigned(json, "line", call->line);
		if (function->file && call->line && call->column)
			json_unsigned(json, "col", call->column);
		json_end(json);
	}
	json_end(json);
	json_end(json);
}

static int put_samples(struct json *json, struct catalog *catalog,
		       const struct frame_texts *numbers, enum metric metric)
{
	json_begin_array(json, "samples");
	for (size_t i = 0; i < catalog->entry_count; i++) {
		if (catalog->entries[i].counts.of[metric] == 0)
			continue;
		if (catalog_read(catalog, &catalog->entries[i]) < 0)
			return DUMP_MEMORY;
		json_begin_array(json, NULL);
		for (size_t at = catalog->stack_count; at-- > 0;) {
			size_t bytes;
			const char *text = frame_texts_of(
				numbers, catalog->stack[at], &bytes);

			json_raw(json, text, bytes);
		}
		json_end(json);
	}
	json_end(json);
	return 0;
}

static int put_profile(struct json *json, struct catalog *catalog,
		       const struct frame_texts *numbers, size_t at)
{
	enum metric metric = profiles[at].metric;

	json_begin_object(json, NULL);
	json_text(json, "type", "sampled");
	json_text(json, "name", profiles[at].name);
	json_text(json, "unit", profiles[at].unit);
	json_number(json, "startValue", 0);
	json_number(json, "endValue", catalog->sum.of[metric]);
	if (put_samples(json, catalog, numbers, metric) < 0)
		return DUMP_MEMORY;
	json_begin_array(json, "weights");
	for (size_t i = 0; i < catalog->entry_count; i++)
		if (catalog->entries[i].counts.of[metric] != 0)
			json_number(json, NULL,
				    catalog->entries[i].counts.of[metric]);
	json_end(json);
	json_end(json);
	return 0;
}

static int speedscope_write(FILE *file, struct catalog *catalog,
			    const struct export_options *options)
{
	struct frame_texts numbers;
	struct json json;
	size_t shown = 0;
	int ret = frame_texts_init(&numbers, catalog,
				   frame_texts_numbers_reversed);

	if (ret < 0)
		return ret;

	while (shown + 1 < PROFILES &&
	       profiles[shown].metric != options->metric)
		shown++;
	json_init(&json, file);
	json_begin_object(&json, NULL);
	json_text(&json, "$schema", SCHEMA);
	json_text(&json, "exporter", PACKAGE_NAME "@" PACKAGE_VERSION);
	json_text(&json, "name", catalog->analysis->summary.program);
	json_unsigned(&json, "activeProfileIndex", shown);
	put_frames(&json, catalog);
	json_begin_array(&json, "profiles");
	for (size_t i = 0; i < PROFILES && ret == 0; i++)
		ret = put_profile(&json, catalog, &numbers, i);
	json_end(&json);
	json_end(&json);
	frame_texts_done(&numbers);
	return ret;
}

const struct exporter export_speedscope = {
	.name = "speedscope",
	.has_zeros = true,
	.write = speedscope_write,
};
