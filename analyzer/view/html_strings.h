/* SPDX-License-Identifier: MIT */
/* Strings that JSON holds once and refers to by number. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_STRINGS_H
#define MEMPROF_ANALYZER_VIEW_HTML_STRINGS_H

#include <stdint.h>

#include "analyzer/model/intmap.h"
#include "analyzer/view/json.h"

/* All zero: empty. Told apart by their address: names have only one. */
struct html_strings {
	const char **array;
	size_t count, room;
	struct intmap known;
	bool is_failed; /* out of memory: numbers are wrong */
};

/* The number of a string; NULL: -1. */
int64_t html_strings_of(struct html_strings *strings, const char *text);
void html_strings_print(const struct html_strings *strings, struct json *json);
void html_strings_done(struct html_strings *strings);

#endif
