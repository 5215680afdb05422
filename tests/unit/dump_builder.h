/* SPDX-License-Identifier: MIT */
/*
 * Writes dumps for tests: valid ones, piece by piece, which a test may then
 * break at a place it names. Anything that fails here ends the test program.
 */
#ifndef MEMPROF_TESTS_UNIT_DUMP_BUILDER_H
#define MEMPROF_TESTS_UNIT_DUMP_BUILDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

#define DUMP_BUILDER_STREAMS 64 /* of segments: types, and owners of slots */

/* The segments of one type and owner, the last of which has room. */
struct dump_builder_stream {
	uint32_t type, owner, elem_bytes;
	uint64_t offset; /* of the last segment */
	uint64_t next;	 /* index of the next element */
	uint64_t end;	 /* index behind the last segment */
	uint64_t count;	 /* elements of the last segment */
};

struct dump_builder {
	uint8_t *bytes;
	uint64_t used, room;
	uint64_t segment_bytes; /* of those that follow; 4096 at first */
	struct dump_builder_stream streams[DUMP_BUILDER_STREAMS];
	size_t stream_count;
	uint64_t moment; /* offset of the last one */
};

/* A header that is valid and says: exited with 0, nothing lost. */
void dump_builder_init(struct dump_builder *builder);
void dump_builder_done(struct dump_builder *builder);

/* Pointers into the dump hold until the next piece is added. */
struct mpf_header *dump_builder_header(struct dump_builder *builder);
void *dump_builder_at(struct dump_builder *builder, uint64_t offset);

struct mpf_text dump_builder_text(struct dump_builder *builder,
				  const char *text, size_t bytes);

/* Index of a new node. It has a link to its parent. */
uint32_t dump_builder_node(struct dump_builder *builder, uint32_t parent,
			   uint64_t pc);
uint32_t dump_builder_root(struct dump_builder *builder, uint32_t generation);
uint32_t dump_builder_class(struct dump_builder *builder, uint32_t parent,
			    enum mpf_call call, uint64_t bytes);

/* [start, start + bytes), bias start; of all generations. */
struct mpf_module *dump_builder_module(struct dump_builder *builder,
				       const char *path, uint64_t start,
				       uint64_t bytes);

/* Index of new code that begins at line 10. */
uint32_t dump_builder_code(struct dump_builder *builder, const char *file,
			   const char *name, const char *lines,
			   uint32_t lines_kind);

/* Index of a new writer. */
uint32_t dump_builder_thread(struct dump_builder *builder, const char *name,
			     uint32_t tid);

struct mpf_slot *dump_builder_slot(struct dump_builder *builder, uint32_t owner,
				   uint32_t class_node);

/* Fills a new slot: so many blocks of so many bytes, of which some freed. */
struct mpf_slot *dump_builder_count(struct dump_builder *builder,
				    uint32_t owner, uint32_t class_node,
				    uint64_t bytes, uint64_t allocs,
				    uint64_t frees);

/* A point at that many nanoseconds after the start. */
struct mpf_point *dump_builder_point(struct dump_builder *builder, uint64_t ns);

/*
 * A moment of area 0, so many nanoseconds after the start, whose changes are
 * those added from here on; name "": none.
 */
struct mpf_moment *dump_builder_moment(struct dump_builder *builder,
				       enum mpf_moment_kind kind, uint64_t ns,
				       const char *name);

/* A change of the last moment: what the slot (its number, as in
 * dump_builder_element()) was, all blocks of so many bytes. */
struct mpf_change *dump_builder_change(struct dump_builder *builder,
				       uint32_t owner, uint64_t slot,
				       uint64_t bytes, uint64_t allocs,
				       uint64_t frees);

/* An empty segment of any kind; its offset. */
uint64_t dump_builder_segment(struct dump_builder *builder, uint32_t type,
			      uint32_t owner, uint32_t elem_bytes,
			      uint64_t first, uint64_t bytes);

/* Offset of segment number n (from 0) of a type, or of an element. */
uint64_t dump_builder_find(struct dump_builder *builder, uint32_t type,
			   unsigned n);
uint64_t dump_builder_element(struct dump_builder *builder, uint32_t type,
			      uint32_t owner, uint64_t index);

/* Says that the calling process records into it: to a reader that is so while
 * it has the file mapped. */
void dump_builder_is_ours(struct dump_builder *builder);

/* Writes the first bytes of it (UINT64_MAX: all) to path. */
void dump_builder_save(struct dump_builder *builder, const char *path,
		       uint64_t bytes);

#endif
