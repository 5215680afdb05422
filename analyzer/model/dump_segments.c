/* SPDX-License-Identifier: MIT */
/*
 * The segments of a dump: which there are, whether they fit together, and
 * their elements read into one array per type.
 */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/region.h"

#define READ_BYTES (UINT64_C(4) << 20)

static uint32_t elem_bytes_of(uint32_t type)
{
	switch (type) {
	case MPF_SEG_TEXT:
		return 1;
	case MPF_SEG_NODES:
		return sizeof(struct mpf_node);
	case MPF_SEG_MODULES:
		return sizeof(struct mpf_module);
	case MPF_SEG_THREADS:
		return sizeof(struct mpf_thread);
	case MPF_SEG_SLOTS:
		return sizeof(struct mpf_slot);
	case MPF_SEG_POINTS:
		return sizeof(struct mpf_point);
	case MPF_SEG_MOMENTS:
		return sizeof(struct mpf_moment);
	case MPF_SEG_CHANGES:
		return sizeof(struct mpf_change);
	case MPF_SEG_LEAKS:
		return sizeof(struct mpf_leak);
	case MPF_SEG_ROOTS:
		return sizeof(struct mpf_root);
	case MPF_SEG_LIFETIMES:
		return sizeof(struct mpf_lifetime);
	case MPF_SEG_LIVE:
		return sizeof(struct mpf_live);
	case MPF_SEG_CODES:
		return sizeof(struct mpf_code);
	default:
		return 0; /* unknown to us */
	}
}

static uint64_t limit_of(uint32_t type)
{
	switch (type) {
	case MPF_SEG_NODES:
		return DUMP_MAX_NODES;
	case MPF_SEG_MODULES:
		return DUMP_MAX_MODULES;
	case MPF_SEG_THREADS:
		return DUMP_MAX_THREADS;
	case MPF_SEG_POINTS:
		return DUMP_MAX_POINTS;
	case MPF_SEG_MOMENTS:
		return DUMP_MAX_MOMENTS;
	case MPF_SEG_CHANGES:
		return UINT32_MAX;
	case MPF_SEG_LEAKS:
		return DUMP_MAX_LEAKS;
	case MPF_SEG_ROOTS:
		return DUMP_MAX_ROOTS;
	case MPF_SEG_LIVE:
		return DUMP_MAX_LIVE;
	case MPF_SEG_CODES:
		return DUMP_MAX_CODES;
	default:
		return DUMP_MAX_BYTES;
	}
}

/* What is wrong with a segment's header, or NULL. left: bytes of the file
 * from the segment on. No index is greater than what a file of that length
 * can hold: so a few bytes cannot ask for large arrays. */
static const char *segment_fault(const struct mpf_segment *header,
				 uint64_t left, uint64_t file_bytes)
{
	uint64_t limit = limit_of(header->type);
	uint32_t elem_bytes = elem_bytes_of(header->type);

	if (header->magic != MPF_SEGMENT_MAGIC)
		return "magic of a segment";
	if (header->bytes < MPF_PAGE || header->bytes % MPF_PAGE != 0 ||
	    header->bytes > left)
		return "length of a segment";
	if (elem_bytes == 0)
		return NULL;
	if (header->elem_bytes != elem_bytes)
		return "element size of a segment";
	if (limit > file_bytes / elem_bytes)
		limit = file_bytes / elem_bytes;
	if (header->first > limit ||
	    header->bytes / elem_bytes > limit - header->first)
		return "first index of a segment";
	return NULL;
}

static int add_segment(struct dump_reader *reader, uint64_t offset,
		       uint64_t number, const struct mpf_segment *header)
{
	struct dump *dump = reader->dump;
	size_t n = dump->segment_count;

	if ((n & (n - 1)) == 0) { /* room for 1, 2, 4, ... */
		size_t room = n ? 2 * n : 1;
		struct dump_segment *segments =
			reallocarray(dump->segments, room, sizeof(*segments));

		if (!segments)
			return dump_fail(reader, DUMP_MEMORY, NULL, 0);
		dump->segments = segments;
	}
	dump->segments[n] = (struct dump_segment) {
		.offset = offset,
		.bytes = header->bytes,
		.first = header->first,
		.number = number,
		.type = header->type,
		.owner = header->owner,
		.elem_bytes = header->elem_bytes,
	};
	dump->segment_count++;
	return 0;
}

int dump_scan_segments(struct dump_reader *reader, uint64_t used_bytes)
{
	struct dump *dump = reader->dump;
	bool is_lost = false; /* salvage: looking for the next header */

	if (dump->scanned_bytes == 0)
		dump->scanned_bytes = MPF_HEADER_BYTES;
	while (dump->scanned_bytes < used_bytes) {
		uint64_t offset = dump->scanned_bytes;
		uint64_t left = used_bytes - offset;
		struct mpf_segment header;
		const char *fault = "length of the file";
		int ret;

		if (left >= MPF_PAGE) {
			ret = dump_read(reader, &header, sizeof(header),
					offset);
			if (ret < 0)
				return ret;
			/* Cut within a segment: what is there is used. */
			if (reader->is_salvage && header.bytes > left &&
			    header.bytes <= DUMP_MAX_BYTES &&
			    header.bytes % MPF_PAGE == 0)
				header.bytes = left & ~(uint64_t)(MPF_PAGE - 1);
			fault = segment_fault(&header, left, dump->file_bytes);
		}
		if (fault) {
			struct dump_segment here = {
				.number = dump->segments_seen + 1,
			};

			ret = is_lost ? 0
				      : dump_drop(reader, fault, offset, &here);
			if (ret < 0)
				return ret;
			is_lost = true;
			dump->scanned_bytes +=
				left < MPF_PAGE ? left : MPF_PAGE;
			continue;
		}
		is_lost = false;
		dump->segments_seen++;
		dump->scanned_bytes += header.bytes;
		if (elem_bytes_of(header.type) == 0)
			continue;
		ret = add_segment(reader, offset, dump->segments_seen, &header);
		if (ret < 0)
			return ret;
	}
	return 0;
}

static int compare_segments(const void *left, const void *right)
{
	const struct dump_segment *a = left, *b = right;

	if (a->type != b->type)
		return a->type < b->type ? -1 : 1;
	if (a->owner != b->owner)
		return a->owner < b->owner ? -1 : 1;
	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->number < b->number ? -1 : 1;
}

static bool is_of_area(uint32_t type)
{
	return type == MPF_SEG_MOMENTS || type == MPF_SEG_CHANGES;
}

/* Each writer has an array of its own. */
static bool is_of_writer(uint32_t type)
{
	return type == MPF_SEG_SLOTS || type == MPF_SEG_LIFETIMES;
}

static bool has_owner(uint32_t type)
{
	return is_of_writer(type) || is_of_area(type);
}

/*
 * Sorts the segments and checks that each type (and owner) has one array
 * without holes and overlaps, and that texts are in the order of the file. Only
 * what is of writers or lies in areas has an owner that means something.
 */
int dump_check_chains(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint64_t next = 0;
	size_t kept = 0;

	for (size_t i = 0; i < dump->segment_count; i++)
		if (!has_owner(dump->segments[i].type))
			dump->segments[i].owner = 0;
	if (dump->segment_count)
		qsort(dump->segments, dump->segment_count,
		      sizeof(*dump->segments), compare_segments);
	for (size_t i = 0; i < dump->segment_count; i++) {
		struct dump_segment *segment = &dump->segments[i];
		const struct dump_segment *last =
			kept ? &dump->segments[kept - 1] : NULL;

		if (!last || last->type != segment->type ||
		    last->owner != segment->owner)
			next = 0;
		if (segment->first != next ||
		    (last && last->type == MPF_SEG_TEXT &&
		     segment->type == MPF_SEG_TEXT &&
		     segment->offset < last->offset)) {
			int ret = dump_drop(reader, "first index of a segment",
					    segment->offset, segment);

			if (ret < 0)
				return ret;
			if (segment->first < next ||
			    segment->type == MPF_SEG_TEXT)
				continue; /* overlaps: leave it out */
		}
		next = segment->first + segment->bytes / segment->elem_bytes;
		dump->segments[kept++] = *segment;
	}
	dump->segment_count = kept;
	return 0;
}

/* Reads a segment's bytes. Holes of the file are left out, so that they cost
 * neither time nor memory. */
static int read_segment(struct dump_reader *reader,
			const struct dump_segment *segment, char *to)
{
	uint64_t at = segment->offset, end = at + segment->bytes;

	while (at < end) {
		off_t data = lseek(reader->fd, (off_t)at, SEEK_DATA);
		uint64_t bytes;
		int ret;

		if (data < 0 && errno == ENXIO)
			break; /* only a hole up to the end */
		if (data > 0 && (uint64_t)data >= end)
			break;
		if (data > 0 && (uint64_t)data > at)
			at = (uint64_t)data;
		bytes = end - at;
		if (bytes > READ_BYTES)
			bytes = READ_BYTES;
		ret = dump_read(reader, to + (at - segment->offset), bytes, at);
		if (ret < 0)
			return ret;
		at += bytes;
	}
	memset(to, 0,
	       segment->elem_bytes < MPF_SEGMENT_BYTES ? MPF_SEGMENT_BYTES
						       : segment->elem_bytes);
	return 0;
}

/* Of two areas one counts. */
static bool is_wanted(const struct dump *dump,
		      const struct dump_segment *segment, uint32_t type)
{
	return segment->type == type &&
	       (!is_of_area(type) ||
		segment->owner == dump->header.timeline_area);
}

/* Reads all segments of a type into one array. Those of all writers go one
 * behind the other; the rest lies where the file's indices say. */
int dump_load_array(struct dump_reader *reader, uint32_t type, void **ret_array,
		    size_t *ret_count)
{
	struct dump *dump = reader->dump;
	uint32_t elem_bytes = elem_bytes_of(type);
	uint64_t count = 0;
	char *array;
	int ret = 0;

	for (size_t i = 0; i < dump->segment_count; i++) {
		struct dump_segment *segment = &dump->segments[i];

		if (segment->type == type)
			segment->at = SIZE_MAX; /* holds no element */
		if (!is_wanted(dump, segment, type))
			continue;
		if (!is_of_writer(type))
			count = segment->first;
		segment->at = count;
		count += segment->bytes / elem_bytes;
	}
	/* Node 0 stands for no node, and is looked at all the same. */
	if (count == 0)
		count = 1;
	array = region_new(count, elem_bytes);
	if (!array)
		return dump_fail(reader, DUMP_MEMORY, NULL, 0);
	*ret_array = array;
	*ret_count = count;
	for (size_t i = 0; i < dump->segment_count && ret == 0; i++)
		if (is_wanted(dump, &dump->segments[i], type))
			ret = read_segment(reader, &dump->segments[i],
					   array + dump->segments[i].at *
							   elem_bytes);
	return ret;
}

int dump_load_slots(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	void *array = NULL;
	int ret;

	ret = dump_check_chains(reader);
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_SLOTS, &array,
				      &dump->slot_count);
	dump->slots = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_LIFETIMES, &array,
				      &dump->lifetime_count);
	dump->lifetimes = array;
	if (ret < 0)
		return ret;
	dump->runs = calloc(dump->segment_count + 1, sizeof(*dump->runs));
	if (!dump->runs)
		return dump_fail(reader, DUMP_MEMORY, NULL, 0);
	for (size_t i = 0; i < dump->segment_count; i++) {
		const struct dump_segment *segment = &dump->segments[i];

		if (segment->type != MPF_SEG_SLOTS)
			continue;
		dump->runs[dump->run_count++] = (struct dump_run) {
			.owner = segment->owner,
			.first = segment->at,
			.count = segment->bytes / sizeof(struct mpf_slot),
			.offset = segment->offset,
		};
	}
	return 0;
}

int dump_load_rest(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	void *array = NULL;
	int ret;

	ret = dump_check_chains(reader);
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_THREADS, &array,
				      &dump->thread_count);
	dump->threads = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_NODES, &array,
				      &dump->node_count);
	dump->nodes = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_MODULES, &array,
				      &dump->module_count);
	dump->modules = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_CODES, &array,
				      &dump->code_count);
	dump->codes = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_TEXT, &array,
				      &dump->text_count);
	dump->text = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_LEAKS, &array,
				      &dump->leak_count);
	dump->leaks = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_ROOTS, &array,
				      &dump->root_count);
	dump->roots = array;
	array = NULL;
	if (ret == 0)
		ret = dump_load_array(reader, MPF_SEG_LIVE, &array,
				      &dump->live_count);
	dump->live = array;
	return ret;
}
