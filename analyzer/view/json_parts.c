/* SPDX-License-Identifier: MIT */
/* The objects that the JSON of several commands has in common. */
#include "config.h"

#include "analyzer/view/json_parts.h"

#include <inttypes.h>

const char *json_parts_state(const struct summary *summary)
{
	switch (summary->state) {
	case SUMMARY_RUNNING:
		return "running";
	case SUMMARY_EXITED:
		return "exited";
	case SUMMARY_REPLACED:
		return "replaced";
	case SUMMARY_VANISHED:
		break;
	}
	return "vanished";
}

const char *json_parts_failure(const struct summary *summary)
{
	switch (summary->failure) {
	case SUMMARY_COMPLETE:
		return NULL;
	case SUMMARY_NO_SPACE:
		return "no space";
	case SUMMARY_NO_REOPEN:
		return "no reopen";
	case SUMMARY_LIMIT:
		return "limit";
	case SUMMARY_NO_MEMORY:
		return "no memory";
	case SUMMARY_FILE_SIZE:
		break;
	}
	return "file size";
}

static void put_strings(struct json *json, const char *key,
			const struct summary_strings *strings)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < strings->count; i++)
		json_text(json, NULL, strings->array[i]);
	json_end(json);
}

static const char *python_state(enum summary_python state)
{
	switch (state) {
	case SUMMARY_PYTHON_NONE:
		break;
	case SUMMARY_PYTHON_ON:
		return "on";
	case SUMMARY_PYTHON_VERSION:
		return "unknown version";
	case SUMMARY_PYTHON_THREADED:
		return "free-threaded";
	case SUMMARY_PYTHON_DIFFERENT:
		return "different build";
	case SUMMARY_PYTHON_STOPPED:
		return "stopped";
	}
	return NULL;
}

static const char *objects_mode(const struct summary *summary)
{
	if (summary->python != SUMMARY_PYTHON_ON)
		return NULL;
	switch (summary->objects.mode) {
	case SUMMARY_OBJECTS_ON:
		return "objects";
	case SUMMARY_OBJECTS_LATE:
		return "late objects";
	case SUMMARY_OBJECTS_OFF:
	case SUMMARY_OBJECTS_FAILED:
		break;
	}
	return "stack";
}

static void put_known(struct json *json, const char *key, bool is_known,
		      int64_t value)
{
	if (is_known)
		json_number(json, key, value);
	else
		json_null(json, key);
}

static void put_interpreted(struct json *json,
			    const struct summary_objects *objects)
{
	const bool is_known = objects->has_counts;

	json_begin_object(json, "objects");
	put_known(json, "live_blocks", is_known, objects->live_blocks);
	put_known(json, "live_bytes", is_known, objects->live_bytes);
	put_known(json, "arena_bytes", is_known, (int64_t)objects->arena_bytes);
	put_known(json, "arena_bytes_most", is_known,
		  (int64_t)objects->arena_bytes_most);
	put_known(json, "arena_live_bytes", is_known,
		  objects->arena_live_bytes);
	json_end(json);
}

static void put_python(struct json *json, const struct summary *summary)
{
	char version[40];

	snprintf(version, sizeof(version), "%" PRIu32 ".%" PRIu32 ".%" PRIu32,
		 summary->python_major, summary->python_minor,
		 summary->python_micro);
	json_begin_object(json, "python");
	json_text(json, "state", python_state(summary->python));
	json_text(json, "version",
		  summary->python == SUMMARY_PYTHON_NONE ? NULL : version);
	json_text(json, "mode", objects_mode(summary));
	put_interpreted(json, &summary->objects);
	json_end(json);
}

static void put_program(struct json *json, const struct summary *summary)
{
	json_begin_object(json, "program");
	json_text(json, "path", summary->program);
	put_strings(json, "arguments", &summary->arguments);
	json_text(json, "directory", summary->directory);
	json_text(json, "host", summary->host);
	json_text(json, "system", summary->system);
	json_text(json, "machine", summary->machine);
	json_text(json, "allocator", summary->allocator);
	put_strings(json, "settings", &summary->settings);
	json_unsigned(json, "pid", summary->pid);
	json_unsigned(json, "parent_pid", summary->ppid);
	if (summary->is_forked)
		json_unsigned(json, "forked_by", summary->recorded_parent);
	else
		json_null(json, "forked_by");
	json_text(json, "state", json_parts_state(summary));
	if (summary->state == SUMMARY_EXITED)
		json_number(json, "exit_status", summary->exit_status);
	else
		json_null(json, "exit_status");
	json_unsigned(json, "start_unix_ns", summary->start_unix_ns);
	if (summary->has_duration)
		json_unsigned(json, "duration_ns", summary->duration_ns);
	else
		json_null(json, "duration_ns");
	if (summary->is_copy)
		json_unsigned(json, "saved_after_ns", summary->saved_ns);
	else
		json_null(json, "saved_after_ns");
	json_text(json, "dump", summary->dump_path);
	json_unsigned(json, "sample_bytes", summary->sample_bytes);
	put_python(json, summary);
	json_end(json);
}

static void put_edge(struct json *json, const char *key,
		     const struct range_edge *edge)
{
	json_begin_object(json, key);
	if (*edge->name)
		json_text(json, "name", edge->name);
	else
		json_null(json, "name");
	json_unsigned(json, "asked_ns", edge->asked_ns);
	json_unsigned(json, "ns", edge->ns);
	json_bool(json, "exact", edge->is_exact);
	json_end(json);
}

static void put_range(struct json *json, const struct range *range)
{
	if (!range) {
		json_null(json, "range");
		return;
	}
	json_begin_object(json, "range");
	if (range->has_from)
		put_edge(json, "from", &range->from);
	else
		json_null(json, "from");
	put_edge(json, "to", &range->to);
	json_end(json);
}

void json_parts_begin(struct json *json, FILE *file, const char *schema,
		      const struct summary *summary)
{
	json_init(json, file);
	json_begin_object(json, NULL);
	json_parts_head(json, schema, summary);
}

void json_parts_head(struct json *json, const char *schema,
		     const struct summary *summary)
{
	json_text(json, "schema", schema);
	put_program(json, summary);
	put_range(json, summary->range);
}

void json_parts_totals(struct json *json, const char *key,
		       const struct analysis *analysis)
{
	const struct summary *summary = &analysis->summary;
	const struct sites *sites = &analysis->sites;

	json_begin_object(json, key);
	json_parts_counts(json, &sites->totals);
	json_unsigned(json, "failed", summary->failed);
	if (summary->has_peak_time && !sites->is_peak_now)
		json_unsigned(json, "peak_ns", summary->peak_ns);
	else
		json_null(json, "peak_ns");
	json_bool(json, "peak_is_now", sites->is_peak_now);
	json_unsigned(json, "sites", sites->count);
	json_unsigned(json, "truncated_stacks", sites->cut_count);
	json_unsigned(json, "truncated_allocations", sites->cut_allocations);
	json_unsigned(json, "inherited_blocks", summary->inherited_blocks);
	json_unsigned(json, "inherited_bytes", summary->inherited_bytes);
	json_unsigned(json, "threads", summary->threads);
	json_end(json);
}

static void put_objects(struct json *json, struct analysis *analysis)
{
	const struct modules *modules = &analysis->tree.modules;

	json_begin_array(json, "objects");
	for (uint32_t i = 0; i < modules->count; i++) {
		const char *problem = names_problem(&analysis->names, i);

		if (!problem)
			continue;
		json_begin_object(json, NULL);
		json_text(json, "path", modules->array[i].path);
		json_text(json, "problem", problem);
		json_end(json);
	}
	json_end(json);
}

static void put_memory(struct json *json, const struct summary *summary)
{
	const struct {
		const char *key;
		bool is_known;
		uint64_t value;
	} members[] = {
		{ "private_bytes", summary->has_memory,
		  summary->private_bytes },
		{ "private_live_bytes", summary->has_memory,
		  summary->private_live_bytes },
		{ "private_ns", summary->has_memory && summary->has_memory_time,
		  summary->memory_ns },
		{ "unseen_bytes", summary->has_memory, summary->unseen_bytes },
		{ "unseen_peak_bytes", summary->has_memory,
		  summary->unseen_peak_bytes },
		{ "resident_peak_bytes", summary->resident_peak_bytes,
		  summary->resident_peak_bytes },
	};

	for (size_t i = 0; i < sizeof(members) / sizeof(members[0]); i++) {
		if (members[i].is_known)
			json_unsigned(json, members[i].key, members[i].value);
		else
			json_null(json, members[i].key);
	}
}

void json_parts_losses(struct json *json, const char *key,
		       struct analysis *analysis)
{
	const struct summary *summary = &analysis->summary;

	json_begin_object(json, key);
	json_text(json, "failure", json_parts_failure(summary));
	json_number(json, "failure_errno", summary->failure_errno);
	json_unsigned(json, "overflow_allocations", summary->overflow_allocs);
	json_unsigned(json, "overflow_bytes", summary->overflow_alloc_bytes);
	json_unsigned(json, "overflow_frees", summary->overflow_frees);
	json_unsigned(json, "overflow_freed_bytes",
		      summary->overflow_free_bytes);
	json_unsigned(json, "untracked_allocations", summary->untracked_allocs);
	json_unsigned(json, "untracked_bytes", summary->untracked_bytes);
	json_bool(json, "bypassed", summary->is_bypassed);
	json_bool(json, "namespaces", summary->has_namespaces);
	put_memory(json, summary);
	json_unsigned(json, "foreign_frees", summary->foreign_frees);
	json_unsigned(json, "foreign_reallocs", summary->foreign_reallocs);
	json_unsigned(json, "nested", summary->nested);
	json_unsigned(json, "guessed_walks", summary->guessed);
	json_unsigned(json, "cut_walks_depth", summary->cut_depth);
	json_unsigned(json, "cut_walks_no_rule", summary->cut_no_rule);
	json_unsigned(json, "cut_walks_bad_stack", summary->cut_bad_stack);
	json_unsigned(json, "python_broken", summary->python_broken);
	json_unsigned(json, "python_cut", summary->python_cut);
	json_unsigned(json, "python_unknown", summary->python_unknown);
	json_unsigned(json, "adjusted_sites", analysis->sites.adjusted_count);
	json_unsigned(json, "dropped", summary->dropped_count);
	put_objects(json, analysis);
	json_end(json);
}

void json_parts_selection(struct json *json, const char *key,
			  const struct analysis *analysis)
{
	const struct filter *filter = &analysis->filter;

	json_begin_object(json, key);
	json_bool(json, "complete", filter->is_complete);
	json_unsigned(json, "sites", filter->count);
	json_parts_estimate(json, &filter->sum,
			    analysis->sites.errors ? &filter->error : NULL);
	json_end(json);
}

const char *json_parts_metric(enum metric metric)
{
	static const char *const names[METRIC_COUNT] = {
		[METRIC_ALLOCATIONS] = "allocations",
		[METRIC_ALLOCATED_BYTES] = "allocated_bytes",
		[METRIC_FREES] = "frees",
		[METRIC_FREED_BYTES] = "freed_bytes",
		[METRIC_REALLOCS] = "reallocs",
		[METRIC_LIVE_BLOCKS] = "live_blocks",
		[METRIC_LIVE_BYTES] = "live_bytes",
		[METRIC_PEAK_BLOCKS] = "peak_blocks",
		[METRIC_PEAK_BYTES] = "peak_bytes",
		[METRIC_TEMPORARY] = "temporary",
	};

	return names[metric];
}

void json_parts_counts(struct json *json, const struct counts *counts)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		json_number(json, json_parts_metric((enum metric)i),
			    counts->of[i]);
}

void json_parts_estimate(struct json *json, const struct counts *counts,
			 const struct error *error)
{
	json_parts_counts(json, counts);
	if (!error)
		return;
	json_number(json, "samples", error_samples(error, METRIC_ALLOCATIONS));
	json_number(json, "live_samples",
		    error_samples(error, METRIC_LIVE_BLOCKS));
	json_number(json, "peak_samples",
		    error_samples(error, METRIC_PEAK_BLOCKS));
	for (int i = 0; i < METRIC_COUNT; i++) {
		enum metric metric = (enum metric)i;
		char name[32];

		snprintf(name, sizeof(name), "%s_stderr",
			 json_parts_metric(metric));
		json_number(json, name, error_rounded(error, metric));
	}
}

static const char *truncation_name(enum tree_end end)
{
	switch (end) {
	case TREE_COMPLETE:
		return NULL;
	case TREE_CUT_DEPTH:
		return "depth";
	case TREE_CUT_NO_RULE:
		return "no rule";
	case TREE_CUT_BAD_STACK:
		return "bad stack";
	case TREE_CUT_OTHER:
		break;
	}
	return "other";
}

void json_parts_function_start(struct json *json, uint64_t start)
{
	if (start)
		json_unsigned(json, "function_start", start);
	else
		json_null(json, "function_start");
}

static void put_frame(struct json *json, const char *key,
		      const struct stack_frame *frame)
{
	char unnamed[NAMES_UNNAMED_BYTES];
	const char *function = frame->function;

	if (frame->start && frame->module) {
		names_write_unnamed(unnamed, frame->module, frame->start);
		function = unnamed;
	}
	json_begin_object(json, key);
	json_text(json, "function", function);
	json_text(json, "file", frame->file);
	if (frame->line)
		json_unsigned(json, "line", frame->line);
	else
		json_null(json, "line");
	if (frame->column)
		json_unsigned(json, "column", frame->column);
	else
		json_null(json, "column");
	json_text(json, "language", frame->is_python ? "python" : "native");
	json_text(json, "module", frame->module);
	json_unsigned(json, "offset",
		      frame->module ? frame->offset : frame->address);
	json_parts_function_start(json, frame->start);
	json_bool(json, "inlined", frame->is_inlined);
	json_bool(json, "guessed", frame->is_guessed);
	json_end(json);
}

void json_parts_rounded(struct json *json, const char *key, double value)
{
	json_unsigned(json, key, ages_rounded(value));
}

void json_parts_lifetime(struct json *json, const struct lifetime *lifetime,
			 bool has_time)
{
	json_parts_rounded(json, "blocks", lifetime->blocks);
	if (has_time) {
		json_parts_rounded(json, "total_ns", lifetime->ns);
		json_parts_rounded(json, "longest_ns", lifetime->max_ns);
	} else {
		json_null(json, "total_ns");
		json_null(json, "longest_ns");
	}
	json_parts_rounded(json, "total_allocations", lifetime->allocs);
	json_parts_rounded(json, "longest_allocations", lifetime->max_allocs);
}

void json_parts_start(struct json *json, const char *key,
		      const struct stack *stack)
{
	if (stack->start_count)
		put_frame(json, key, &stack->starts[0]);
	else
		json_null(json, key);
}

void json_parts_stack(struct json *json, const char *key,
		      const struct stack *stack)
{
	json_begin_array(json, key);
	for (size_t i = 0; i < stack->count; i++)
		put_frame(json, NULL, &stack->frames[i]);
	json_end(json);
}

int json_parts_site_members(struct json *json, struct analysis *analysis,
			    const struct site *site, struct stack *stack)
{
	int ret = stack_read(stack, &analysis->names, site);

	if (ret < 0)
		return ret;
	json_parts_estimate(
		json, &site->counts,
		sites_error(&analysis->sites,
			    (size_t)(site - analysis->sites.array)));
	json_text(json, "truncated", truncation_name(stack->end));
	json_bool(json, "attributed", stack->kind == SITE_STACK);
	json_begin_array(json, "threads_started_at");
	for (size_t i = 0; i < stack->start_count; i++)
		put_frame(json, NULL, &stack->starts[i]);
	if (stack->start_count && stack->has_more_starts)
		json_null(json, NULL);
	json_end(json);
	json_parts_stack(json, "stack", stack);
	return 0;
}

int json_parts_site(struct json *json, const char *key,
		    struct analysis *analysis, const struct site *site,
		    struct stack *stack)
{
	int ret;

	json_begin_object(json, key);
	ret = json_parts_site_members(json, analysis, site, stack);
	json_end(json);
	return ret;
}
