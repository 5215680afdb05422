/* SPDX-License-Identifier: MIT */
/* Reading rules that say which leaks are not to be reported. */
#include "config.h"

#include "analyzer/model/suppressions.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

/* A text that is taken apart line by line. */
struct reader {
	struct suppressions *into;
	const char *file;
	char *at, *end;
	unsigned line;
	struct suppressions_error *error;
};

static enum suppressions_code
fail(struct reader *reader, enum suppressions_code code, const char *what)
{
	*reader->error = (struct suppressions_error) {
		.code = code,
		.line = reader->line,
		.what = what,
	};
	return code;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

/* The next line that says something, without blanks around it; NULL: none. */
static char *next_line(struct reader *reader)
{
	while (reader->at < reader->end) {
		char *line = reader->at;
		char *end = memchr(line, '\n', (size_t)(reader->end - line));

		if (!end)
			end = reader->end;
		reader->at = end + 1;
		reader->line++;
		*end = '\0';
		while (is_blank(*line))
			line++;
		while (end > line && is_blank(end[-1]))
			*--end = '\0';
		if (*line != '\0' && *line != '#')
			return line;
	}
	return NULL;
}

/* Room for one more of an array that doubles; false without memory. */
static bool make_room(void **array, size_t *room, size_t count, size_t bytes)
{
	size_t more = *room ? 2 * *room : 16;
	void *grown;

	if (count < *room)
		return true;
	grown = reallocarray(*array, more, bytes);
	if (!grown)
		return false;
	*array = grown;
	*room = more;
	return true;
}

static enum suppressions_code add_line(struct reader *reader,
				       enum suppressions_part part,
				       const char *pattern)
{
	struct suppressions *into = reader->into;
	void *lines = into->lines;

	if (!make_room(&lines, &into->line_room, into->line_count,
		       sizeof(*into->lines)))
		return fail(reader, SUPPRESSIONS_MEMORY, "memory");
	into->lines = lines;
	into->lines[into->line_count++] =
		(struct suppressions_line) { part, pattern };
	return SUPPRESSIONS_OK;
}

static enum suppressions_code add_rule(struct reader *reader,
				       const struct suppression *rule)
{
	struct suppressions *into = reader->into;
	void *rules = into->rules;

	if (into->count == SUPPRESSIONS_MAX_RULES)
		return fail(reader, SUPPRESSIONS_LARGE, "too many rules");
	if (!make_room(&rules, &into->room, into->count, sizeof(*rule)))
		return fail(reader, SUPPRESSIONS_MEMORY, "memory");
	into->rules = rules;
	into->rules[into->count++] = *rule;
	return SUPPRESSIONS_OK;
}

static const char *after(const char *line, const char *prefix)
{
	size_t len = strlen(prefix);

	return strncmp(line, prefix, len) == 0 ? line + len : NULL;
}

/* "definite,possible", "all", "none" */
static bool read_kinds(char *text, unsigned *ret_kinds)
{
	static const struct {
		const char *name;
		unsigned kinds;
	} known[] = {
		{ "definite", SUPPRESSIONS_KIND(MPF_VERDICT_LOST) },
		{ "indirect", SUPPRESSIONS_KIND(MPF_VERDICT_INDIRECT) },
		{ "possible", SUPPRESSIONS_KIND(MPF_VERDICT_POSSIBLE) },
		{ "reachable", SUPPRESSIONS_KIND(MPF_VERDICT_REACHABLE) },
		{ "all", SUPPRESSIONS_ALL },
		{ "none", 0 },
	};

	*ret_kinds = 0;
	while (text) {
		char *next = strchr(text, ',');
		size_t i = 0;

		if (next)
			*next++ = '\0';
		while (is_blank(*text))
			text++;
		while (i < sizeof(known) / sizeof(known[0]) &&
		       strcmp(known[i].name, text) != 0)
			i++;
		if (i == sizeof(known) / sizeof(known[0]))
			return false;
		*ret_kinds |= known[i].kinds;
		text = next;
	}
	return true;
}

static enum suppressions_code add_frame(struct reader *reader, char *line)
{
	static const struct {
		const char *prefix;
		enum suppressions_part part;
	} known[] = {
		{ "fun:", SUPPRESSIONS_FUNCTION },
		{ "obj:", SUPPRESSIONS_OBJECT },
		{ "src:", SUPPRESSIONS_SOURCE },
	};

	if (strcmp(line, "...") == 0)
		return add_line(reader, SUPPRESSIONS_DOTS, "");
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const char *pattern = after(line, known[i].prefix);

		if (pattern && *pattern)
			return add_line(reader, known[i].part, pattern);
	}
	return fail(reader, SUPPRESSIONS_SYNTAX,
		    "neither fun:, obj:, src: nor ...");
}

/* After the brace that opens it. Rules for other kinds of errors, or other
 * tools, are passed over. */
static enum suppressions_code read_block(struct reader *reader)
{
	struct suppression rule = {
		.file = reader->file,
		.kinds = SUPPRESSIONS_ALL,
		.is_valgrind = true,
		.first_line = reader->into->line_count,
	};
	char *line = next_line(reader), *kind = next_line(reader);
	const char *colon;
	bool is_ours;

	if (!line || !kind || *line == '}' || *kind == '}')
		return fail(reader, SUPPRESSIONS_SYNTAX,
			    "a rule without name and kind");
	rule.name = line;
	colon = strchr(kind, ':');
	is_ours = colon && strcmp(colon + 1, "Leak") == 0;
	while ((line = next_line(reader)) && strcmp(line, "}") != 0) {
		const char *kinds = after(line, "match-leak-kinds:");
		enum suppressions_code code;

		if (!is_ours)
			continue;
		if (kinds) {
			if (!read_kinds(line + (kinds - line), &rule.kinds))
				return fail(reader, SUPPRESSIONS_SYNTAX,
					    "unknown kinds of leaks");
			continue;
		}
		if (rule.line_count++ == SUPPRESSIONS_MAX_LINES)
			return fail(reader, SUPPRESSIONS_LARGE,
				    "too many lines in a rule");
		code = add_frame(reader, line);
		if (code < 0)
			return code;
	}
	if (!line)
		return fail(reader, SUPPRESSIONS_SYNTAX,
			    "a rule without closing brace");
	if (!is_ours)
		return SUPPRESSIONS_OK;
	if (!rule.line_count)
		return fail(reader, SUPPRESSIONS_SYNTAX,
			    "a rule without stack");
	return add_rule(reader, &rule);
}

static enum suppressions_code read_sanitizer(struct reader *reader,
					     const char *pattern)
{
	const struct suppression rule = {
		.name = pattern,
		.file = reader->file,
		.kinds = SUPPRESSIONS_ALL,
		.first_line = reader->into->line_count,
		.line_count = 1,
	};
	enum suppressions_code code =
		add_line(reader, SUPPRESSIONS_ANY, pattern);

	return code < 0 ? code : add_rule(reader, &rule);
}

static enum suppressions_code read_all(struct reader *reader)
{
	/* Files for several sanitizers are common. */
	static const char *const others[] = {
		"race:",   "mutex:",	       "deadlock:",   "signal:",
		"thread:", "called_from_lib:", "interceptor_"
	};
	enum suppressions_code code = SUPPRESSIONS_OK;
	char *line;

	while (code == SUPPRESSIONS_OK && (line = next_line(reader))) {
		const char *pattern = after(line, "leak:");
		size_t i = 0;

		if (strcmp(line, "{") == 0) {
			code = read_block(reader);
			continue;
		}
		if (pattern && *pattern) {
			code = read_sanitizer(reader, pattern);
			continue;
		}
		while (i < sizeof(others) / sizeof(others[0]) &&
		       !after(line, others[i]))
			i++;
		if (i == sizeof(others) / sizeof(others[0]))
			code = fail(reader, SUPPRESSIONS_SYNTAX,
				    "neither leak:PATTERN nor a rule in "
				    "braces");
	}
	return code;
}

enum suppressions_code suppressions_add(struct suppressions *suppressions,
					const char *file, const char *text,
					size_t bytes,
					struct suppressions_error *error)
{
	struct reader reader = { .into = suppressions,
				 .file = file,
				 .error = error };
	char **texts;
	char *copy;

	*error = (struct suppressions_error) { 0 };
	if (bytes > SUPPRESSIONS_MAX_BYTES)
		return fail(&reader, SUPPRESSIONS_LARGE, "too large");
	if (memchr(text, '\0', bytes))
		return fail(&reader, SUPPRESSIONS_SYNTAX, "no text");
	texts = reallocarray(suppressions->texts, suppressions->text_count + 1,
			     sizeof(*texts));
	if (!texts)
		return fail(&reader, SUPPRESSIONS_MEMORY, "memory");
	suppressions->texts = texts;
	copy = malloc(bytes + 1);
	if (!copy)
		return fail(&reader, SUPPRESSIONS_MEMORY, "memory");
	suppressions->texts[suppressions->text_count++] = copy;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	reader.at = copy;
	reader.end = copy + bytes;
	return read_all(&reader);
}

enum suppressions_code suppressions_read(struct suppressions *suppressions,
					 const char *file,
					 struct suppressions_error *error)
{
	char *text = malloc(SUPPRESSIONS_MAX_BYTES + 1);
	enum suppressions_code code = SUPPRESSIONS_MISSING;
	size_t bytes = 0;
	FILE *stream;
	struct stat st;

	*error = (struct suppressions_error) { .code = SUPPRESSIONS_MEMORY };
	if (!text)
		return SUPPRESSIONS_MEMORY;
	/* A pipe that nobody writes to would make us wait. */
	errno = 0;
	stream = stat(file, &st) == 0 && !S_ISFIFO(st.st_mode)
			 ? fopen(file, "re")
			 : NULL;
	if (stream)
		bytes = fread(text, 1, SUPPRESSIONS_MAX_BYTES + 1, stream);
	if (stream && !ferror(stream))
		code = suppressions_add(suppressions, file, text, bytes, error);
	else
		*error = (struct suppressions_error) {
			.code = code,
			.system_errno = errno ? errno : EINVAL,
		};
	if (stream)
		fclose(stream);
	free(text);
	return code;
}

void suppressions_done(struct suppressions *suppressions)
{
	for (size_t i = 0; i < suppressions->text_count; i++)
		free(suppressions->texts[i]);
	free(suppressions->texts);
	free(suppressions->rules);
	free(suppressions->lines);
	*suppressions = (struct suppressions) { 0 };
}
