/* SPDX-License-Identifier: MIT */
/* What the dump is, as JSON. */
#include "config.h"

#include "analyzer/view/json_info.h"

#include "analyzer/view/json_parts.h"
#include "analyzer/view/text_info.h"
#include "analyzer/view/text_heap.h"

static void put_mode(struct json *json, const struct summary *summary)
{
	json_text(json, "state", json_parts_state(summary));
	json_text(json, "failure", json_parts_failure(summary));
	json_begin_object(json, "dump");
	json_text(json, "path", summary->dump_path);
	json_text(json, "recorded_as", summary->out_path);
	json_unsigned(json, "bytes", summary->dump_bytes);
	json_unsigned(json, "version", summary->version);
	json_end(json);
	json_begin_object(json, "mode");
	json_bool(json, "exact", summary->sample_bytes == 0);
	json_unsigned(json, "sample_bytes", summary->sample_bytes);
	json_text(json, "unwind", summary->uses_frame_pointers ? "fp" : "cfi");
	json_unsigned(json, "max_depth", summary->max_depth);
	json_end(json);
	json_begin_object(json, "timeline");
	json_bool(json, "recorded", summary->has_timeline);
	json_unsigned(json, "points", summary->points);
	json_unsigned(json, "intervals", summary->intervals);
	json_unsigned(json, "snapshots", summary->snapshots);
	json_unsigned(json, "marks", summary->marks);
	json_unsigned(json, "lost", summary->moments_lost);
	json_end(json);
	json_begin_object(json, "checks");
	json_unsigned(json, "walks", summary->check_walks);
	json_unsigned(json, "differences", summary->check_differences);
	json_unsigned(json, "verified_walks", summary->verify_walks);
	json_unsigned(json, "verified_differences",
		      summary->verify_differences);
	json_end(json);
}

static void put_lifetimes(struct json *json, const struct analysis *analysis,
			  const struct ages *ages)
{
	int64_t live = analysis->sites.totals.of[METRIC_LIVE_BYTES];

	if (!ages->has_lifetimes) {
		json_null(json, "lifetimes");
		return;
	}
	json_begin_object(json, "lifetimes");
	json_parts_lifetime(json, &ages->totals, ages->has_time);
	if (ages->has_usable)
		json_number(json, "slack_bytes",
			    lifetime_slack(&ages->totals, live));
	else
		json_null(json, "slack_bytes");
	json_end(json);
}

static void put_modules(struct json *json, struct analysis *analysis,
			size_t limit)
{
	const struct modules *modules = &analysis->tree.modules;

	json_begin_array(json, "modules");
	for (uint32_t i = 0; i < modules->count; i++) {
		const struct module *module = &modules->array[i];

		if (limit && i == limit)
			break;
		json_begin_object(json, NULL);
		json_text(json, "path", module->path);
		json_hex(json, "build_id", module->build_id,
			 module->build_id_bytes);
		json_unsigned(json, "start", module->start);
		json_unsigned(json, "end", module->end);
		json_unsigned(json, "file_bytes", module->file_bytes);
		json_bool(json, "main", module->is_main);
		json_bool(json, "vdso", module->is_vdso);
		json_bool(json, "unloaded", module->is_unloaded);
		json_text(json, "names",
			  text_info_names(
				  names_module_status(&analysis->names, i)));
		json_end(json);
	}
	json_end(json);
}

static void put_threads(struct json *json, const struct top *threads,
			size_t limit)
{
	json_begin_array(json, "threads");
	for (size_t i = 0; i < threads->count; i++) {
		const struct top_row *row = &threads->rows[i];

		if (limit && i == limit)
			break;
		json_begin_object(json, NULL);
		json_text(json, "name", row->thread_name);
		json_unsigned(json, "tid", row->tid);
		json_unsigned(json, "threads", row->threads);
		json_bool(json, "inherited", row->is_inherited);
		json_bool(json, "attributed", !row->has_no_stack);
		json_parts_counts(json, &row->self);
		json_end(json);
	}
	json_end(json);
}

void json_info_print(FILE *file, struct analysis *analysis,
		     const struct ages *ages, const struct top *threads,
		     size_t limit)
{
	struct json json;

	json_parts_begin(&json, file, "memprof-info/1", &analysis->summary);
	put_mode(&json, &analysis->summary);
	put_lifetimes(&json, analysis, ages);
	json_parts_totals(&json, "totals", analysis);
	json_heap_put(&json, "memory_at_end", analysis);
	put_modules(&json, analysis, limit);
	put_threads(&json, threads, limit);
	json_parts_losses(&json, "losses", analysis);
	json_end(&json);
}
