/* SPDX-License-Identifier: MIT */
/*
 * One SQLite database with all of a dump in indexed tables, made in memory and
 * written as a whole, so that it goes wherever any other output goes.
 * memprof-export(1) describes the tables.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/timeline.h"
#include "analyzer/model/top.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/sqlite_library.h"
#include "analyzer/view/export/sqlite_schema.h"
#include "analyzer/view/json_parts.h"

struct writer {
	const struct sqlite_library *sqlite;
	sqlite3 *db;
	sqlite3_stmt *insert; /* the one in use */
	struct catalog *catalog;
	int column; /* bound so far */
	int ret;
};

static void fail(struct writer *writer, int code)
{
	if (writer->ret == 0)
		writer->ret =
			code == SQLITE_NOMEM ? DUMP_MEMORY : EXPORT_LIBRARY;
}

static void run(struct writer *writer, const char *sql)
{
	int code = writer->sqlite->exec(writer->db, sql, NULL, NULL, NULL);

	if (code != SQLITE_OK)
		fail(writer, code);
}

static void make_tables(struct writer *writer)
{
	run(writer, "PRAGMA page_size = 4096");
	run(writer, "PRAGMA foreign_keys = OFF");
	for (int i = 0; i < SCHEMA_TABLES && writer->ret == 0; i++) {
		char *sql = schema_create((enum schema_table)i);

		if (sql)
			run(writer, sql);
		else
			fail(writer, SQLITE_NOMEM);
		free(sql);
	}
	if (writer->ret == 0)
		run(writer, "BEGIN");
}

/* ---- rows ---- */

/* Rows of a table follow. */
static void begin_table(struct writer *writer, enum schema_table table)
{
	char *sql = schema_insert(table);
	int code = sql ? writer->sqlite->prepare(writer->db, sql, -1,
						 &writer->insert, NULL)
		       : SQLITE_NOMEM;

	if (code != SQLITE_OK)
		fail(writer, code);
	writer->column = 0;
	free(sql);
}

static void end_table(struct writer *writer)
{
	writer->sqlite->finalize(writer->insert);
	writer->insert = NULL;
}

static void put_number(struct writer *writer, int64_t number)
{
	writer->sqlite->bind_int64(writer->insert, ++writer->column, number);
}

static void put_null(struct writer *writer)
{
	writer->sqlite->bind_null(writer->insert, ++writer->column);
}

/* NULL becomes null. */
static void put_text(struct writer *writer, const char *text)
{
	char *clean = text ? export_clean(text) : NULL;

	if (text && !clean)
		fail(writer, SQLITE_NOMEM);
	if (clean)
		writer->sqlite->bind_text(writer->insert, ++writer->column,
					  clean, -1, free);
	else
		put_null(writer);
}

static void put_counts(struct writer *writer, const struct counts *counts)
{
	for (int i = 0; i < METRIC_COUNT; i++)
		put_number(writer, counts->of[i]);
}

static void end_row(struct writer *writer)
{
	int code;

	if (writer->ret < 0)
		return;
	code = writer->sqlite->step(writer->insert);
	if (code != SQLITE_DONE)
		fail(writer, code);
	writer->sqlite->reset(writer->insert);
	writer->column = 0;
}

/* ---- tables ---- */

static void put_pair(struct writer *writer, const char *key, int64_t number)
{
	put_text(writer, key);
	put_number(writer, number);
	end_row(writer);
}

static void put_word(struct writer *writer, const char *key, const char *text)
{
	put_text(writer, key);
	put_text(writer, text);
	end_row(writer);
}

static void put_meta(struct writer *writer)
{
	const struct analysis *analysis = writer->catalog->analysis;
	const struct summary *summary = &analysis->summary;

	begin_table(writer, SCHEMA_META);
	put_word(writer, "schema", "memprof-sqlite/1");
	put_word(writer, "program", summary->program);
	put_word(writer, "host", summary->host);
	put_word(writer, "allocator", summary->allocator);
	put_word(writer, "state", json_parts_state(summary));
	put_pair(writer, "pid", summary->pid);
	put_pair(writer, "start_unix_ns", (int64_t)summary->start_unix_ns);
	if (summary->has_duration)
		put_pair(writer, "duration_ns", (int64_t)summary->duration_ns);
	if (summary->has_peak_time)
		put_pair(writer, "peak_ns", (int64_t)summary->peak_ns);
	put_pair(writer, "sample_bytes", (int64_t)summary->sample_bytes);
	for (int i = 0; i < METRIC_COUNT; i++)
		put_pair(writer, json_parts_metric((enum metric)i),
			 analysis->sites.totals.of[i]);
	end_table(writer);
}

static void put_modules(struct writer *writer)
{
	begin_table(writer, SCHEMA_MODULES);
	for (size_t i = 0; i < writer->catalog->module_count; i++) {
		const struct module *module = writer->catalog->modules[i];
		char digits[2 * MPF_BUILD_ID_BYTES + 1] = "";

		for (size_t at = 0; at < module->build_id_bytes; at++)
			snprintf(digits + 2 * at, 3, "%02x",
				 module->build_id[at]);
		put_number(writer, (int64_t)i + 1);
		put_text(writer, module->path);
		put_text(writer, *digits ? digits : NULL);
		end_row(writer);
	}
	end_table(writer);
}

static void put_frame(struct writer *writer, const struct catalog_frame *frame,
		      size_t call_number)
{
	const struct catalog_call *call = &writer->catalog->calls[call_number];
	const struct catalog_function *function =
		&writer->catalog->functions[call->function];

	put_number(writer, (int64_t)call_number + 1);
	put_text(writer, function->name);
	put_text(writer, function->file);
	if (call->line)
		put_number(writer, call->line);
	else
		put_null(writer);
	if (frame->module == CATALOG_NONE)
		put_null(writer);
	else
		put_number(writer, (int64_t)frame->module + 1);
	put_number(writer, (int64_t)frame->offset);
	put_number(writer, call->is_inlined);
	put_text(writer, frame->is_python ? "python" : "native");
	end_row(writer);
}

static void put_frames(struct writer *writer)
{
	begin_table(writer, SCHEMA_FRAMES);
	for (size_t i = 0; i < writer->catalog->frame_count; i++) {
		const struct catalog_frame *frame = &writer->catalog->frames[i];

		for (uint32_t call = 0; call < frame->count; call++)
			put_frame(writer, frame, frame->first + call);
	}
	end_table(writer);
}

static void put_sites(struct writer *writer)
{
	begin_table(writer, SCHEMA_SITES);
	for (size_t i = 0; i < writer->catalog->entry_count; i++) {
		put_number(writer, (int64_t)i + 1);
		put_counts(writer, &writer->catalog->entries[i].counts);
		end_row(writer);
	}
	end_table(writer);
}

static void put_stack(struct writer *writer, size_t number)
{
	struct catalog *catalog = writer->catalog;
	int64_t depth = 0;

	if (catalog_read(catalog, &catalog->entries[number]) < 0) {
		fail(writer, SQLITE_NOMEM);
		return;
	}
	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t call = 0; call < frame->count; call++) {
			put_number(writer, (int64_t)number + 1);
			put_number(writer, depth++);
			put_number(writer, (int64_t)frame->first + call + 1);
			end_row(writer);
		}
	}
}

static void put_stacks(struct writer *writer)
{
	begin_table(writer, SCHEMA_STACKS);
	for (size_t i = 0; i < writer->catalog->entry_count; i++)
		put_stack(writer, i);
	end_table(writer);
}

static void put_lines(struct writer *writer)
{
	struct top top;

	if (top_init(&top, writer->catalog->analysis, TOP_LINE) < 0) {
		fail(writer, SQLITE_NOMEM);
		return;
	}
	begin_table(writer, SCHEMA_LINES);
	for (size_t i = 0; i < top.count; i++) {
		const struct top_row *row = &top.rows[i];

		put_text(writer, row->place.function);
		put_text(writer, row->place.file);
		if (row->place.line)
			put_number(writer, row->place.line);
		else
			put_null(writer);
		put_counts(writer, &row->self);
		put_counts(writer, &row->cumulative);
		end_row(writer);
	}
	end_table(writer);
	top_done(&top);
}

static void put_rounded(struct writer *writer, double number, bool is_known)
{
	if (is_known)
		put_number(writer, (int64_t)ages_rounded(number));
	else
		put_null(writer);
}

/* Where they were recorded. */
static void put_lifetimes(struct writer *writer)
{
	const struct catalog *catalog = writer->catalog;

	begin_table(writer, SCHEMA_LIFETIMES);
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct catalog_entry *entry = &catalog->entries[i];
		const struct lifetime *lifetime = &entry->lifetime;

		put_number(writer, (int64_t)i + 1);
		put_rounded(writer, lifetime->blocks, true);
		put_rounded(writer, lifetime->ns, catalog->has_time);
		put_rounded(writer, lifetime->max_ns, catalog->has_time);
		put_rounded(writer, lifetime->allocs, true);
		put_rounded(writer, lifetime->max_allocs, true);
		if (catalog->has_usable)
			put_number(
				writer,
				lifetime_slack(
					lifetime,
					entry->counts.of[METRIC_LIVE_BYTES]));
		else
			put_null(writer);
		end_row(writer);
	}
	end_table(writer);
}

static void put_rss(struct writer *writer, uint64_t bytes)
{
	if (bytes)
		put_number(writer, (int64_t)bytes);
	else
		put_null(writer);
}

static void put_points(struct writer *writer, const struct timeline *timeline)
{
	begin_table(writer, SCHEMA_TIMELINE);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_point *point = &timeline->points[i];

		put_number(writer, (int64_t)point->ns);
		put_number(writer, point->live_bytes);
		put_number(writer, point->live_blocks);
		put_rss(writer, point->rss_bytes);
		put_number(writer, (int64_t)point->allocations);
		put_number(writer, (int64_t)point->allocated_bytes);
		put_number(writer, point->is_detailed);
		end_row(writer);
	}
	end_table(writer);
}

static void put_events(struct writer *writer, const struct timeline *timeline)
{
	begin_table(writer, SCHEMA_EVENTS);
	for (size_t i = 0; i < timeline->event_count; i++) {
		const struct timeline_event *event = &timeline->events[i];

		put_number(writer, (int64_t)event->ns);
		put_text(writer, event->is_snapshot ? "snapshot" : "mark");
		put_text(writer, event->name);
		put_number(writer, event->live_bytes);
		put_rss(writer, event->rss_bytes);
		end_row(writer);
	}
	end_table(writer);
}

/* Of the whole recording; a part of it has none. */
static void put_timeline(struct writer *writer)
{
	const struct analysis *analysis = writer->catalog->analysis;
	struct timeline timeline;

	if (!analysis->summary.has_timeline || analysis->summary.range)
		return;
	if (timeline_init(&timeline, analysis) < 0) {
		fail(writer, SQLITE_NOMEM);
		return;
	}
	put_points(writer, &timeline);
	if (writer->ret == 0)
		put_events(writer, &timeline);
	timeline_done(&timeline);
}

static int sqlite_write(FILE *file, struct catalog *catalog,
			const struct export_options *options)
{
	struct writer writer = { .catalog = catalog,
				 .sqlite = sqlite_library() };
	unsigned char *image = NULL;
	sqlite3_int64 bytes = 0;

	(void)options;
	if (!writer.sqlite)
		return EXPORT_NO_LIBRARY;
	if (writer.sqlite->open(":memory:", &writer.db) != SQLITE_OK) {
		writer.sqlite->close(writer.db);
		return EXPORT_LIBRARY;
	}
	make_tables(&writer);
	if (writer.ret == 0)
		put_meta(&writer);
	if (writer.ret == 0)
		put_modules(&writer);
	if (writer.ret == 0)
		put_frames(&writer);
	if (writer.ret == 0)
		put_sites(&writer);
	if (writer.ret == 0)
		put_stacks(&writer);
	if (writer.ret == 0)
		put_lines(&writer);
	if (writer.ret == 0 && catalog->has_lifetimes)
		put_lifetimes(&writer);
	if (writer.ret == 0)
		put_timeline(&writer);
	if (writer.ret == 0)
		run(&writer, schema_indexes);
	if (writer.ret == 0)
		run(&writer, "COMMIT");
	if (writer.ret == 0) {
		image = writer.sqlite->serialize(writer.db, "main", &bytes, 0);
		if (image)
			fwrite(image, 1, (size_t)bytes, file);
		else
			fail(&writer, SQLITE_NOMEM);
	}
	writer.sqlite->free(image);
	writer.sqlite->close(writer.db);
	return writer.ret;
}

const struct exporter export_sqlite = {
	.name = "sqlite",
	.is_binary = true,
	.has_zeros = true,
	.write = sqlite_write,
};
