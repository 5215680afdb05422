/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/source_path.h"

#include <limits.h>
#include <stdbool.h>
#include <string.h>

/* A path being built: bytes of text, no slash at its end but for "/". */
struct built {
	char text[PATH_MAX];
	size_t bytes;
	bool is_absolute;
};

static bool put(struct built *built, const char *part, size_t bytes)
{
	size_t slash = built->bytes > 0 && built->text[built->bytes - 1] != '/';

	if (built->bytes + slash + bytes >= sizeof(built->text))
		return false;
	if (slash != 0)
		built->text[built->bytes++] = '/';
	memcpy(built->text + built->bytes, part, bytes);
	built->bytes += bytes;
	return true;
}

/* Takes the last part off, or keeps ".." where there is nothing to take. */
static bool go_up(struct built *built)
{
	size_t start = built->bytes;

	while (start > 0 && built->text[start - 1] != '/')
		start--;
	if (built->is_absolute && built->bytes == 1)
		return true;
	if (built->bytes == 0 || (built->bytes - start == 2 &&
				  memcmp(built->text + start, "..", 2) == 0))
		return put(built, "..", 2);
	/* The slash goes too, except that of the root. */
	built->bytes = start > 1 ? start - 1 : start;
	return true;
}

static bool append(struct built *built, const char *path)
{
	while (*path != '\0') {
		size_t bytes = strcspn(path, "/");
		bool is_put = true;

		if (bytes == 2 && path[0] == '.' && path[1] == '.')
			is_put = go_up(built);
		else if (bytes > 0 && !(bytes == 1 && path[0] == '.'))
			is_put = put(built, path, bytes);
		if (!is_put)
			return false;
		path += bytes;
		path += *path == '/';
	}
	return true;
}

const char *source_path_clean(struct intern *intern, const char *directory,
			      const char *name)
{
	struct built built;

	built.bytes = 0;
	if (name[0] == '/' || directory == NULL)
		directory = "";
	built.is_absolute = name[0] == '/' || directory[0] == '/';
	if (built.is_absolute)
		built.text[built.bytes++] = '/';
	if (!append(&built, directory) || !append(&built, name))
		return NULL;
	return intern_bytes(intern, built.text, built.bytes);
}
