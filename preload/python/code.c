/* SPDX-License-Identifier: MIT */
/* A code object, copied. */
#include "config.h"

#include "preload/python/python.h"

#include "preload/python/peek.h"
#include "preload/python/reading.h"

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

/* reading.h says when a plain read is safe. */
static bool get(bool is_careful, void *to, uintptr_t from, size_t bytes)
{
	if (is_careful)
		return mp_peek(to, from, bytes);
	if (from < 4096 || from >= MP_READING_END)
		return false;
	__builtin_memcpy(to, (const void *)from, bytes);
	return true;
}

/* "?" for what is no string of the usual form. False: it cannot be read. */
static bool read_string(bool is_careful, uintptr_t string, char *to,
			uint32_t size, uint32_t *ret_bytes)
{
	const struct mp_python_offsets *offsets = mp_python_reader.offsets;
	uint64_t length;
	uint32_t state, used = 0;
	unsigned kind;

	if (!get(is_careful, &length, string + MP_PYTHON_LENGTH,
		 sizeof(length)) ||
	    !get(is_careful, &state, string + MP_PYTHON_STATE, sizeof(state)))
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
		return length == 0 || get(is_careful, to, string, length);
	}
	for (uint64_t i = 0; i < length; i++) {
		char bytes[4];
		uint32_t c = 0;
		unsigned n;

		if (!get(is_careful, &c, string + i * kind, kind))
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

bool mp_python_describe(uintptr_t code, bool is_careful,
			struct mp_language_text *ret_text)
{
	const struct mp_python_offsets *offsets = mp_python_reader.offsets;
	uintptr_t file, name, lines;
	uint64_t bytes;

	ret_text->lines_kind = (enum mpf_code_lines)offsets->lines;
	ret_text->lines_bytes = 0;
	if (!get(is_careful, &ret_text->first_line,
		 code + offsets->code.first_line,
		 sizeof(ret_text->first_line)) ||
	    !get(is_careful, &file, code + offsets->code.file, sizeof(file)) ||
	    !get(is_careful, &name, code + offsets->code.name, sizeof(name)) ||
	    !get(is_careful, &lines, code + offsets->code.lines,
		 sizeof(lines)) ||
	    !read_string(is_careful, file, ret_text->file,
			 sizeof(ret_text->file), &ret_text->file_bytes) ||
	    !read_string(is_careful, name, ret_text->name,
			 sizeof(ret_text->name), &ret_text->name_bytes) ||
	    !get(is_careful, &bytes, lines + MP_PYTHON_OB_SIZE, sizeof(bytes)))
		return false;
	if (bytes > sizeof(ret_text->lines)) {
		ret_text->lines_kind = MPF_CODE_NO_LINES;
		return true;
	}
	ret_text->lines_bytes = (uint32_t)bytes;
	return bytes == 0 ||
	       get(is_careful, ret_text->lines, lines + MP_PYTHON_BYTES, bytes);
}
