/* SPDX-License-Identifier: MIT */
/* A small JSON writer. */
#include "config.h"

#include "analyzer/view/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdio_ext.h>

#include "analyzer/base/diag.h"

void json_init(struct json *ret_json, FILE *file)
{
	/* One thread writes: a lock for each part is wasted. */
	__fsetlocking(file, FSETLOCKING_BYCALLER);
	*ret_json = (struct json) { .file = file };
}

/* How many bytes the UTF-8 character at text has; 0 when it is none. */
static unsigned utf8_bytes(const unsigned char *text)
{
	unsigned count = text[0] < 0xc2	  ? 0
			 : text[0] < 0xe0 ? 2
			 : text[0] < 0xf0 ? 3
			 : text[0] < 0xf5 ? 4
					  : 0;

	for (unsigned i = 1; i < count; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* Overlong forms, surrogates, beyond U+10FFFF. */
	if ((text[0] == 0xe0 && text[1] < 0xa0) ||
	    (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) ||
	    (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return count;
}

/* One byte of a text that stands for itself. */
static bool is_plain(unsigned char byte)
{
	return byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
}

static void put_text(FILE *file, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	putc_unlocked('"', file);
	while (*at) {
		const unsigned char *start = at;
		unsigned count;

		while (is_plain(*at))
			at++;
		if (at > start) {
			fwrite_unlocked(start, 1, (size_t)(at - start), file);
			continue;
		}
		if (*at == '"' || *at == '\\') {
			putc_unlocked('\\', file);
			putc_unlocked(*at++, file);
			continue;
		}
		if (*at < 0x80) {
			fprintf(file, "\\u%04x", *at++);
			continue;
		}
		count = utf8_bytes(at);
		/* Control characters all the same: U+0080 to U+009F. */
		if (count == 2 && at[0] == 0xc2 && at[1] < 0xa0)
			fprintf(file, "\\u%04x", at[1]);
		else if (count)
			fwrite_unlocked(at, 1, count, file);
		else
			fputs_unlocked("\xef\xbf\xbd", file);
		at += count ? count : 1;
	}
	putc_unlocked('"', file);
}

static void put_indent(const struct json *json)
{
	putc_unlocked('\n', json->file);
	for (unsigned i = 0; i < json->depth; i++)
		fputs_unlocked("  ", json->file);
}

/* What stands before a value: comma, place and key. */
static void begin_value(struct json *json, const char *key)
{
	unsigned at = json->depth;

	if (at > 0) {
		if (json->has_elements[at - 1])
			putc_unlocked(',', json->file);
		if (at <= JSON_OPEN_MAX)
			put_indent(json);
		else if (json->has_elements[at - 1])
			putc_unlocked(' ', json->file);
		json->has_elements[at - 1] = true;
	}
	if (key) {
		put_text(json->file, key);
		fputs_unlocked(": ", json->file);
	}
}

static void begin(struct json *json, const char *key, bool is_array)
{
	if (json->depth == JSON_DEPTH_MAX)
		bug("JSON is nested too deeply");
	begin_value(json, key);
	putc_unlocked(is_array ? '[' : '{', json->file);
	json->is_array[json->depth] = is_array;
	json->has_elements[json->depth] = false;
	json->depth++;
}

void json_begin_object(struct json *json, const char *key)
{
	begin(json, key, false);
}

void json_begin_array(struct json *json, const char *key)
{
	begin(json, key, true);
}

void json_end(struct json *json)
{
	unsigned at;

	if (json->depth == 0)
		bug("JSON ends more than it began");
	at = --json->depth;
	if (json->has_elements[at] && at < JSON_OPEN_MAX)
		put_indent(json);
	putc_unlocked(json->is_array[at] ? ']' : '}', json->file);
	if (at == 0)
		putc_unlocked('\n', json->file);
}

void json_text(struct json *json, const char *key, const char *text)
{
	begin_value(json, key);
	if (text)
		put_text(json->file, text);
	else
		fputs_unlocked("null", json->file);
}

/* printf takes several times as long, and most of what there is are numbers. */
static void put_digits(FILE *file, uint64_t number, bool is_negative)
{
	char digits[24];
	size_t at = sizeof(digits);

	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number != 0);
	if (is_negative)
		digits[--at] = '-';
	fwrite_unlocked(digits + at, 1, sizeof(digits) - at, file);
}

void json_number(struct json *json, const char *key, int64_t number)
{
	begin_value(json, key);
	put_digits(json->file,
		   number < 0 ? -(uint64_t)number : (uint64_t)number,
		   number < 0);
}

void json_unsigned(struct json *json, const char *key, uint64_t number)
{
	begin_value(json, key);
	put_digits(json->file, number, false);
}

void json_raw(struct json *json, const char *text, size_t bytes)
{
	begin_value(json, NULL);
	fwrite_unlocked(text, 1, bytes, json->file);
}

void json_real(struct json *json, const char *key, double value)
{
	begin_value(json, key);
	fprintf(json->file, "%.17g", isfinite(value) ? value : 0);
}

void json_rounded(struct json *json, const char *key, double value)
{
	begin_value(json, key);
	fprintf(json->file, "%.10g", isfinite(value) ? value : 0);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin_value(json, key);
	fputs_unlocked(value ? "true" : "false", json->file);
}

void json_null(struct json *json, const char *key)
{
	json_text(json, key, NULL);
}

void json_hex(struct json *json, const char *key, const uint8_t *bytes,
	      size_t count)
{
	begin_value(json, key);
	putc_unlocked('"', json->file);
	for (size_t i = 0; i < count; i++)
		fprintf(json->file, "%02x", bytes[i]);
	putc_unlocked('"', json->file);
}
