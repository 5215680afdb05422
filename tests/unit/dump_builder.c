/* SPDX-License-Identifier: MIT */
/* Writes dumps for tests. */
#include "config.h"

#include "tests/unit/dump_builder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define SEGMENT_BYTES 4096u

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "dump_builder: %s\n", what);
	abort();
}

static void *grow(struct dump_builder *builder, uint64_t bytes)
{
	void *at;

	if (builder->room - builder->used < bytes) {
		uint64_t room = 2 * builder->room + bytes;
		uint8_t *more = realloc(builder->bytes, room);

		if (!more)
			fail("out of memory");
		builder->bytes = more;
		builder->room = room;
	}
	at = builder->bytes + builder->used;
	memset(at, 0, bytes);
	builder->used += bytes;
	return at;
}

void dump_builder_init(struct dump_builder *builder)
{
	struct mpf_header *header;

	*builder = (struct dump_builder) { .segment_bytes = SEGMENT_BYTES };
	header = grow(builder, MPF_HEADER_BYTES);
	memcpy(header->magic, MPF_MAGIC, sizeof(header->magic));
	header->version = MPF_VERSION;
	header->header_bytes = MPF_HEADER_BYTES;
	header->byte_order = MPF_BYTE_ORDER;
	header->machine = 62;
	header->page_bytes = 4096;
	header->used_bytes = MPF_HEADER_BYTES;
	header->pid = 4711;
	header->ppid = 4710;
	header->start_unix_ns = UINT64_C(1700000000) * 1000000000;
	header->start_ns = 5000000000;
	header->end_ns = 7000000000;
	header->state = MPF_EXITED;
	header->unwind = MPF_UNWIND_CFI;
	header->max_depth = 512;
	header->peak_epoch = 1;
}

void dump_builder_done(struct dump_builder *builder)
{
	free(builder->bytes);
	*builder = (struct dump_builder) { 0 };
}

struct mpf_header *dump_builder_header(struct dump_builder *builder)
{
	return dump_builder_at(builder, 0);
}

void *dump_builder_at(struct dump_builder *builder, uint64_t offset)
{
	return builder->bytes + offset;
}

uint64_t dump_builder_segment(struct dump_builder *builder, uint32_t type,
			      uint32_t owner, uint32_t elem_bytes,
			      uint64_t first, uint64_t bytes)
{
	uint64_t offset = builder->used;
	struct mpf_segment *segment = grow(builder, bytes);

	segment->magic = MPF_SEGMENT_MAGIC;
	segment->type = type;
	segment->bytes = bytes;
	segment->first = first;
	segment->owner = owner;
	segment->elem_bytes = elem_bytes;
	dump_builder_header(builder)->used_bytes = builder->used;
	return offset;
}

static struct dump_builder_stream *find_stream(struct dump_builder *builder,
					       uint32_t type, uint32_t owner,
					       uint32_t elem_bytes)
{
	struct dump_builder_stream *stream;

	for (size_t i = 0; i < builder->stream_count; i++) {
		stream = &builder->streams[i];
		if (stream->type == type && stream->owner == owner)
			return stream;
	}
	if (elem_bytes == 0 || builder->stream_count == DUMP_BUILDER_STREAMS)
		fail("no such segments");
	stream = &builder->streams[builder->stream_count++];
	*stream = (struct dump_builder_stream) {
		.type = type,
		.owner = owner,
		.elem_bytes = elem_bytes,
	};
	return stream;
}

/* Offset of count new elements that lie side by side. */
static uint64_t add(struct dump_builder *builder, uint32_t type, uint32_t owner,
		    uint32_t elem_bytes, uint64_t count)
{
	struct dump_builder_stream *stream =
		find_stream(builder, type, owner, elem_bytes);
	uint64_t per_segment = builder->segment_bytes / elem_bytes;
	uint64_t hidden = MPF_SEGMENT_BYTES / elem_bytes;
	uint64_t first;

	if (hidden == 0)
		hidden = 1;
	if (count > per_segment - hidden)
		fail("too much for one segment");
	if (stream->end - stream->next < count) {
		stream->offset = dump_builder_segment(builder, type, owner,
						      elem_bytes, stream->end,
						      builder->segment_bytes);
		stream->next = stream->end + hidden;
		stream->end += per_segment;
		stream->count = per_segment;
	}
	first = stream->end - stream->count;
	stream->next += count;
	return stream->offset + (stream->next - count - first) * elem_bytes;
}

struct mpf_text dump_builder_text(struct dump_builder *builder,
				  const char *text, size_t bytes)
{
	struct mpf_text ret = { 0, 0 };

	if (bytes == 0)
		return ret;
	ret.offset = add(builder, MPF_SEG_TEXT, 0, 1, bytes);
	ret.bytes = bytes;
	memcpy(dump_builder_at(builder, ret.offset), text, bytes);
	return ret;
}

uint32_t dump_builder_node(struct dump_builder *builder, uint32_t parent,
			   uint64_t pc)
{
	bool is_root = mpf_is_root(pc);
	uint64_t offset = add(builder, MPF_SEG_NODES, 0,
			      sizeof(struct mpf_node), is_root ? 1 : 2);
	struct mpf_node *node = dump_builder_at(builder, offset);

	if (!is_root)
		*node++ = (struct mpf_node) { (uint64_t)MPF_NODE_LINK << 60 |
					      parent };
	node->pc = pc;
	return (uint32_t)find_stream(builder, MPF_SEG_NODES, 0, 0)->next - 1;
}

uint32_t dump_builder_root(struct dump_builder *builder, uint32_t generation)
{
	return dump_builder_node(builder, 0,
				 (uint64_t)MPF_NODE_ROOT << 60 | generation);
}

uint32_t dump_builder_class(struct dump_builder *builder, uint32_t parent,
			    enum mpf_call call, uint64_t bytes)
{
	return dump_builder_node(builder, parent,
				 (uint64_t)MPF_NODE_CLASS << 60 |
					 MPF_CLASS(call, mpf_bucket(bytes)));
}

struct mpf_module *dump_builder_module(struct dump_builder *builder,
				       const char *path, uint64_t start,
				       uint64_t bytes)
{
	struct mpf_text text = dump_builder_text(builder, path, strlen(path));
	struct mpf_module *module =
		dump_builder_at(builder, add(builder, MPF_SEG_MODULES, 0,
					     sizeof(struct mpf_module), 1));

	module->start = start;
	module->end = start + bytes;
	module->bias = start;
	module->path = text;
	return module;
}

uint32_t dump_builder_code(struct dump_builder *builder, const char *file,
			   const char *name, const char *lines,
			   uint32_t lines_kind)
{
	struct mpf_text texts[] = {
		dump_builder_text(builder, file, strlen(file)),
		dump_builder_text(builder, name, strlen(name)),
		dump_builder_text(builder, lines, strlen(lines)),
	};
	struct mpf_code *code =
		dump_builder_at(builder, add(builder, MPF_SEG_CODES, 0,
					     sizeof(struct mpf_code), 1));

	code->file = texts[0];
	code->name = texts[1];
	code->lines = texts[2];
	code->first_line = 10;
	code->lines_kind = lines_kind;
	return (uint32_t)find_stream(builder, MPF_SEG_CODES, 0, 0)->next - 1;
}

uint32_t dump_builder_thread(struct dump_builder *builder, const char *name,
			     uint32_t tid)
{
	struct mpf_thread *thread =
		dump_builder_at(builder, add(builder, MPF_SEG_THREADS, 0,
					     sizeof(struct mpf_thread), 1));

	thread->tid = tid;
	thread->threads = 1;
	for (size_t i = 0; i + 1 < sizeof(thread->name) && name[i]; i++)
		thread->name[i] = name[i];
	return (uint32_t)find_stream(builder, MPF_SEG_THREADS, 0, 0)->next - 1;
}

struct mpf_slot *dump_builder_slot(struct dump_builder *builder, uint32_t owner,
				   uint32_t class_node)
{
	struct mpf_slot *slot =
		dump_builder_at(builder, add(builder, MPF_SEG_SLOTS, owner,
					     sizeof(struct mpf_slot), 1));

	slot->class_node = class_node;
	return slot;
}

struct mpf_slot *dump_builder_count(struct dump_builder *builder,
				    uint32_t owner, uint32_t class_node,
				    uint64_t bytes, uint64_t allocs,
				    uint64_t frees)
{
	struct mpf_slot *slot = dump_builder_slot(builder, owner, class_node);

	slot->allocs = allocs;
	slot->alloc_bytes = allocs * bytes;
	slot->frees = frees;
	slot->free_bytes = frees * bytes;
	return slot;
}

struct mpf_point *dump_builder_point(struct dump_builder *builder, uint64_t ns)
{
	struct mpf_point *point =
		dump_builder_at(builder, add(builder, MPF_SEG_POINTS, 0,
					     sizeof(struct mpf_point), 1));

	point->ns = dump_builder_header(builder)->start_ns + ns;
	dump_builder_header(builder)->mode |= MPF_MODE_TIMELINE;
	return point;
}

struct mpf_moment *dump_builder_moment(struct dump_builder *builder,
				       enum mpf_moment_kind kind, uint64_t ns,
				       const char *name)
{
	struct mpf_text text = dump_builder_text(builder, name, strlen(name));
	uint64_t offset =
		add(builder, MPF_SEG_MOMENTS, 0, sizeof(struct mpf_moment), 1);
	struct mpf_moment *moment = dump_builder_at(builder, offset);

	moment->ns = dump_builder_header(builder)->start_ns + ns;
	moment->kind = kind;
	moment->name = text;
	moment->peak_epoch = 1;
	moment->first_change =
		(uint32_t)find_stream(builder, MPF_SEG_CHANGES, 0,
				      sizeof(struct mpf_change))
			->next;
	builder->moment = offset;
	dump_builder_header(builder)->mode |= MPF_MODE_TIMELINE;
	return moment;
}

struct mpf_change *dump_builder_change(struct dump_builder *builder,
				       uint32_t owner, uint64_t slot,
				       uint64_t bytes, uint64_t allocs,
				       uint64_t frees)
{
	uint64_t offset =
		add(builder, MPF_SEG_CHANGES, 0, sizeof(struct mpf_change), 1);
	struct mpf_change *change = dump_builder_at(builder, offset);
	struct mpf_moment *moment = dump_builder_at(builder, builder->moment);

	*change = (struct mpf_change) {
		.allocs = allocs,
		.alloc_bytes = allocs * bytes,
		.frees = frees,
		.free_bytes = frees * bytes,
		.line = (uint32_t)(dump_builder_element(builder, MPF_SEG_SLOTS,
							owner, slot) /
				   sizeof(struct mpf_slot)),
	};
	moment->change_count =
		(uint32_t)find_stream(builder, MPF_SEG_CHANGES, 0, 0)->next -
		moment->first_change;
	return change;
}

uint64_t dump_builder_find(struct dump_builder *builder, uint32_t type,
			   unsigned n)
{
	uint64_t at = MPF_HEADER_BYTES;

	while (at < builder->used) {
		const struct mpf_segment *segment =
			dump_builder_at(builder, at);

		if (segment->type == type && n-- == 0)
			return at;
		at += segment->bytes;
	}
	fail("no such segment");
}

uint64_t dump_builder_element(struct dump_builder *builder, uint32_t type,
			      uint32_t owner, uint64_t index)
{
	uint64_t at = MPF_HEADER_BYTES;

	while (at < builder->used) {
		const struct mpf_segment *segment =
			dump_builder_at(builder, at);
		uint64_t count = segment->bytes / segment->elem_bytes;

		if (segment->type == type && segment->owner == owner &&
		    index >= segment->first && index < segment->first + count)
			return at +
			       (index - segment->first) * segment->elem_bytes;
		at += segment->bytes;
	}
	fail("no such element");
}

static uint64_t own_ticks(void)
{
	FILE *file = fopen("/proc/self/stat", "re");
	char line[1024], *at;
	size_t n = fread(line, 1, sizeof(line) - 1, file);

	fclose(file);
	line[n] = '\0';
	at = strrchr(line, ')');
	for (int field = 2; field < 22; field++)
		at = strchr(at + 1, ' ');
	return strtoull(at, NULL, 10);
}

static void fill_boot_id(uint8_t id[16])
{
	FILE *file = fopen("/proc/sys/kernel/random/boot_id", "re");
	char text[64] = "";
	size_t digits = 0;

	if (!file || !fgets(text, sizeof(text), file))
		fail("no boot id");
	fclose(file);
	for (const char *c = text; *c && digits < 32; c++) {
		unsigned value;

		if (sscanf((char[2]) { *c, 0 }, "%1x", &value) != 1)
			continue;
		id[digits / 2] = (uint8_t)(id[digits / 2] << 4 | value);
		digits++;
	}
}

void dump_builder_is_ours(struct dump_builder *builder)
{
	struct mpf_header *header = dump_builder_header(builder);

	header->state = MPF_RUNNING;
	header->pid = (uint32_t)getpid();
	header->process_ticks = own_ticks();
	fill_boot_id(header->boot_id);
}

void dump_builder_save(struct dump_builder *builder, const char *path,
		       uint64_t bytes)
{
	FILE *file = fopen(path, "we");

	if (bytes > builder->used)
		bytes = builder->used;
	if (!file || fwrite(builder->bytes, 1, bytes, file) != bytes ||
	    fclose(file) != 0)
		fail("cannot write the dump");
}
