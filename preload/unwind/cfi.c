/* SPDX-License-Identifier: MIT */
/* Finds and decodes FDEs and CIEs; the LSB's .eh_frame and .eh_frame_hdr. */
#include "config.h"

#include "preload/unwind/cfi.h"

#include <link.h>
#include <string.h>

#define PE_OMIT	   0xff
#define PE_PCREL   0x10
#define PE_DATAREL 0x30
#define PE_SDATA4  0x0b

/* Start-up code that has no unwind data is not longer than this. */
#define ENTRY_BYTES 256u

uint64_t mp_cursor_fixed(struct mp_cursor *cursor, unsigned bytes)
{
	uint64_t value = 0;

	if ((size_t)(cursor->end - cursor->at) < bytes) {
		cursor->is_bad = true;
		cursor->at = cursor->end;
		return 0;
	}
	memcpy(&value, cursor->at, bytes);
	cursor->at += bytes;
	return value;
}

uint64_t mp_cursor_uleb(struct mp_cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; cursor->at < cursor->end; shift += 7) {
		const uint8_t byte = *cursor->at++;

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (!(byte & 0x80))
			return value;
	}
	cursor->is_bad = true;
	return 0;
}

int64_t mp_cursor_sleb(struct mp_cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned shift = 0; cursor->at < cursor->end; shift += 7) {
		const uint8_t byte = *cursor->at++;

		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		if (byte & 0x80)
			continue;
		if ((byte & 0x40) && shift + 7 < 64)
			value |= ~UINT64_C(0) << (shift + 7);
		return (int64_t)value;
	}
	cursor->is_bad = true;
	return 0;
}

void mp_cursor_skip(struct mp_cursor *cursor, uint64_t bytes)
{
	if ((uint64_t)(cursor->end - cursor->at) < bytes) {
		cursor->is_bad = true;
		cursor->at = cursor->end;
		return;
	}
	cursor->at += bytes;
}

/* The value alone: the low nibble of the encoding. */
static uint64_t read_value(struct mp_cursor *cursor, uint8_t encoding)
{
	switch (encoding & 0x0f) {
	case 0x00: /* absptr */
	case 0x04:
	case 0x0c:
		return mp_cursor_fixed(cursor, 8);
	case 0x01:
		return mp_cursor_uleb(cursor);
	case 0x02:
		return mp_cursor_fixed(cursor, 2);
	case 0x03:
		return mp_cursor_fixed(cursor, 4);
	case 0x09:
		return (uint64_t)mp_cursor_sleb(cursor);
	case 0x0a:
		return (uint64_t)(int16_t)mp_cursor_fixed(cursor, 2);
	case 0x0b:
		return (uint64_t)(int32_t)mp_cursor_fixed(cursor, 4);
	default:
		cursor->is_bad = true;
		return 0;
	}
}

uint64_t mp_cursor_pointer(struct mp_cursor *cursor, uint8_t encoding)
{
	const uint64_t place = (uintptr_t)cursor->at;
	uint64_t value = read_value(cursor, encoding);

	switch (encoding & 0xf0) {
	case 0:
		return value;
	case PE_PCREL:
		return value ? value + place : 0;
	default:
		cursor->is_bad = true;
		return 0;
	}
}

/* A cursor on [addr, end of the object); bad when addr is outside of it. */
static struct mp_cursor object_cursor(const struct mp_code_object *object,
				      uint64_t addr)
{
	struct mp_cursor cursor = {
		.at = (const uint8_t *)object->end,
		.end = (const uint8_t *)object->end,
		.is_bad = true,
	};

	if (addr >= object->start && addr < object->end) {
		cursor.at = (const uint8_t *)(uintptr_t)addr;
		cursor.is_bad = false;
	}
	return cursor;
}

/*
 * Reads the length of the entry at the cursor and narrows the cursor to what
 * follows. Returns where the next entry begins; 0 at the terminator.
 */
static uint64_t enter_entry(struct mp_cursor *cursor)
{
	uint64_t length = mp_cursor_fixed(cursor, 4);

	if (length == 0xffffffff)
		length = mp_cursor_fixed(cursor, 8);
	if (cursor->is_bad || length == 0 ||
	    length > (uint64_t)(cursor->end - cursor->at)) {
		cursor->is_bad = true;
		return 0;
	}
	cursor->end = cursor->at + length;
	return (uintptr_t)cursor->end;
}

/* The items of a CIE's augmentation, after the length that 'z' brings. */
static bool read_augmentation(struct mp_cursor *cursor, const char *letters,
			      struct mp_fde *fde)
{
	for (; *letters; letters++) {
		switch (*letters) {
		case 'R':
			fde->encoding = (uint8_t)mp_cursor_fixed(cursor, 1);
			break;
		case 'P': {
			const uint8_t enc = (uint8_t)mp_cursor_fixed(cursor, 1);

			if ((enc & 0x70) == 0x50) /* aligned */
				return false;
			read_value(cursor, enc);
			break;
		}
		case 'L':
			mp_cursor_fixed(cursor, 1);
			break;
		case 'S':
			fde->is_signal_frame = true;
			break;
		default:
			return false;
		}
	}
	return !cursor->is_bad;
}

static bool read_cie(struct mp_cursor cursor, struct mp_fde *fde,
		     bool *ret_has_lengths)
{
	const char *letters;
	uint64_t version, bytes;

	if (!enter_entry(&cursor) || mp_cursor_fixed(&cursor, 4) != 0)
		return false;
	version = mp_cursor_fixed(&cursor, 1);
	if (version != 1 && version != 3 && version != 4)
		return false;
	letters = (const char *)cursor.at;
	while (mp_cursor_fixed(&cursor, 1))
		;
	if (letters[0] == 'e' && letters[1] == 'h') {
		mp_cursor_skip(&cursor, 8);
		letters += 2;
	}
	if (version == 4)
		mp_cursor_skip(&cursor, 2);
	fde->code_align = mp_cursor_uleb(&cursor);
	fde->data_align = mp_cursor_sleb(&cursor);
	fde->ra_register = version == 1 ? mp_cursor_fixed(&cursor, 1)
					: mp_cursor_uleb(&cursor);
	if (cursor.is_bad)
		return false;
	*ret_has_lengths = *letters == 'z';
	if (*ret_has_lengths) {
		struct mp_cursor items;

		bytes = mp_cursor_uleb(&cursor);
		items = cursor;
		mp_cursor_skip(&cursor, bytes);
		items.end = cursor.at;
		if (!read_augmentation(&items, letters + 1, fde))
			return false;
	} else if (*letters) {
		return false;
	}
	fde->cie_program = cursor;
	return !cursor.is_bad;
}

/*
 * Reads the FDE at the cursor. False for a CIE, for a broken one and when pc
 * is not in it; then *ret_next alone is set, 0 where the entries end.
 */
static bool read_fde(const struct mp_code_object *object,
		     struct mp_cursor cursor, uintptr_t pc,
		     struct mp_fde *ret_fde, uint64_t *ret_next)
{
	uint64_t place, cie, range;
	bool has_lengths;

	*ret_next = enter_entry(&cursor);
	if (!*ret_next)
		return false;
	place = (uintptr_t)cursor.at;
	cie = mp_cursor_fixed(&cursor, 4);
	if (cursor.is_bad || cie == 0)
		return false;
	*ret_fde = (struct mp_fde) { 0 };
	if (!read_cie(object_cursor(object, place - cie), ret_fde,
		      &has_lengths))
		return false;
	ret_fde->start = mp_cursor_pointer(&cursor, ret_fde->encoding);
	range = mp_cursor_pointer(&cursor, ret_fde->encoding & 0x0f);
	ret_fde->end = ret_fde->start + range;
	if (cursor.is_bad || pc < ret_fde->start ||
	    pc - ret_fde->start >= range)
		return false;
	if (has_lengths)
		mp_cursor_skip(&cursor, mp_cursor_uleb(&cursor));
	ret_fde->program = cursor;
	return !cursor.is_bad;
}

/*
 * Looks pc up in the sorted table of {location, FDE}, both relative to the
 * header. 0: no entry. The table was checked to lie in the object.
 */
static uint64_t search_table(uintptr_t hdr, const uint8_t *table,
			     uint64_t count, uintptr_t pc)
{
	const int64_t want = (int64_t)(pc - hdr);
	uint64_t low = 0, high = count;
	int32_t entry[2];

	while (low < high) {
		const uint64_t mid = low + (high - low) / 2;

		memcpy(entry, table + mid * 8, sizeof(entry));
		if (entry[0] <= want)
			low = mid + 1;
		else
			high = mid;
	}
	if (low == 0)
		return 0;
	memcpy(entry, table + (low - 1) * 8, sizeof(entry));
	return hdr + (uint64_t)(int64_t)entry[1];
}

bool mp_cfi_find(const struct mp_code_object *object, uintptr_t pc,
		 struct mp_fde *ret_fde)
{
	const uintptr_t hdr = (uintptr_t)object->eh_frame_hdr;
	struct mp_cursor cursor = object_cursor(object, hdr);
	uint8_t enc[4];
	uint64_t frames, next;

	for (unsigned i = 0; i < 4; i++)
		enc[i] = (uint8_t)mp_cursor_fixed(&cursor, 1);
	if (cursor.is_bad || enc[0] != 1 || enc[1] == PE_OMIT)
		return false;
	frames = mp_cursor_pointer(&cursor, enc[1]);
	if (cursor.is_bad)
		return false;
	if (enc[2] != PE_OMIT && enc[3] == (PE_DATAREL | PE_SDATA4)) {
		const uint64_t count = mp_cursor_pointer(&cursor, enc[2]);

		if (!cursor.is_bad && count != 0 &&
		    count <= (uint64_t)(cursor.end - cursor.at) / 8) {
			next = search_table(hdr, cursor.at, count, pc);
			return next &&
			       read_fde(object, object_cursor(object, next), pc,
					ret_fde, &next);
		}
	}
	/* No table we know to search: one entry after the other. */
	for (next = frames; next;) {
		if (read_fde(object, object_cursor(object, next), pc, ret_fde,
			     &next))
			return true;
	}
	return false;
}

/*
 * The entry points of the program and of the dynamic linker are asm, on some
 * systems without unwind data. What runs there was called by the kernel.
 */
static bool is_entry_code(const struct mp_code_object *object, uintptr_t pc)
{
	const ElfW(Ehdr) *header = (const ElfW(Ehdr) *)object->start;
	uintptr_t entry;

	if (object->end - object->start < sizeof(*header) ||
	    memcmp(header->e_ident, ELFMAG, SELFMAG) != 0 || !header->e_entry)
		return false;
	entry = object->bias + header->e_entry;
	return pc >= entry && pc - entry < ENTRY_BYTES;
}

mp_rule mp_cfi_rule(const struct mp_code_object *object, uintptr_t pc)
{
	struct mp_fde fde;

	if (object->eh_frame_hdr && mp_cfi_find(object, pc, &fde))
		return mp_cfi_run(&fde, pc);
	if (is_entry_code(object, pc))
		return mp_rule_other(MP_RULE_END);
	return mp_rule_other(MP_RULE_NO_RULE);
}
