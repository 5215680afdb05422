/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/debug_search.h"

#include <elfutils/libdwelf.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/debuginfod.h"

#define STANDARD_DIRECTORY "/usr/lib/debug"
/* SHA-1 gives 20 bytes; ld can be told any. */
#define BUILD_ID_LIMIT 64u

static int add_place(struct debug_search *search, const char *root,
		     const char *directory)
{
	struct debug_search_place *place = &search->places[search->place_count];

	place->root = strdup(root);
	place->directory = strdup(directory);
	search->place_count++;
	return place->root == NULL || place->directory == NULL ? -1 : 0;
}

int debug_search_init(struct debug_search *search, const char *sysroot,
		      const char *const *directories, size_t directory_count,
		      bool use_debuginfod)
{
	*search = (struct debug_search) { .use_debuginfod = use_debuginfod };
	search->sysroot = strdup(sysroot == NULL ? "" : sysroot);
	search->places = calloc(directory_count + 2, sizeof(*search->places));
	if (search->sysroot == NULL || search->places == NULL)
		return -1;
	for (size_t i = 0; i < directory_count; i++)
		if (add_place(search, "", directories[i]) != 0)
			return -1;
	if (search->sysroot[0] != '\0' &&
	    add_place(search, search->sysroot, STANDARD_DIRECTORY) != 0)
		return -1;
	return add_place(search, "", STANDARD_DIRECTORY);
}

void debug_search_done(struct debug_search *search)
{
	for (size_t i = 0; i < search->place_count; i++) {
		free(search->places[i].root);
		free(search->places[i].directory);
	}
	free(search->places);
	free(search->sysroot);
	*search = (struct debug_search) { 0 };
}

static struct elf_file *open_with_build_id(const char *root, const char *path,
					   const uint8_t *build_id,
					   size_t bytes)
{
	struct elf_file *file;

	if (elf_file_open(root, path, &file) != ELF_FILE_OK)
		return NULL;
	if (elf_file_has_build_id(file, build_id, bytes))
		return file;
	elf_file_close(file);
	return NULL;
}

static struct elf_file *ask_servers(const uint8_t *build_id, size_t bytes)
{
	struct elf_file *file;
	char *path;
	int fd = debuginfod_find(build_id, bytes, &path);

	if (fd < 0)
		return NULL;
	if (elf_file_open_fd(fd, path, &file) != ELF_FILE_OK)
		file = NULL;
	free(path);
	if (file != NULL && elf_file_has_build_id(file, build_id, bytes))
		return file;
	elf_file_close(file);
	return NULL;
}

struct elf_file *debug_search_build_id(const struct debug_search *search,
				       const uint8_t *build_id, size_t bytes)
{
	char hex[2 * BUILD_ID_LIMIT + 1];
	char path[PATH_MAX];

	if (bytes < 2 || bytes > BUILD_ID_LIMIT)
		return NULL;
	for (size_t i = 0; i < bytes; i++)
		snprintf(hex + 2 * i, 3, "%02x", build_id[i]);
	for (size_t i = 0; i < search->place_count; i++) {
		const struct debug_search_place *place = &search->places[i];
		struct elf_file *file;
		int length = snprintf(path, sizeof(path),
				      "%s/.build-id/%.2s/%s.debug",
				      place->directory, hex, hex + 2);

		if (length < 0 || (size_t)length >= sizeof(path))
			continue;
		file = open_with_build_id(place->root, path, build_id, bytes);
		if (file != NULL)
			return file;
	}
	return search->use_debuginfod ? ask_servers(build_id, bytes) : NULL;
}

struct wanted {
	const struct elf_file *main;
	const char *name;
	uint32_t crc;
};

static struct elf_file *try_link(const struct wanted *wanted, const char *root,
				 const char *prefix, const char *directory,
				 size_t directory_bytes, const char *below)
{
	struct elf_file *file;
	char path[PATH_MAX];
	uint32_t crc;
	int length =
		snprintf(path, sizeof(path), "%s%.*s%s/%s", prefix,
			 (int)directory_bytes, directory, below, wanted->name);

	if (length < 0 || (size_t)length >= sizeof(path) ||
	    elf_file_open(root, path, &file) != ELF_FILE_OK)
		return NULL;
	/* A program may carry the name of its own debug file. */
	if ((file->device == wanted->main->device &&
	     file->inode == wanted->main->inode) ||
	    elf_file_crc(file, &crc) != 0 || crc != wanted->crc) {
		elf_file_close(file);
		return NULL;
	}
	return file;
}

static size_t directory_bytes_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash == NULL || slash - path > PATH_MAX
		       ? 0
		       : (size_t)(slash - path);
}

struct elf_file *debug_search_link(const struct debug_search *search,
				   const struct elf_file *main,
				   const char *path)
{
	struct wanted wanted = { .main = main };
	size_t bytes = directory_bytes_of(path);
	struct elf_file *file = NULL;
	GElf_Word crc;

	wanted.name = dwelf_elf_gnu_debuglink(main->elf, &crc);
	/* It is a name beside or below known places, never a way elsewhere. */
	if (wanted.name == NULL || wanted.name[0] == '\0' ||
	    strchr(wanted.name, '/') != NULL)
		return NULL;
	wanted.crc = crc;
	file = try_link(&wanted, search->sysroot, "", path, bytes, "");
	if (file == NULL)
		file = try_link(&wanted, search->sysroot, "", path, bytes,
				"/.debug");
	for (size_t i = 0; i < search->place_count && file == NULL; i++) {
		const struct debug_search_place *place = &search->places[i];

		file = try_link(&wanted, place->root, place->directory, path,
				bytes, "");
		/* Distributions with /lib in /usr/lib name either. */
		if (file == NULL && strncmp(path, "/usr/", 5) == 0)
			file = try_link(&wanted, place->root, place->directory,
					path + 4, bytes - 4, "");
		if (file == NULL && strncmp(path, "/lib", 4) == 0)
			file = try_link(&wanted, place->root, place->directory,
					path, bytes, "/usr");
		if (file == NULL)
			file = try_link(&wanted, place->root, place->directory,
					"", 0, "");
	}
	return file;
}

/* A path in a debug file is absolute in its system, or beside that file. */
static struct elf_file *open_alt(const struct debug_search *search,
				 const struct elf_file *file, const char *name,
				 const uint8_t *build_id, size_t bytes)
{
	struct elf_file *alt = NULL;
	char path[PATH_MAX];
	char *real;

	if (name[0] == '/') {
		if (search->sysroot[0] != '\0')
			alt = open_with_build_id(search->sysroot, name,
						 build_id, bytes);
		return alt != NULL
			       ? alt
			       : open_with_build_id("", name, build_id, bytes);
	}
	/* Below .build-id it is a link: the name counts from the target. */
	real = realpath(file->path, NULL);
	if (real != NULL) {
		int length =
			snprintf(path, sizeof(path), "%.*s/%s",
				 (int)directory_bytes_of(real), real, name);

		if (length > 0 && (size_t)length < sizeof(path))
			alt = open_with_build_id("", path, build_id, bytes);
	}
	free(real);
	return alt;
}

struct elf_file *debug_search_alt(const struct debug_search *search,
				  const struct elf_file *file)
{
	const char *name;
	const uint8_t *build_id;
	struct elf_file *alt;
	size_t bytes = elf_file_alt_link(file->elf, &name, &build_id);

	if (bytes == 0)
		return NULL;
	alt = open_alt(search, file, name, build_id, bytes);
	for (size_t i = 0; i < search->place_count && alt == NULL; i++) {
		const struct debug_search_place *place = &search->places[i];
		const char *base = strrchr(name, '/');
		char path[PATH_MAX];
		int length = snprintf(path, sizeof(path), "%s/.dwz/%s",
				      place->directory,
				      base == NULL ? name : base + 1);

		if (length > 0 && (size_t)length < sizeof(path))
			alt = open_with_build_id(place->root, path, build_id,
						 bytes);
	}
	if (alt == NULL)
		alt = debug_search_build_id(search, build_id, bytes);
	return alt;
}
