/* SPDX-License-Identifier: MIT */
/*
 * What text views print, as JSON:
 *
 *	if (html_text_open(&text, units) == 0)
 *		... print to &text.term ...
 *	ret = html_text_lines(&text, json, "losses_text");
 */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_TEXT_H
#define MEMPROF_ANALYZER_VIEW_HTML_TEXT_H

#include <stddef.h>

#include "analyzer/base/term.h"
#include "analyzer/view/json.h"

struct html_text {
	struct term term;
	char *bytes;
	size_t count;
};

/* 0, or DUMP_MEMORY; nothing is to be freed then. */
int html_text_open(struct html_text *ret_text, enum units units);

/* Puts the lines, without what they begin with, as an array, with only_indented
 * those alone that begin with spaces; or all of it as one text, null where it
 * is nothing. Frees all. 0, or DUMP_MEMORY. */
int html_text_lines(struct html_text *text, struct json *json, const char *key,
		    bool only_indented);
int html_text_whole(struct html_text *text, struct json *json, const char *key);

#endif
