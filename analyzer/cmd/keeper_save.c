/* SPDX-License-Identifier: MIT */
/* Saving what a program recorded; all that its memory says is doubted. */
#include "config.h"

#include "analyzer/cmd/keeper_save.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump.h"

#define COPY_BYTES 65536

/* Where the recorder put the link; "" when its memory does not say. */
static void read_path(int memory, const struct mpf_header *header,
		      char path[static PATH_MAX])
{
	uint64_t bytes = header->out_path.bytes;

	path[0] = '\0';
	if (bytes == 0 || bytes >= PATH_MAX ||
	    header->out_path.offset > INT64_MAX ||
	    pread(memory, path, bytes, (off_t)header->out_path.offset) !=
		    (ssize_t)bytes)
		bytes = 0;
	path[bytes] = '\0';
}

/* Nobody put anything else there, and its folder is the one we see, too. */
static bool is_our_link(int folder, const char *name, int memory)
{
	char wanted[64], link[64];
	ssize_t bytes = readlinkat(folder, name, link, sizeof(link));
	int len = snprintf(wanted, sizeof(wanted), "/proc/%ld/fd/%d",
			   (long)getpid(), memory);

	return bytes == len && memcmp(link, wanted, (size_t)len) == 0;
}

static int copy_by_hand(int from, int to, uint64_t at, uint64_t end)
{
	static char buf[COPY_BYTES];

	while (at < end) {
		size_t want = end - at < COPY_BYTES ? end - at : COPY_BYTES;
		ssize_t got = pread(from, buf, want, (off_t)at);

		if (got <= 0 || pwrite(to, buf, (size_t)got, (off_t)at) != got)
			return -1;
		at += (uint64_t)got;
	}
	return 0;
}

static int copy(int from, int to, uint64_t bytes)
{
	off_t in = 0, out = 0;

	while ((uint64_t)in < bytes) {
		ssize_t got = copy_file_range(from, &in, to, &out,
					      bytes - (uint64_t)in, 0);

		if (got <= 0)
			return copy_by_hand(from, to, (uint64_t)in, bytes);
	}
	return 0;
}

static int save_in(int folder, const char *name, int memory,
		   const struct mpf_header *header)
{
	char temporary[PATH_MAX + 32];
	int fd, status;

	if (!is_our_link(folder, name, memory))
		return 0;
	snprintf(temporary, sizeof(temporary), ".memprof-%ld-%d.tmp",
		 (long)getpid(), memory);
	fd = openat(folder, temporary,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return -1;
	status = fchmod(fd, 0600);
	if (status == 0)
		status = copy(memory, fd, header->used_bytes);
	if (status == 0)
		status = pwrite(fd, header, sizeof(*header), 0) ==
					 (ssize_t)sizeof(*header)
				 ? 0
				 : -1;
	if (close(fd) < 0)
		status = -1;
	if (status == 0 && is_our_link(folder, name, memory))
		status = renameat(folder, temporary, folder, name);
	else
		unlinkat(folder, temporary, 0);
	return status;
}

int keeper_save(int memory, bool is_replaced)
{
	struct mpf_header header;
	char path[PATH_MAX], *slash;
	struct stat st;
	int folder, status;

	/* Not yet a dump, or under a name that was taken: nothing to keep. */
	if (fstat(memory, &st) < 0 ||
	    pread(memory, &header, sizeof(header), 0) !=
		    (ssize_t)sizeof(header) ||
	    memcmp(header.magic, MPF_MAGIC, sizeof(header.magic)) != 0)
		return 0;
	if (header.used_bytes > (uint64_t)st.st_size)
		header.used_bytes = (uint64_t)st.st_size;
	if (is_replaced && header.state == MPF_RUNNING)
		header.state = MPF_EXECED;
	read_path(memory, &header, path);
	slash = strrchr(path, '/');
	if (path[0] != '/' || !slash)
		return 0;
	*slash = '\0';
	folder = open(slash == path ? "/" : path,
		      O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (folder < 0)
		return -1;
	status = save_in(folder, slash + 1, memory, &header);
	close(folder);
	return status;
}
