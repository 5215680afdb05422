/* SPDX-License-Identifier: MIT */
/*
 * A dump that says that its process records, and nobody does any more: was it
 * killed, or did another program take its place by exec()? And the file, which
 * was kept from being cut meanwhile, is its owner's again.
 */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODE_RECORDING 0400
#define MODE_OPEN      0600
#define CANDIDATES_MAX 4096 /* files beside the dump that are looked into */

/* The same process, begun to be recorded later. */
static bool is_successor(int folder, const char *name,
			 const struct mpf_header *header)
{
	int fd = openat(folder, name,
			O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct mpf_header other;
	bool ret = false;

	if (fd < 0)
		return false;
	if (pread(fd, &other, sizeof(other), 0) == (ssize_t)sizeof(other))
		ret = memcmp(other.magic, MPF_MAGIC, sizeof(other.magic)) ==
			      0 &&
		      other.pid == header->pid &&
		      other.process_ticks == header->process_ticks &&
		      memcmp(other.boot_id, header->boot_id,
			     sizeof(other.boot_id)) == 0 &&
		      other.start_ns > header->start_ns;
	close(fd);
	return ret;
}

/* Its name has the pid in it: by the pattern, or because the name without was
 * taken by its predecessor. */
static bool has_successor(const struct mpf_header *header, const char *path)
{
	char folder[PATH_MAX], pid[16];
	const char *slash = strrchr(path, '/');
	unsigned looked = 0;
	struct dirent *entry;
	bool ret = false;
	DIR *dir;

	snprintf(folder, sizeof(folder), "%.*s",
		 slash ? (int)(slash - path) + 1 : 1, slash ? path : ".");
	snprintf(pid, sizeof(pid), "%" PRIu32, header->pid);
	dir = opendir(folder);
	while (dir && !ret && looked < CANDIDATES_MAX &&
	       (entry = readdir(dir))) {
		if (!strstr(entry->d_name, pid))
			continue;
		looked++;
		ret = is_successor(dirfd(dir), entry->d_name, header);
	}
	if (dir)
		closedir(dir);
	return ret;
}

/* The process lives on, and is another program. */
static bool is_other_program(const struct dump *dump)
{
	char link[64], now[PATH_MAX + 1];
	size_t bytes;
	const char *then = dump_text(dump, dump->header.program, &bytes);
	ssize_t got;

	if (!dump_process_is_same(&dump->header))
		return false;
	snprintf(link, sizeof(link), "/proc/%" PRIu32 "/exe", dump->header.pid);
	got = readlink(link, now, sizeof(now) - 1);
	if (got <= 0 || bytes == 0)
		return false;
	/* " (deleted)" may stand behind it. */
	return (size_t)got < bytes || memcmp(now, then, bytes) != 0;
}

/*
 * True while anybody may write to the file, through a mapping too: a recorder
 * that we cannot see. The signal is one that does nothing, in case somebody
 * opens it while we have the lease.
 */
static bool is_written_to(int fd)
{
	if (fcntl(fd, F_SETSIG, SIGURG) < 0)
		return true;
	if (fcntl(fd, F_SETLEASE, F_RDLCK) < 0)
		return errno == EAGAIN;
	fcntl(fd, F_SETLEASE, F_UNLCK);
	return false;
}

void dump_look_at_gone(struct dump *dump, int fd)
{
	struct stat st;

	if (dump->process != DUMP_VANISHED)
		return;
	if (dump->header.process_ticks != 0 &&
	    (has_successor(&dump->header, dump->path) ||
	     is_other_program(dump)))
		dump->process = DUMP_REPLACED;
	if (fstat(fd, &st) == 0 && st.st_uid == geteuid() &&
	    (st.st_mode & 07777) == MODE_RECORDING && !is_written_to(fd))
		fchmod(fd, MODE_OPEN);
}
