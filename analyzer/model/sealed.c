/* SPDX-License-Identifier: MIT */
/* Looking for a keeper that holds the memory of a process. */
#include "config.h"

#include "analyzer/model/sealed.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump.h"

struct wanted {
	uint32_t pid;
	uint64_t ticks;
	uid_t user;
	int flags;
};

static bool is_memory(int folder, const char *name)
{
	static const char mapping[] = SEALED_MAPPING;
	char link[sizeof(mapping)];
	ssize_t bytes = readlinkat(folder, name, link, sizeof(link));

	return bytes == (ssize_t)sizeof(mapping) - 1 &&
	       memcmp(link, mapping, (size_t)bytes) == 0;
}

static bool is_wanted(int fd, const struct wanted *wanted)
{
	struct mpf_header header;
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == wanted->user &&
	       pread(fd, &header, sizeof(header), 0) ==
		       (ssize_t)sizeof(header) &&
	       memcmp(header.magic, MPF_MAGIC, sizeof(header.magic)) == 0 &&
	       header.pid == wanted->pid &&
	       (wanted->ticks == 0 || header.process_ticks == wanted->ticks);
}

/* Among the descriptors of one process. */
static int open_in(const char *fds, const struct wanted *wanted)
{
	DIR *dir = opendir(fds);
	const struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		if (!is_memory(dirfd(dir), entry->d_name))
			continue;
		fd = openat(dirfd(dir), entry->d_name,
			    wanted->flags | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0 && !is_wanted(fd, wanted)) {
			close(fd);
			fd = -1;
		}
	}
	if (dir)
		closedir(dir);
	return fd;
}

static bool is_keeper(const char *pid)
{
	static const char wanted[] = SEALED_KEEPER_NAME "\n";
	char path[300], name[sizeof(wanted)];
	ssize_t bytes;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/comm", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	bytes = read(fd, name, sizeof(name));
	close(fd);
	return bytes == (ssize_t)sizeof(wanted) - 1 &&
	       memcmp(name, wanted, (size_t)bytes) == 0;
}

int sealed_open(uint32_t pid, uint64_t ticks, uid_t user, int flags)
{
	const struct wanted wanted = { pid, ticks, user, flags };
	DIR *dir = opendir("/proc");
	const struct dirent *entry;
	int fd = -1;

	while (dir && fd < 0 && (entry = readdir(dir))) {
		char fds[300];

		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    !is_keeper(entry->d_name))
			continue;
		snprintf(fds, sizeof(fds), "/proc/%s/fd", entry->d_name);
		fd = open_in(fds, &wanted);
	}
	if (dir)
		closedir(dir);
	return fd;
}
