/* SPDX-License-Identifier: MIT */
/*
 * The few parts of Protocol Buffers' wire format that a profile is made of:
 * varints, texts and messages within messages, in a buffer that grows.
 *
 * Memory running out is remembered: everything after it does nothing, and who
 * looks at is_full at the end has missed nothing.
 */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_PROTOBUF_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_PROTOBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero: empty. */
struct protobuf {
	uint8_t *bytes;
	size_t count, room;
	bool is_full; /* memory was out */
};

void protobuf_done(struct protobuf *buffer);

/* Empties it; its memory is used again. */
void protobuf_clear(struct protobuf *buffer);

/* A number without a field: an element of a packed list. */
void protobuf_varint(struct protobuf *buffer, uint64_t number);

/* A field with a number (int64, uint64, bool); 0 is the default: left out. */
void protobuf_number(struct protobuf *buffer, unsigned field, uint64_t number);

void protobuf_text(struct protobuf *buffer, unsigned field, const void *text,
		   size_t bytes);

/* A field with a message or a packed list. */
void protobuf_message(struct protobuf *buffer, unsigned field,
		      const struct protobuf *message);

#endif
