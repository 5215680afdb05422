/* SPDX-License-Identifier: MIT */
/*
 * pprof: Google's profile.proto with the four sample types of Go's heap
 * profiles, compressed. Numbers of mappings, locations and functions begin at
 * 1 and have no gaps, which Parca insists on; the last sample type is the one
 * that readers show first.
 *
 * The encoding goes out piece by piece: a message of the outermost level is a
 * field like any other, and fields may come in any order.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/view/export/deflate.h"
#include "analyzer/view/export/exporter.h"
#include "analyzer/view/export/protobuf.h"

/* Fields of Profile and of what is in it, as profile.proto numbers them. */
enum { TYPE_NAME = 1, TYPE_UNIT = 2 };
enum { SAMPLE_LOCATIONS = 1, SAMPLE_VALUES = 2 };
enum {
	MAPPING_ID = 1,
	MAPPING_START = 2,
	MAPPING_LIMIT = 3,
	MAPPING_FILE = 5,
	MAPPING_BUILD_ID = 6,
	MAPPING_HAS_FUNCTIONS = 7,
	MAPPING_HAS_FILES = 8,
	MAPPING_HAS_LINES = 9,
	MAPPING_HAS_INLINES = 10
};
enum {
	LOCATION_ID = 1,
	LOCATION_MAPPING = 2,
	LOCATION_ADDRESS = 3,
	LOCATION_LINE = 4
};
enum { LINE_FUNCTION = 1, LINE_LINE = 2, LINE_COLUMN = 3 };
enum {
	FUNCTION_ID = 1,
	FUNCTION_NAME = 2,
	FUNCTION_SYSTEM_NAME = 3,
	FUNCTION_FILE = 4
};
enum {
	PROFILE_SAMPLE_TYPE = 1,
	PROFILE_SAMPLE = 2,
	PROFILE_MAPPING = 3,
	PROFILE_LOCATION = 4,
	PROFILE_FUNCTION = 5,
	PROFILE_STRINGS = 6,
	PROFILE_TIME = 9,
	PROFILE_DURATION = 10,
	PROFILE_PERIOD_TYPE = 11,
	PROFILE_PERIOD = 12,
	PROFILE_COMMENT = 13,
	PROFILE_DEFAULT_TYPE = 14
};

struct writer {
	struct catalog *catalog;
	struct deflate *out;
	struct protobuf field; /* of the outermost level */
	struct protobuf message, inner;
	uint64_t strings;    /* in the table so far */
	struct intmap files; /* numbers of texts that many refer to */
};

/* What is in field goes out. */
static void flush(struct writer *writer)
{
	deflate_write(writer->out, writer->field.bytes, writer->field.count);
	protobuf_clear(&writer->field);
}

static void put_message(struct writer *writer, unsigned field)
{
	protobuf_message(&writer->field, field, &writer->message);
	protobuf_clear(&writer->message);
	flush(writer);
}

/* The number that a new text has. What is not UTF-8 becomes '?': protobuf
 * readers refuse anything else. */
static uint64_t add_text(struct writer *writer, const char *text)
{
	char *clean;

	if (*text == '\0')
		return 0;
	clean = export_clean(text);
	if (!clean) {
		writer->field.is_full = true;
		return 0;
	}
	protobuf_text(&writer->field, PROFILE_STRINGS, clean, strlen(clean));
	free(clean);
	flush(writer);
	return writer->strings++;
}

/* The same for a file's name: of equal ones there is only one pointer. */
static uint64_t add_file(struct writer *writer, const char *path)
{
	uint32_t *known =
		path ? intmap_at(&writer->files, (uintptr_t)path, 0) : NULL;
	uint64_t number;

	if (!known)
		return path ? add_text(writer, path) : 0;
	if (*known != 0)
		return *known - 1;
	number = add_text(writer, path);
	*known = (uint32_t)number + 1;
	return number;
}

static void put_type(struct writer *writer, unsigned field, const char *name,
		     const char *unit)
{
	uint64_t name_text = add_text(writer, name);
	uint64_t unit_text = add_text(writer, unit);

	protobuf_number(&writer->message, TYPE_NAME, name_text);
	protobuf_number(&writer->message, TYPE_UNIT, unit_text);
	put_message(writer, field);
}

static void put_head(struct writer *writer,
		     const struct export_options *options)
{
	const struct summary *summary = &writer->catalog->analysis->summary;
	uint64_t shown, comment;

	/* Text 0 is the empty one. */
	protobuf_text(&writer->field, PROFILE_STRINGS, "", 0);
	writer->strings = 1;
	put_type(writer, PROFILE_SAMPLE_TYPE, "alloc_objects", "count");
	put_type(writer, PROFILE_SAMPLE_TYPE, "alloc_space", "bytes");
	put_type(writer, PROFILE_SAMPLE_TYPE, "inuse_objects", "count");
	put_type(writer, PROFILE_SAMPLE_TYPE, "inuse_space", "bytes");
	put_type(writer, PROFILE_PERIOD_TYPE, "space", "bytes");
	shown = add_text(writer, "inuse_space");
	comment = add_text(writer, options->at == EXPORT_AT_PEAK
					   ? "inuse: at the peak of the heap"
					   : "inuse: at the end of the "
					     "recording");
	protobuf_number(&writer->field, PROFILE_TIME, summary->start_unix_ns);
	if (summary->has_duration)
		protobuf_number(&writer->field, PROFILE_DURATION,
				summary->duration_ns);
	protobuf_number(&writer->field, PROFILE_PERIOD,
			summary->sample_bytes ? summary->sample_bytes : 1);
	protobuf_number(&writer->field, PROFILE_COMMENT, comment);
	protobuf_number(&writer->field, PROFILE_DEFAULT_TYPE, shown);
	flush(writer);
}

static void put_mapping(struct writer *writer, size_t number)
{
	const struct module *module = writer->catalog->modules[number];
	uint64_t file = add_text(writer, module->path);
	uint64_t has_names = writer->catalog->has_names[number];
	char digits[2 * MPF_BUILD_ID_BYTES + 1] = "";
	uint64_t build_id;

	for (size_t i = 0; i < module->build_id_bytes && i < MPF_BUILD_ID_BYTES;
	     i++)
		snprintf(digits + 2 * i, 3, "%02x", module->build_id[i]);
	build_id = add_text(writer, digits);
	protobuf_number(&writer->message, MAPPING_ID, number + 1);
	protobuf_number(&writer->message, MAPPING_START, module->start);
	protobuf_number(&writer->message, MAPPING_LIMIT, module->end);
	protobuf_number(&writer->message, MAPPING_FILE, file);
	protobuf_number(&writer->message, MAPPING_BUILD_ID, build_id);
	protobuf_number(&writer->message, MAPPING_HAS_FUNCTIONS, has_names);
	protobuf_number(&writer->message, MAPPING_HAS_FILES, has_names);
	protobuf_number(&writer->message, MAPPING_HAS_LINES, has_names);
	protobuf_number(&writer->message, MAPPING_HAS_INLINES, has_names);
	put_message(writer, PROFILE_MAPPING);
}

static void put_function(struct writer *writer, size_t number)
{
	const struct catalog_function *function =
		&writer->catalog->functions[number];
	uint64_t name = add_text(writer, function->name);
	uint64_t file = add_file(writer, function->file);

	protobuf_number(&writer->message, FUNCTION_ID, number + 1);
	protobuf_number(&writer->message, FUNCTION_NAME, name);
	protobuf_number(&writer->message, FUNCTION_SYSTEM_NAME, name);
	protobuf_number(&writer->message, FUNCTION_FILE, file);
	put_message(writer, PROFILE_FUNCTION);
}

/* Where no function is known there is no line either: a server that has the
 * object may name it. */
static void put_location(struct writer *writer, size_t number)
{
	const struct catalog *catalog = writer->catalog;
	const struct catalog_frame *frame = &catalog->frames[number];

	protobuf_number(&writer->message, LOCATION_ID, number + 1);
	if (frame->module != CATALOG_NONE)
		protobuf_number(&writer->message, LOCATION_MAPPING,
				(uint64_t)frame->module + 1);
	protobuf_number(&writer->message, LOCATION_ADDRESS, frame->address);
	for (uint32_t i = 0; i < frame->count; i++) {
		const struct catalog_call *call =
			&catalog->calls[frame->first + i];
		const struct catalog_function *function =
			&catalog->functions[call->function];

		if (!function->is_known && !function->is_note)
			continue;
		protobuf_number(&writer->inner, LINE_FUNCTION,
				(uint64_t)call->function + 1);
		protobuf_number(&writer->inner, LINE_LINE, call->line);
		protobuf_number(&writer->inner, LINE_COLUMN, call->column);
		protobuf_message(&writer->message, LOCATION_LINE,
				 &writer->inner);
		protobuf_clear(&writer->inner);
	}
	put_message(writer, PROFILE_LOCATION);
}

static int put_sample(struct writer *writer, const struct catalog_entry *entry,
		      enum export_at at)
{
	const enum metric metrics[] = {
		METRIC_ALLOCATIONS,
		METRIC_ALLOCATED_BYTES,
		at == EXPORT_AT_PEAK ? METRIC_PEAK_BLOCKS : METRIC_LIVE_BLOCKS,
		at == EXPORT_AT_PEAK ? METRIC_PEAK_BYTES : METRIC_LIVE_BYTES,
	};

	if (catalog_read(writer->catalog, entry) < 0)
		return DUMP_MEMORY;
	for (size_t i = 0; i < writer->catalog->stack_count; i++)
		protobuf_varint(&writer->inner,
				(uint64_t)writer->catalog->stack[i] + 1);
	protobuf_message(&writer->message, SAMPLE_LOCATIONS, &writer->inner);
	protobuf_clear(&writer->inner);
	for (size_t i = 0; i < sizeof(metrics) / sizeof(metrics[0]); i++)
		protobuf_varint(&writer->inner,
				(uint64_t)entry->counts.of[metrics[i]]);
	protobuf_message(&writer->message, SAMPLE_VALUES, &writer->inner);
	protobuf_clear(&writer->inner);
	put_message(writer, PROFILE_SAMPLE);
	return 0;
}

static int pprof_write(FILE *file, struct catalog *catalog,
		       const struct export_options *options)
{
	struct writer writer = { .catalog = catalog,
				 .out = deflate_open(file,
						     options->is_stored) };
	int ret = 0, end;

	if (!writer.out)
		return DUMP_MEMORY;
	put_head(&writer, options);
	for (size_t i = 0; i < catalog->module_count; i++)
		put_mapping(&writer, i);
	for (size_t i = 0; i < catalog->function_count; i++)
		put_function(&writer, i);
	for (size_t i = 0; i < catalog->frame_count; i++)
		put_location(&writer, i);
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = put_sample(&writer, &catalog->entries[i], options->at);
	if (writer.field.is_full || writer.message.is_full ||
	    writer.inner.is_full)
		ret = DUMP_MEMORY;
	end = deflate_close(writer.out);
	protobuf_done(&writer.field);
	protobuf_done(&writer.message);
	protobuf_done(&writer.inner);
	intmap_clear(&writer.files);
	return ret < 0 ? ret : end;
}

const struct exporter export_pprof = {
	.name = "pprof",
	.is_binary = true,
	.has_zeros = true,
	.write = pprof_write,
};
