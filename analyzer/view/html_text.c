/* SPDX-License-Identifier: MIT */
/* What text views print, as JSON. */
#include "config.h"

#include "analyzer/view/html_text.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"

int html_text_open(struct html_text *ret_text, enum units units)
{
	const struct term_choice choice = { .color = TERM_COLOR_NEVER,
					    .units = units };
	FILE *file;

	*ret_text = (struct html_text) { 0 };
	file = open_memstream(&ret_text->bytes, &ret_text->count);
	if (!file)
		return DUMP_MEMORY;
	term_init(&ret_text->term, file, &choice);
	return 0;
}

int html_text_lines(struct html_text *text, struct json *json, const char *key,
		    bool only_indented)
{
	int ret = fclose(text->term.file) == 0 ? 0 : DUMP_MEMORY;
	char *at = text->bytes, *line;

	if (ret == 0)
		json_begin_array(json, key);
	while (ret == 0 && (line = strsep(&at, "\n"))) {
		size_t spaces = strspn(line, " ");

		if (line[spaces] && (spaces || !only_indented))
			json_text(json, NULL, line + spaces);
	}
	if (ret == 0)
		json_end(json);
	free(text->bytes);
	return ret;
}

int html_text_whole(struct html_text *text, struct json *json, const char *key)
{
	int ret = fclose(text->term.file) == 0 ? 0 : DUMP_MEMORY;

	if (ret == 0)
		json_text(json, key, text->count ? text->bytes : NULL);
	free(text->bytes);
	return ret;
}
