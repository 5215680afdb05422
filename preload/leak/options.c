/* SPDX-License-Identifier: MIT */
/* Options as sanitizers take them: NAME=VALUE:NAME='VALUE'. */
#include "config.h"

#include "preload/leak/options.h"

#include <stddef.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/file.h"

#define OPTION	   "suppressions"
#define PATH_BYTES 4096u

static bool is_separator(char c)
{
	return c == ' ' || c == ',' || c == ':' || c == '\n' || c == '\t' ||
	       c == '\r';
}

/* The end of a value that begins there, maybe in quotes. */
static const char *value_end(const char **at)
{
	const char quote = **at, *end;

	if (quote == '\'' || quote == '"') {
		for (end = ++*at; *end && *end != quote; end++)
			;
		return end;
	}
	for (end = *at; *end && !is_separator(*end); end++)
		;
	return end;
}

/* Of options as sanitizers take them, NAME=VALUE:NAME='VALUE', the last value
 * of OPTION. False: there is none. */
static bool find_option(const char *options, char ret_path[PATH_BYTES])
{
	bool is_found = false;

	while (options && *options) {
		const char *name = options, *end;
		size_t bytes = 0;

		if (is_separator(*options)) {
			options++;
			continue;
		}
		while (*options && *options != '=' && !is_separator(*options))
			options++;
		if (*options != '=')
			continue;
		bytes = (size_t)(options++ - name);
		end = value_end(&options);
		if (bytes == sizeof(OPTION) - 1 &&
		    __builtin_memcmp(name, OPTION, bytes) == 0) {
			bytes = (size_t)(end - options);
			is_found = bytes && bytes < PATH_BYTES;
			if (is_found) {
				__builtin_memcpy(ret_path, options, bytes);
				ret_path[bytes] = '\0';
			}
		}
		options = *end == '\'' || *end == '"' ? end + 1 : end;
	}
	return is_found;
}

/* FOLDER/PATH, of which folder may be cut behind its last slash. */
static long open_in(const char *folder, size_t bytes, const char *path)
{
	char *buf = mp_map_new(2 * PATH_BYTES);
	struct mp_text text;

	if (!buf)
		return -ENOMEM;
	mp_text_init(&text, buf, 2 * PATH_BYTES);
	mp_text_bytes(&text, folder, bytes);
	mp_text_str(&text, "/");
	mp_text_str(&text, path);
	return mp_sys_open(buf, O_RDONLY | O_NONBLOCK, 0);
}

/* A file as the options name it: in the folder that the program was started in
 * or, as the sanitizer has it, beside the program. */
static long open_rules(const char *path)
{
	const struct mpf_text at = mp_file.header->directory;
	char *program = mp_map_new(PATH_BYTES);
	long fd = -ENOENT, bytes;

	if (*path == '/')
		return mp_sys_open(path, O_RDONLY | O_NONBLOCK, 0);
	if (at.offset)
		fd = open_in(mp_file_at(at.offset), at.bytes, path);
	if (!mp_sys_failed(fd) || !program)
		return fd;
	bytes = mp_sys_readlink("/proc/self/exe", program, PATH_BYTES);
	while (bytes > 0 && program[bytes - 1] != '/')
		bytes--;
	return bytes > 0 ? open_in(program, (size_t)bytes, path) : fd;
}

/* All that is mapped here the end of the copy gives back. */
bool mp_options_rules(const char *options, struct mp_verdicts_rules *rules)
{
	char *path = mp_map_new(PATH_BYTES);
	uint32_t bytes = 0;
	struct stat st;
	long fd, got = 1;

	if (!path || !find_option(options, path))
		return false;
	fd = open_rules(path);
	if (mp_sys_failed(fd))
		return true;
	if (mp_sys_failed(mp_sys_fstat((int)fd, &st)) || !S_ISREG(st.st_mode))
		return true;
	while (got > 0 && bytes < MP_VERDICTS_RULES) {
		got = mp_sys_read((int)fd, rules->text + bytes,
				  MP_VERDICTS_RULES - bytes);
		if (got > 0)
			bytes += (uint32_t)got;
	}
	mp_verdicts_rules(rules, bytes);
	return true;
}

static char *options_text; /* LSAN_OPTIONS; NULL: none */

void mp_options_init(const char *options)
{
	size_t bytes = 0;

	while (options && options[bytes])
		bytes++;
	/* Programs overwrite their environment (setproctitle). */
	options_text = bytes ? mp_map_new(bytes + 1) : NULL;
	if (options_text)
		__builtin_memcpy(options_text, options, bytes);
}

const char *mp_options_text(void)
{
	return options_text;
}
