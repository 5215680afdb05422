/* SPDX-License-Identifier: MIT */
/* A code object, copied: seldom, so every read is one that may fail. */
#include "config.h"

#include "preload/python/python.h"

#include "preload/python/peek.h"

#define STATE_KIND(state)    ((state) >> 2 & 7)
#define STATE_COMPACT(state) ((state) >> 5 & 1)
#define STATE_ASCII(state)   ((state) >> 6 & 1)

/* One code point as UTF-8; lone surrogates as if they were characters. */
static unsigned encode(char out[static 4], uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | (c >> 18 & 7));
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* "?" for what is no string of the usual form. False: it cannot be read. */
static bool read_string(uintptr_t string, char *to, uint32_t size,
			uint32_t *ret_bytes)
{
	const struct mp_python_offsets *offsets = mp_python_reader.offsets;
	uint64_t length;
	uint32_t state, used = 0;
	unsigned kind;

	if (!mp_peek(&length, string + MP_PYTHON_LENGTH, sizeof(length)) ||
	    !mp_peek(&state, string + MP_PYTHON_STATE, sizeof(state)))
		return false;
	kind = STATE_KIND(state);
	to[0] = '?';
	*ret_bytes = 1;
	if (!STATE_COMPACT(state) || (kind != 1 && kind != 2 && kind != 4))
		return true;
	string += STATE_ASCII(state) ? offsets->string.ascii
				     : offsets->string.compact;
	if (length > size)
		length = size;
	if (STATE_ASCII(state)) {
		*ret_bytes = (uint32_t)length;
		return length == 0 || mp_peek(to, string, length);
	}
	for (uint64_t i = 0; i < length; i++) {
		char bytes[4];
		uint32_t c = 0;
		unsigned n;

		if (!mp_peek(&c, string + i * kind, kind))
			return false;
		n = encode(bytes, c);
		if (n > size - used)
			break;
		__builtin_memcpy(to + used, bytes, n);
		used += n;
	}
	*ret_bytes = used;
	return true;
}

bool mp_python_describe(uintptr_t code, struct mp_language_text *ret_text)
{
	const struct mp_python_offsets *offsets = mp_python_reader.offsets;
	uintptr_t file, name, lines;
	uint64_t bytes;

	ret_text->lines_kind = (enum mpf_code_lines)offsets->lines;
	ret_text->lines_bytes = 0;
	if (!mp_peek(&ret_text->first_line, code + offsets->code.first_line,
		     sizeof(ret_text->first_line)) ||
	    !mp_peek(&file, code + offsets->code.file, sizeof(file)) ||
	    !mp_peek(&name, code + offsets->code.name, sizeof(name)) ||
	    !mp_peek(&lines, code + offsets->code.lines, sizeof(lines)) ||
	    !read_string(file, ret_text->file, sizeof(ret_text->file),
			 &ret_text->file_bytes) ||
	    !read_string(name, ret_text->name, sizeof(ret_text->name),
			 &ret_text->name_bytes) ||
	    !mp_peek(&bytes, lines + MP_PYTHON_OB_SIZE, sizeof(bytes)))
		return false;
	if (bytes > sizeof(ret_text->lines)) {
		ret_text->lines_kind = MPF_CODE_NO_LINES;
		return true;
	}
	ret_text->lines_bytes = (uint32_t)bytes;
	return bytes == 0 ||
	       mp_peek(ret_text->lines, lines + MP_PYTHON_BYTES, bytes);
}
