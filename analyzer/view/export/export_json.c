/* SPDX-License-Identifier: MIT */
/*
 * All of a dump as JSON in tables: sites name frames, and frames modules, by
 * their number in the arrays. memprof-export.schema.json describes it.
 */
#include "config.h"

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/frame_texts.h"
#include "analyzer/view/json_parts.h"

static void put_modules(struct json *json, const struct catalog *catalog)
{
	json_begin_array(json, "modules");
	for (size_t i = 0; i < catalog->module_count; i++) {
		const struct module *module = catalog->modules[i];

		json_begin_object(json, NULL);
		json_text(json, "path", module->path);
		if (module->build_id_bytes)
			json_hex(json, "build_id", module->build_id,
				 module->build_id_bytes);
		else
			json_null(json, "build_id");
		json_unsigned(json, "start", module->start);
		json_unsigned(json, "end", module->end);
		json_end(json);
	}
	json_end(json);
}

static void put_number(struct json *json, const char *key, uint32_t number)
{
	if (number)
		json_unsigned(json, key, number);
	else
		json_null(json, key);
}

static void put_call(struct json *json, const struct catalog *catalog,
		     const struct catalog_frame *frame,
		     const struct catalog_call *call)
{
	const struct catalog_function *function =
		&catalog->functions[call->function];

	json_begin_object(json, NULL);
	json_text(json, "function", function->name);
	json_bool(json, "known", function->is_known);
	json_text(json, "file", function->file);
	put_number(json, "line", call->line);
	put_number(json, "column", call->column);
	json_text(json, "language", frame->is_python ? "python" : "native");
	if (frame->module == CATALOG_NONE)
		json_null(json, "module");
	else
		json_unsigned(json, "module", frame->module);
	json_unsigned(json, "address", frame->address);
	json_unsigned(json, "offset", frame->offset);
	json_bool(json, "inlined", call->is_inlined);
	json_bool(json, "guessed", frame->is_guessed);
	json_end(json);
}

static void put_frames(struct json *json, const struct catalog *catalog)
{
	json_begin_array(json, "frames");
	/* Calls are in the order of their frames. */
	for (size_t i = 0; i < catalog->frame_count; i++) {
		const struct catalog_frame *frame = &catalog->frames[i];

		for (uint32_t call = 0; call < frame->count; call++)
			put_call(json, catalog, frame,
				 &catalog->calls[frame->first + call]);
	}
	json_end(json);
}

static int64_t slack_of(const struct catalog_entry *entry)
{
	return lifetime_slack(&entry->lifetime,
			      entry->counts.of[METRIC_LIVE_BYTES]);
}

static int put_site(struct json *json, struct catalog *catalog,
		    const struct catalog_entry *entry,
		    const struct frame_texts *numbers)
{
	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	json_begin_object(json, NULL);
	json_parts_counts(json, &entry->counts);
	if (catalog->has_lifetimes) {
		json_begin_object(json, "lifetime");
		json_parts_lifetime(json, &entry->lifetime, catalog->has_time);
		json_end(json);
	}
	if (catalog->has_usable)
		json_number(json, "slack_bytes", slack_of(entry));
	json_begin_array(json, "stack");
	for (size_t i = 0; i < catalog->stack_count; i++) {
		size_t bytes;
		const char *text =
			frame_texts_of(numbers, catalog->stack[i], &bytes);

		json_raw(json, text, bytes);
	}
	json_end(json);
	json_end(json);
	return 0;
}

static int json_write(FILE *file, struct catalog *catalog,
		      const struct export_options *options)
{
	struct analysis *analysis = catalog->analysis;
	struct frame_texts numbers;
	struct json json;
	int ret = frame_texts_init(&numbers, catalog, frame_texts_numbers);

	(void)options;
	if (ret < 0)
		return ret;
	json_parts_begin(&json, file, "memprof-export/1", &analysis->summary);
	json_parts_totals(&json, "totals", analysis);
	json_parts_losses(&json, "losses", analysis);
	json_parts_selection(&json, "selection", analysis);
	put_modules(&json, catalog);
	put_frames(&json, catalog);
	json_begin_array(&json, "sites");
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_site(&json, catalog, &catalog->entries[i], &numbers);
	json_end(&json);
	json_end(&json);
	frame_texts_done(&numbers);
	return ret;
}

const struct exporter export_json = {
	.name = "json",
	.has_zeros = true,
	.write = json_write,
};
