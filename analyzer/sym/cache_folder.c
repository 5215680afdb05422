/* SPDX-License-Identifier: MIT */
/* The folder of the symbol cache, opened and made. */
#include "config.h"

#include "analyzer/sym/cache_folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define NAME_LIMIT 255u
/* The folder, and the one that caches of all programs are in. */
#define LEVELS_MADE 2u
#define DAY_SECONDS 86400

static bool is_privileged(void)
{
	return getauxval(AT_SECURE) != 0 || getuid() != geteuid() ||
	       getgid() != getegid();
}

int cache_folder_init(struct cache_folder *folder, const char *path)
{
	*folder = (struct cache_folder) { .fd = -1 };
	if (path == NULL || path[0] != '/' || is_privileged())
		return 0;
	folder->path = strdup(path);
	return folder->path == NULL ? -1 : 0;
}

void cache_folder_done(struct cache_folder *folder)
{
	if (folder->path != NULL && folder->fd >= 0)
		close(folder->fd);
	free(folder->path);
	*folder = (struct cache_folder) { .fd = -1 };
}

/* Nobody else can have put anything there. */
static bool is_private(const struct stat *status)
{
	return status->st_uid == geteuid() &&
	       (status->st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* Makes the last part of path, in a folder that is this user's. */
static void make(const char *path, unsigned int levels)
{
	const char *slash = strrchr(path, '/');
	struct stat status;
	char *parent;

	if (slash == NULL || slash == path || levels == 0)
		return;
	parent = strndup(path, (size_t)(slash - path));
	if (parent == NULL)
		return;
	if (stat(parent, &status) != 0 && errno == ENOENT)
		make(parent, levels - 1);
	/* What root makes in a user's folder the user could not remove. */
	if (stat(parent, &status) == 0 && status.st_uid == geteuid())
		(void)!mkdir(path, 0700);
	free(parent);
}

static bool open_folder(struct cache_folder *folder, bool may_make)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct stat status;

	if (folder->path == NULL || folder->fd >= 0)
		return folder->path != NULL;
	folder->fd = open(folder->path, flags);
	if (folder->fd < 0 && errno == ENOENT && may_make) {
		make(folder->path, LEVELS_MADE);
		folder->fd = open(folder->path, flags);
	}
	if (folder->fd < 0)
		return false;
	if (fstat(folder->fd, &status) == 0 && is_private(&status))
		return true;
	close(folder->fd);
	folder->fd = -1;
	return false;
}

static uint8_t *read_all(int fd, size_t bytes)
{
	uint8_t *data = malloc(bytes);
	size_t done = 0;

	while (data != NULL && done < bytes) {
		ssize_t got = read(fd, data + done, bytes - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			free(data);
			return NULL;
		}
		done += (size_t)got;
	}
	return data;
}

uint8_t *cache_folder_read(struct cache_folder *folder, const char *name,
			   size_t *ret_bytes)
{
	uint8_t *data = NULL;
	struct stat status;
	int fd;

	if (!open_folder(folder, false))
		return NULL;
	fd = openat(folder->fd, name,
		    O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	if (fstat(fd, &status) == 0 && S_ISREG(status.st_mode) &&
	    is_private(&status) && status.st_size > 0 &&
	    (uint64_t)status.st_size <= CACHE_FOLDER_FILE_LIMIT)
		data = read_all(fd, (size_t)status.st_size);
	/* The time says when it was last used; to a day is good enough. */
	if (data != NULL && time(NULL) - status.st_mtime > DAY_SECONDS)
		(void)!futimens(fd, NULL);
	close(fd);
	if (data != NULL)
		*ret_bytes = (size_t)status.st_size;
	return data;
}

static bool write_all(int fd, const uint8_t *data, size_t bytes)
{
	while (bytes > 0) {
		ssize_t done = write(fd, data, bytes);

		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			return false;
		data += done;
		bytes -= (size_t)done;
	}
	return true;
}

bool cache_folder_write(struct cache_folder *folder, const char *name,
			const uint8_t *data, size_t bytes)
{
	char temporary[NAME_LIMIT + 1];
	unsigned int number = 0;
	bool is_done;
	int fd;

	if (!open_folder(folder, true))
		return false;
	if (getrandom(&number, sizeof(number), GRND_NONBLOCK) < 0)
		number = (unsigned int)getpid();
	if (snprintf(temporary, sizeof(temporary), "%s.%08x.tmp", name,
		     number) >= (int)sizeof(temporary))
		return false;
	fd = openat(folder->fd, temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return false;
	is_done = write_all(fd, data, bytes);
	if (close(fd) != 0)
		is_done = false;
	if (is_done && renameat(folder->fd, temporary, folder->fd, name) == 0)
		return true;
	unlinkat(folder->fd, temporary, 0);
	return false;
}
