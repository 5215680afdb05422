/* SPDX-License-Identifier: MIT */
/* Strings that JSON holds once. */
#include "config.h"

#include "analyzer/view/html_strings.h"

#include <stdlib.h>

int64_t html_strings_of(struct html_strings *strings, const char *text)
{
	uint32_t *known;

	if (!text)
		return -1;
	known = intmap_at(&strings->known, (uintptr_t)text, 0);
	if (!known) {
		strings->is_failed = true;
		return -1;
	}
	if (*known != 0)
		return *known - 1;
	/* Entries must not stay 0, even where what follows fails. */
	*known = (uint32_t)strings->count + 1;
	if (strings->count == strings->room) {
		size_t room = strings->room ? 2 * strings->room : 256;
		const char **array =
			reallocarray(strings->array, room, sizeof(*array));

		if (!array) {
			strings->is_failed = true;
			return -1;
		}
		strings->array = array;
		strings->room = room;
	}
	strings->array[strings->count] = text;
	return (int64_t)strings->count++;
}

void html_strings_print(const struct html_strings *strings, struct json *json)
{
	json_begin_array(json, "strings");
	for (size_t i = 0; i < strings->count; i++)
		json_text(json, NULL, strings->array[i]);
	json_end(json);
}

void html_strings_done(struct html_strings *strings)
{
	free(strings->array);
	intmap_clear(&strings->known);
	*strings = (struct html_strings) { 0 };
}
