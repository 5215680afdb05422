/* SPDX-License-Identifier: MIT */
/* The code of interpreted languages in a dump. */
#include "config.h"

#include "analyzer/model/codes.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"

static const char import_prefix[] = "<frozen importlib";

/* Is the directory of the recording to go before the name? Before 3.9 the
 * program's own file has the name that it was called by. */
static bool is_relative(const char *name, size_t bytes)
{
	return bytes && name[0] != '/' && name[0] != '<';
}

static const char *copy_text(char **at, const char *text, size_t bytes)
{
	char *to = *at;

	memcpy(to, text, bytes);
	to[bytes] = '\0';
	/* A NUL would hide the rest. */
	for (size_t i = 0; i < bytes; i++)
		if (to[i] == '\0')
			to[i] = '?';
	*at = to + bytes + 1;
	return to;
}

static const char *copy_file(char **at, const struct dump *dump,
			     const char *text, size_t bytes)
{
	char *to = *at;
	size_t room;
	const char *dir = dump_text(dump, dump->header.directory, &room);

	while (bytes >= 2 && text[0] == '.' && text[1] == '/') {
		text += 2;
		bytes -= 2;
	}
	if (!is_relative(text, bytes) || room == 0)
		return copy_text(at, text, bytes);
	copy_text(at, dir, room);
	(*at)[-1] = '/';
	copy_text(at, text, bytes);
	return to;
}

static void fill(struct code *code, char **at, const struct dump *dump,
		 const struct mpf_code *from)
{
	size_t bytes;
	const char *text = dump_text(dump, from->name, &bytes);

	code->function = copy_text(at, text, bytes);
	text = dump_text(dump, from->file, &bytes);
	code->file = copy_file(at, dump, text, bytes);
	code->is_import = strncmp(code->file, import_prefix,
				  sizeof(import_prefix) - 1) == 0;
	text = dump_text(dump, from->lines, &bytes);
	code->table = (struct code_table) {
		.kind = from->lines_kind,
		.first_line = from->first_line,
		.bytes = (const uint8_t *)text,
		.count = bytes,
	};
}

int codes_init(struct codes *ret_codes, const struct dump *dump)
{
	struct codes codes = { .count = dump->code_count };
	size_t room = 1;
	char *at;

	for (size_t i = 0; i < dump->code_count; i++) {
		const struct mpf_code *code = &dump->codes[i];

		if (code->lines_kind)
			room += code->name.bytes + code->file.bytes + 3 +
				dump->header.directory.bytes;
	}
	codes.array = calloc(codes.count, sizeof(*codes.array));
	codes.strings = at = malloc(room);
	if (!codes.array || !codes.strings) {
		codes_done(&codes);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < dump->code_count; i++)
		if (dump->codes[i].lines_kind)
			fill(&codes.array[i], &at, dump, &dump->codes[i]);
	*ret_codes = codes;
	return 0;
}

void codes_done(struct codes *codes)
{
	free(codes->array);
	free(codes->strings);
	*codes = (struct codes) { 0 };
}

struct code_place codes_place(const struct codes *codes, uint32_t code,
			      uint32_t position)
{
	return code_lines_find(&codes->array[code].table,
			       (int64_t)position - 1);
}
