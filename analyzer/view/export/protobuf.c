/* SPDX-License-Identifier: MIT */
/* Protocol Buffers' wire format. */
#include "config.h"

#include "analyzer/view/export/protobuf.h"

#include <stdlib.h>
#include <string.h>

enum { WIRE_VARINT = 0, WIRE_BYTES = 2 };

void protobuf_done(struct protobuf *buffer)
{
	free(buffer->bytes);
	*buffer = (struct protobuf) { 0 };
}

void protobuf_clear(struct protobuf *buffer)
{
	buffer->count = 0;
}

static void append(struct protobuf *buffer, const void *bytes, size_t count)
{
	if (buffer->is_full || count == 0)
		return;
	if (buffer->room - buffer->count < count) {
		size_t room = buffer->room ? buffer->room : 256;
		uint8_t *grown;

		while (room - buffer->count < count)
			room *= 2;
		grown = realloc(buffer->bytes, room);
		if (!grown) {
			buffer->is_full = true;
			return;
		}
		buffer->bytes = grown;
		buffer->room = room;
	}
	memcpy(buffer->bytes + buffer->count, bytes, count);
	buffer->count += count;
}

void protobuf_varint(struct protobuf *buffer, uint64_t number)
{
	uint8_t bytes[10];
	size_t count = 0;

	for (; number >= 0x80; number >>= 7)
		bytes[count++] = (uint8_t)(number | 0x80);
	bytes[count++] = (uint8_t)number;
	append(buffer, bytes, count);
}

void protobuf_number(struct protobuf *buffer, unsigned field, uint64_t number)
{
	if (number == 0)
		return;
	protobuf_varint(buffer, field << 3 | WIRE_VARINT);
	protobuf_varint(buffer, number);
}

void protobuf_text(struct protobuf *buffer, unsigned field, const void *text,
		   size_t bytes)
{
	protobuf_varint(buffer, field << 3 | WIRE_BYTES);
	protobuf_varint(buffer, bytes);
	append(buffer, text, bytes);
}

void protobuf_message(struct protobuf *buffer, unsigned field,
		      const struct protobuf *message)
{
	if (message->is_full)
		buffer->is_full = true;
	protobuf_text(buffer, field, message->bytes, message->count);
}
