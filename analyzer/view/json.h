/* SPDX-License-Identifier: MIT */
/*
 * A small JSON writer. It puts the commas, the quotes and the escapes; what
 * comes out is valid JSON whatever the bytes put in, provided that begins and
 * ends match.
 *
 *	json_begin_object(&json, NULL);
 *	json_text(&json, "name", "x");
 *	json_begin_array(&json, "list");
 *	json_number(&json, NULL, 1);
 *	json_end(&json);
 *	json_end(&json);
 *
 * key NULL: an element of an array, or the outermost value. Write errors are
 * those of the FILE: its owner looks at them.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_H
#define MEMPROF_ANALYZER_VIEW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define JSON_DEPTH_MAX 16
#define JSON_OPEN_MAX                                          \
	2 /* levels whose elements stand on lines of their own \
	   */

struct json {
	FILE *file;
	unsigned depth;
	bool is_array[JSON_DEPTH_MAX];
	bool has_elements[JSON_DEPTH_MAX];
};

void json_init(struct json *ret_json, FILE *file);

void json_begin_object(struct json *json, const char *key);
void json_begin_array(struct json *json, const char *key);

/* Ends the innermost object or array; the last one ends the line. */
void json_end(struct json *json);

/* NULL becomes null. Bytes that are not UTF-8 become U+FFFD. */
void json_text(struct json *json, const char *key, const char *text);
void json_number(struct json *json, const char *key, int64_t number);
void json_unsigned(struct json *json, const char *key, uint64_t number);
/* As many digits as tell it from others; what is no number is 0. */
void json_real(struct json *json, const char *key, double value);
/* Ten digits: for who shows fewer. */
void json_rounded(struct json *json, const char *key, double value);
/* An element of an array, or several with ", " between them, as they are. */
void json_raw(struct json *json, const char *text, size_t bytes);
void json_bool(struct json *json, const char *key, bool value);
void json_null(struct json *json, const char *key);

/* Bytes as a text of hexadecimal digits. */
void json_hex(struct json *json, const char *key, const uint8_t *bytes,
	      size_t count);

#endif
