/* SPDX-License-Identifier: MIT */
/* Source files: the search for one, and its lines. */
#include "config.h"

#include "analyzer/model/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump.h"

/* The name at the end of a path. */
static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

static int read_text(int fd, struct source *source, size_t bytes)
{
	size_t have = 0;

	source->text = malloc(bytes + 1);
	if (!source->text)
		return DUMP_MEMORY;
	while (have < bytes) {
		ssize_t n = read(fd, source->text + have, bytes - have);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		have += (size_t)n;
	}
	source->text[have] = '\0';
	for (size_t i = 0; i < have; i++)
		source->count += source->text[i] == '\n';
	if (have && source->text[have - 1] != '\n')
		source->count++;
	source->lines = calloc(source->count + 1, sizeof(*source->lines));
	if (!source->lines)
		return DUMP_MEMORY;
	for (size_t i = 0, at = 0; i < source->count; i++) {
		const char *end = memchr(source->text + at, '\n', have - at);
		size_t n = end ? (size_t)(end - source->text) - at : have - at;

		source->lines[i].text = source->text + at;
		source->lines[i].bytes = n;
		if (n && source->text[at + n - 1] == '\r')
			source->lines[i].bytes--;
		at += n + 1;
	}
	return 0;
}

/* 1 when it was read, 0 when it is no readable regular file. */
static int try_path(struct source *source, const char *path)
{
	struct stat st;
	int fd, ret = 0;

	if (stat(path, &st) < 0 || !S_ISREG(st.st_mode) ||
	    (uint64_t)st.st_size > SOURCE_MAX_BYTES)
		return 0;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0)
		return 0;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    (uint64_t)st.st_size <= SOURCE_MAX_BYTES) {
		source->path = strdup(path);
		source->mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				   (uint64_t)st.st_mtim.tv_nsec;
		ret = DUMP_MEMORY;
		if (source->path)
			ret = read_text(fd, source, (size_t)st.st_size);
		if (ret == 0)
			ret = 1;
	}
	close(fd);
	return ret;
}

static int try_joined(struct source *source, const char *dir, const char *name)
{
	size_t bytes = strlen(dir);
	char *path;
	int ret;

	while (bytes > 0 && dir[bytes - 1] == '/')
		bytes--;
	while (*name == '/')
		name++;
	if (asprintf(&path, "%.*s/%s", (int)bytes, dir, name) < 0)
		return DUMP_MEMORY;
	ret = try_path(source, path);
	free(path);
	return ret;
}

/* The file in a directory of the user: with all its folders, then fewer. */
static int try_dir(struct source *source, const char *dir, const char *file)
{
	int ret = 0;

	while (ret == 0 && *file) {
		while (*file == '/')
			file++;
		ret = try_joined(source, dir, file);
		file += strcspn(file, "/");
	}
	return ret;
}

int source_read(struct source *ret_source, const struct source_search *search)
{
	struct source source = { 0 };
	int ret = 0;

	if (search->sysroot)
		ret = try_joined(&source, search->sysroot, search->file);
	if (ret == 0)
		ret = try_path(&source, search->file);
	if (ret == 0 && search->given &&
	    strcmp(base_name(search->given), base_name(search->file)) == 0)
		ret = try_path(&source, search->given);
	for (size_t i = 0; i < search->dir_count && ret == 0; i++)
		ret = try_dir(&source, search->dirs[i], search->file);
	if (ret == 0 && *search->directory)
		ret = try_joined(&source, search->directory,
				 base_name(search->file));
	if (ret < 0) {
		source_done(&source);
		return ret;
	}
	*ret_source = source;
	return 0;
}

void source_done(struct source *source)
{
	free(source->path);
	free(source->lines);
	free(source->text);
	*source = (struct source) { 0 };
}
