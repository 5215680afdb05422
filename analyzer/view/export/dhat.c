/* SPDX-License-Identifier: MIT */
/*
 * DHAT's JSON, version 2, what dh_view.html of valgrind and the Firefox
 * Profiler read. One of its numbers is not recorded: the most that a stack ever
 * had is at least what it had at the peak or the end. Lifetimes are 0 where
 * they were not asked for.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/frame_texts.h"
#include "analyzer/view/json.h"

#define NS_PER_US      1000
#define SHORT_LIVED_US 500
#define FILE_VERSION   2

static int64_t greater(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static void put_head(struct json *json, const struct summary *summary)
{
	uint64_t end = summary->has_duration ? summary->duration_ns : 0;
	uint64_t peak = summary->has_peak_time ? summary->peak_ns : 0;
	char *command = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&command, &bytes);

	if (memory) {
		export_command(memory, summary, "");
		fclose(memory);
	}
	json_begin_object(json, NULL);
	json_number(json, "dhatFileVersion", FILE_VERSION);
	json_text(json, "mode", "heap");
	json_text(json, "verb", "Allocated");
	json_bool(json, "bklt", true);
	json_bool(json, "bkacc", false);
	json_text(json, "tu", "us");
	json_text(json, "Mtu", "s");
	json_number(json, "tuth", SHORT_LIVED_US);
	json_text(json, "cmd", command ? command : summary->program);
	json_unsigned(json, "pid", summary->pid);
	json_unsigned(json, "te", (end > peak ? end : peak) / NS_PER_US);
	json_unsigned(json, "tg", peak / NS_PER_US);
	free(command);
}

/* Of all blocks, those that are still live up to the end. */
static uint64_t lifetimes_us(const struct lifetime *lifetime)
{
	return ages_rounded((lifetime->ns + lifetime->age_ns) / NS_PER_US);
}

static void put_counts(struct json *json, const struct catalog_entry *entry)
{
	const int64_t *of = entry->counts.of;

	json_number(json, "tb", of[METRIC_ALLOCATED_BYTES]);
	json_number(json, "tbk", of[METRIC_ALLOCATIONS]);
	json_unsigned(json, "tl", lifetimes_us(&entry->lifetime));
	json_number(json, "mb",
		    greater(of[METRIC_PEAK_BYTES], of[METRIC_LIVE_BYTES]));
	json_number(json, "mbk",
		    greater(of[METRIC_PEAK_BLOCKS], of[METRIC_LIVE_BLOCKS]));
	json_number(json, "gb", of[METRIC_PEAK_BYTES]);
	json_number(json, "gbk", of[METRIC_PEAK_BLOCKS]);
	json_number(json, "eb", of[METRIC_LIVE_BYTES]);
	json_number(json, "ebk", of[METRIC_LIVE_BLOCKS]);
}

static int put_point(struct json *json, struct catalog *catalog,
		     const struct catalog_entry *entry,
		     const struct frame_texts *numbers)
{
	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	json_begin_object(json, NULL);
	put_counts(json, entry);
	json_begin_array(json, "fs");
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

/* "0x401136: leaf (demo.c:3)" */
static int put_call(struct json *json, const struct catalog *catalog,
		    const struct catalog_frame *frame,
		    const struct catalog_call *call)
{
	const struct catalog_function *function =
		&catalog->functions[call->function];
	char *text = NULL;
	size_t bytes = 0;
	FILE *memory = open_memstream(&text, &bytes);

	if (!memory)
		return DUMP_MEMORY;
	if (function->is_note) {
		fputs(function->name, memory);
	} else {
		fprintf(memory, "0x%" PRIX64 ": ", frame->address);
		export_text(memory, function->is_known ? function->name : "???",
			    "");
		fputs(function->file ? " (" : " (in ", memory);
		if (function->file)
			export_text(memory, function->file, "");
		else if (frame->module != CATALOG_NONE)
			export_text(memory,
				    catalog->modules[frame->module]->path, "");
		else
			fputs(function->name, memory);
		if (function->file)
			fprintf(memory, ":%" PRIu32, call->line);
		fputc(')', memory);
	}
	if (fclose(memory) != 0) {
		free(text);
		return DUMP_MEMORY;
	}
	json_text(json, NULL, text);
	free(text);
	return 0;
}

static int put_table(struct json *json, const struct catalog *catalog)
{
	json_begin_array(json, "ftbl");
	json_text(json, NULL, "[root]");
	/* Calls are in the order of their frames. */
	for (size_t i = 0; i < catalog->frame_count; i++) {
		const struct catalog_frame *frame = &catalog->frames[i];

		for (uint32_t call = 0; call < frame->count; call++)
			if (put_call(json, catalog, frame,
				     &catalog->calls[frame->first + call]) < 0)
				return DUMP_MEMORY;
	}
	json_end(json);
	return 0;
}

static int dhat_write(FILE *file, struct catalog *catalog,
		      const struct export_options *options)
{
	struct frame_texts numbers;
	struct json json;
	/* Entry 0 of the table is the root. */
	int ret =
		frame_texts_init(&numbers, catalog, frame_texts_numbers_from_1);

	(void)options;
	if (ret < 0)
		return ret;
	json_init(&json, file);
	put_head(&json, &catalog->analysis->summary);
	json_begin_array(&json, "pps");
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_point(&json, catalog, &catalog->entries[i], &numbers);
	json_end(&json);
	frame_texts_done(&numbers);
	if (ret == 0)
		ret = put_table(&json, catalog);
	json_end(&json);
	return ret;
}

const struct exporter export_dhat = {
	.name = "dhat",
	.has_zeros = true,
	.write = dhat_write,
};
