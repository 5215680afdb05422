/* SPDX-License-Identifier: MIT */
/*
 * The table of offsets against what the interpreter says of itself: the
 * members that PyCode_Type lists with their offsets, the size of a code
 * object, and from 3.13 on the offsets that are published for debuggers.
 */
#include "config.h"

#include "preload/python/python.h"

#include <stddef.h>

#include "preload/python/peek.h"

#define MEMBERS_MAX 64u
#define NAME_BYTES  32u

/* Layout of struct PyMemberDef, part of the stable ABI. */
struct member {
	uintptr_t name;
	int type;
	int64_t offset;
	int64_t flags;
	uintptr_t doc;
};

static bool is_equal(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

static bool check_members(const struct mp_python_reader *reader)
{
	const struct mp_python_offsets *table = reader->offsets;
	const struct {
		const char *name;
		uint16_t offset;
	} wanted[] = {
		{ "co_filename", table->code.file },
		{ "co_firstlineno", table->code.first_line },
		{ table->minor >= 11 ? "co_qualname" : "co_name",
		  table->code.name },
		{ table->minor >= 10 ? "co_linetable" : "co_lnotab",
		  table->code.lines },
	};
	const size_t count = sizeof(wanted) / sizeof(wanted[0]);
	struct member member;
	uintptr_t at;
	size_t found = 0;

	if (!mp_peek(&at, reader->code_type + MP_PYTHON_MEMBERS, sizeof(at)))
		return false;
	for (unsigned i = 0; i < MEMBERS_MAX; i++, at += sizeof(member)) {
		char name[NAME_BYTES] = "";

		if (!mp_peek(&member, at, sizeof(member)))
			return false;
		if (!member.name)
			break;
		for (size_t k = 0; k + 1 < sizeof(name); k++)
			if (!mp_peek(&name[k], member.name + k, 1) || !name[k])
				break;
		for (size_t k = 0; k < count; k++) {
			if (!is_equal(name, wanted[k].name))
				continue;
			if (member.offset != wanted[k].offset)
				return false;
			found++;
		}
	}
	return found == count;
}

static bool check_debug(const struct mp_python_reader *reader)
{
	const struct mp_python_offsets *table = reader->offsets;
	const struct {
		uint16_t at, value;
	} wanted[] = {
		{ table->debug.current_frame, table->state.frame },
		{ table->debug.thread_id, table->state.thread_id },
		{ table->debug.previous, table->frame.previous },
		{ table->debug.executable, table->frame.code },
		{ table->debug.instr_ptr, table->frame.position },
		{ table->debug.owner, table->frame.owner },
		{ table->debug.code_size, table->code.size },
		{ table->debug.file, table->code.file },
		{ table->debug.qualname, table->code.name },
		{ table->debug.lines, table->code.lines },
		{ table->debug.first_line, table->code.first_line },
		{ table->debug.bytecode, table->code.bytecode },
		{ table->debug.ob_type, MP_PYTHON_OB_TYPE },
		{ table->debug.ascii_size, table->string.ascii },
	};
	uint64_t head[3], value;

	if (table->debug.current_frame == 0)
		return true; /* no such version */
	if (!reader->runtime || !mp_peek(head, reader->runtime, sizeof(head)) ||
	    __builtin_memcmp(&head[0], "xdebugpy", 8) != 0 ||
	    head[1] >> 16 != reader->version >> 16 || head[2] != 0)
		return false;
	for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		if (!mp_peek(&value, reader->runtime + wanted[i].at,
			     sizeof(value)) ||
		    value != wanted[i].value)
			return false;
	return true;
}

bool mp_python_check(const struct mp_python_reader *reader)
{
	const struct mp_python_offsets *table = reader->offsets;
	int64_t size;

	/* Before 3.11 code has its bytecode elsewhere; then it follows. */
	if (!mp_peek(&size, reader->code_type + MP_PYTHON_TYPE_SIZE,
		     sizeof(size)) ||
	    size != (table->minor >= 11 ? table->code.bytecode
					: table->code.size))
		return false;
	return check_members(reader) && check_debug(reader);
}
