/* SPDX-License-Identifier: MIT */
/* How the symbol cache is kept within its bounds. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/sym/cache_folder.h"

/* Some room is made at once, so that not every run has to make some. */
#define KEPT_OF_4 3u
/* Nobody writes a file for that long: its writer is dead. */
#define TEMPORARY_SECONDS 3600

struct found {
	int64_t seconds, nanoseconds; /* of its last use */
	uint64_t bytes;
	char name[NAME_MAX + 1];
};

struct all {
	struct found *array;
	size_t count, room;
	uint64_t bytes;
};

static bool ends_in(const char *name, const char *end)
{
	size_t bytes = strlen(name), end_bytes = strlen(end);

	return bytes > end_bytes && strcmp(name + bytes - end_bytes, end) == 0;
}

static int add(struct all *all, const char *name, const struct stat *status)
{
	struct found *found;

	if (all->count == all->room) {
		size_t room = all->room ? 2 * all->room : 64;
		void *larger =
			reallocarray(all->array, room, sizeof(*all->array));

		if (larger == NULL)
			return -1;
		all->array = larger;
		all->room = room;
	}
	found = &all->array[all->count++];
	found->seconds = status->st_mtim.tv_sec;
	found->nanoseconds = status->st_mtim.tv_nsec;
	found->bytes = (uint64_t)status->st_size;
	memcpy(found->name, name, strlen(name) + 1);
	all->bytes += found->bytes;
	return 0;
}

static void list(struct all *all, DIR *directory)
{
	const struct dirent *entry;
	struct stat status;

	while ((entry = readdir(directory)) != NULL) {
		if (fstatat(dirfd(directory), entry->d_name, &status,
			    AT_SYMLINK_NOFOLLOW) != 0 ||
		    !S_ISREG(status.st_mode))
			continue;
		if (ends_in(entry->d_name, ".tmp") &&
		    time(NULL) - status.st_mtime > TEMPORARY_SECONDS)
			unlinkat(dirfd(directory), entry->d_name, 0);
		else if (ends_in(entry->d_name, ".sym") &&
			 add(all, entry->d_name, &status) != 0)
			break;
	}
}

static int compare(const void *left, const void *right)
{
	const struct found *a = left, *b = right;

	if (a->seconds != b->seconds)
		return a->seconds < b->seconds ? -1 : 1;
	if (a->nanoseconds != b->nanoseconds)
		return a->nanoseconds < b->nanoseconds ? -1 : 1;
	return strcmp(a->name, b->name);
}

void cache_folder_trim(struct cache_folder *folder, uint64_t bytes_limit,
		       size_t count_limit)
{
	struct all all = { 0 };
	DIR *directory;
	int fd;

	if (folder->path == NULL || folder->fd < 0)
		return;
	fd = openat(folder->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = fd < 0 ? NULL : fdopendir(fd);
	if (directory == NULL) {
		if (fd >= 0)
			close(fd);
		return;
	}
	list(&all, directory);
	if (all.bytes > bytes_limit || all.count > count_limit) {
		size_t left = all.count;

		bytes_limit = bytes_limit / 4 * KEPT_OF_4;
		count_limit = count_limit * KEPT_OF_4 / 4;
		qsort(all.array, all.count, sizeof(*all.array), compare);
		for (size_t i = 0; i < all.count; i++) {
			if (all.bytes <= bytes_limit && left <= count_limit)
				break;
			unlinkat(fd, all.array[i].name, 0);
			all.bytes -= all.array[i].bytes;
			left--;
		}
	}
	closedir(directory);
	free(all.array);
}
