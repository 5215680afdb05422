/* SPDX-License-Identifier: MIT */
/* The line tables of CPython. */
#include "config.h"

#include "analyzer/model/code_lines.h"

#include <stdbool.h>

#include "preload/format/format.h"

#define UNIT_BYTES   2
#define NO_LINE	     (-128) /* 3.10: the delta of an entry without a line */
#define VARINT_BYTES 6	    /* 36 bits: more than any number needs */

/* Kinds of entries of the table of locations. */
enum { KIND_ONE_LINE = 10, KIND_NO_COLUMNS = 13, KIND_LONG, KIND_NONE };

static struct code_place place_at(int64_t line)
{
	if (line < 1 || line > INT32_MAX)
		line = 0;
	return (struct code_place) { .line = (uint32_t)line };
}

/* Pairs of increments: of the address, and of the line from there on. */
static struct code_place find_lnotab(const struct code_table *table,
				     int64_t unit)
{
	int64_t line = table->first_line, address = 0;

	for (size_t i = 0; i + 1 < table->count; i += 2) {
		address += table->bytes[i];
		if (address > unit * UNIT_BYTES)
			break;
		line += (int8_t)table->bytes[i + 1];
	}
	return place_at(line);
}

/* Pairs: the length of a stretch, and its line against the last one. */
static struct code_place find_lines(const struct code_table *table,
				    int64_t unit)
{
	int64_t line = table->first_line, end = 0;

	for (size_t i = 0; i + 1 < table->count; i += 2) {
		const int8_t delta = (int8_t)table->bytes[i + 1];

		end += table->bytes[i];
		if (delta != NO_LINE)
			line += delta;
		if (unit * UNIT_BYTES < end)
			return place_at(delta == NO_LINE ? 0 : line);
	}
	return place_at(0);
}

/* Reads entries one after the other. */
struct cursor {
	const uint8_t *at, *end;
};

static uint8_t next_byte(struct cursor *cursor)
{
	return cursor->at < cursor->end ? *cursor->at++ : 0;
}

static uint64_t next_number(struct cursor *cursor)
{
	uint64_t value = 0;

	for (unsigned i = 0; i < VARINT_BYTES; i++) {
		const uint8_t byte = next_byte(cursor);

		value |= (uint64_t)(byte & 0x3f) << (6 * i);
		if (!(byte & 0x40))
			break;
	}
	return value;
}

static int64_t next_signed(struct cursor *cursor)
{
	const uint64_t value = next_number(cursor);

	return value & 1 ? -(int64_t)(value >> 1) : (int64_t)(value >> 1);
}

/* What an entry says besides its length; the line is carried on. */
static struct code_place read_entry(struct cursor *cursor, unsigned kind,
				    int64_t *line)
{
	struct code_place place;
	uint64_t column;

	switch (kind) {
	case KIND_NONE:
		return place_at(0);
	case KIND_LONG:
		*line += next_signed(cursor);
		next_number(cursor); /* lines to the end */
		column = next_number(cursor);
		break;
	case KIND_NO_COLUMNS:
		*line += next_signed(cursor);
		return place_at(*line);
	case KIND_ONE_LINE:
	case KIND_ONE_LINE + 1:
	case KIND_ONE_LINE + 2:
		*line += kind - KIND_ONE_LINE;
		column = next_byte(cursor) + UINT64_C(1);
		break;
	default:
		column = kind * UINT64_C(8) + (next_byte(cursor) >> 4 & 7) + 1;
	}
	place = place_at(*line);
	if (place.line && column <= INT32_MAX)
		place.column = (uint32_t)column;
	return place;
}

static struct code_place find_locations(const struct code_table *table,
					int64_t unit)
{
	struct cursor cursor = { table->bytes, table->bytes + table->count };
	int64_t line = table->first_line, end = 0;

	while (cursor.at < cursor.end) {
		const uint8_t head = *cursor.at++;
		struct code_place place;

		if (!(head & 0x80))
			continue; /* no entry begins here */
		end += (head & 7) + 1;
		place = read_entry(&cursor, head >> 3 & 15, &line);
		if (unit < end)
			return place;
	}
	return place_at(0);
}

struct code_place code_lines_find(const struct code_table *table, int64_t unit)
{
	/* It is about to begin: the interpreter says the first line. */
	if (unit < 0)
		return place_at(table->first_line);
	switch (table->kind) {
	case MPF_CODE_LNOTAB:
		return find_lnotab(table, unit);
	case MPF_CODE_LINES:
		return find_lines(table, unit);
	case MPF_CODE_LOCATIONS:
		return find_locations(table, unit);
	default:
		return place_at(0);
	}
}
