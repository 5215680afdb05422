/* SPDX-License-Identifier: MIT */
/* Asks a running process for a snapshot. */
#include "config.h"

#include "analyzer/model/request.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "analyzer/model/sealed.h"

#define POLL_NS UINT64_C(2000000)

/* Maps the header of what may be a dump of the process. Takes fd over. */
static enum request_code take_dump(struct request *request, int fd, pid_t pid)
{
	struct mpf_header *header;
	struct stat st;

	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    st.st_size < (off_t)sizeof(*header)) {
		close(fd);
		return REQUEST_NO_DUMP;
	}
	header = mmap(NULL, sizeof(*header), PROT_READ | PROT_WRITE, MAP_SHARED,
		      fd, 0);
	if (header == MAP_FAILED) {
		close(fd);
		return REQUEST_MEMORY;
	}
	if (memcmp(header->magic, MPF_MAGIC, sizeof(header->magic)) != 0 ||
	    header->version != MPF_VERSION || header->pid != (uint32_t)pid) {
		munmap(header, sizeof(*header));
		close(fd);
		return REQUEST_NO_DUMP;
	}
	request->fd = fd;
	request->header = header;
	return REQUEST_OK;
}

static enum request_code open_file(struct request *request, const char *path,
				   pid_t pid)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	enum request_code code;

	if (fd < 0)
		return errno == ENOENT ? REQUEST_NO_DUMP : REQUEST_DENIED;
	code = take_dump(request, fd, pid);
	if (code == REQUEST_OK)
		request->path = strdup(path);
	return code == REQUEST_OK && !request->path ? REQUEST_MEMORY : code;
}

/* Where a process was that records into memory: the dump's path. */
static enum request_code open_memory(struct request *request, pid_t pid)
{
	const struct mpf_text *path;
	enum request_code code;
	char proc[64];
	struct stat st;
	int fd;

	snprintf(proc, sizeof(proc), "/proc/%" PRIdMAX, (intmax_t)pid);
	if (stat(proc, &st) < 0)
		return REQUEST_NO_DUMP;
	fd = sealed_open((uint32_t)pid, 0, st.st_uid, O_RDWR);
	if (fd < 0)
		return REQUEST_NO_DUMP;
	code = take_dump(request, fd, pid);
	if (code != REQUEST_OK)
		return code;
	path = &request->header->out_path;
	if (path->bytes == 0 || path->bytes >= PATH_MAX ||
	    path->offset > INT64_MAX)
		return REQUEST_NO_DUMP;
	request->path = calloc(1, PATH_MAX);
	if (!request->path)
		return REQUEST_MEMORY;
	return pread(fd, request->path, path->bytes, (off_t)path->offset) ==
			       (ssize_t)path->bytes
		       ? REQUEST_OK
		       : REQUEST_NO_DUMP;
}

/* What may be a dump of the process. */
static enum request_code open_dump(struct request *request, const char *path,
				   pid_t pid)
{
	return strcmp(path, SEALED_MAPPING) == 0
		       ? open_memory(request, pid)
		       : open_file(request, path, pid);
}

/* The path of a line of /proc/PID/maps that maps a file shared, for writing,
 * from its beginning; NULL. */
static char *shared_path(char *line)
{
	char *at = strchr(line, ' ');

	if (!at || strncmp(at, " rw-s 00000000 ", 15) != 0)
		return NULL;
	at = strchr(at, '/');
	if (at)
		at[strcspn(at, "\n")] = '\0';
	return at;
}

enum request_code request_open(struct request *ret_request, pid_t pid)
{
	enum request_code ret = REQUEST_NO_DUMP, code;
	char maps[64], *line = NULL, *path;
	size_t size = 0;
	FILE *file;

	*ret_request = (struct request) { .fd = -1 };
	if (kill(pid, 0) < 0 && errno == ESRCH)
		return REQUEST_NO_PROCESS;
	snprintf(maps, sizeof(maps), "/proc/%" PRIdMAX "/maps", (intmax_t)pid);
	file = fopen(maps, "re");
	if (!file)
		return errno == ENOENT ? REQUEST_NO_PROCESS : REQUEST_NO_DUMP;
	while (ret != REQUEST_OK && getline(&line, &size, file) > 0) {
		path = shared_path(line);
		code = path ? open_dump(ret_request, path, pid)
			    : REQUEST_NO_DUMP;
		if (code != REQUEST_NO_DUMP)
			ret = code;
	}
	free(line);
	fclose(file);
	if (ret != REQUEST_OK)
		return ret;
	if (!(ret_request->header->mode & MPF_MODE_TIMELINE))
		return REQUEST_NO_TIMELINE;
	return ret_request->header->state == MPF_RUNNING ? REQUEST_OK
							 : REQUEST_ENDED;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static bool is_served(const struct mpf_header *header, uint32_t number)
{
	return __atomic_load_n(&header->snapshot_served, __ATOMIC_ACQUIRE) ==
	       number;
}

static bool wait_for(const struct mpf_header *header, uint32_t number,
		     uint64_t timeout_ns)
{
	const struct timespec pause = { 0, POLL_NS };
	const uint64_t begun = now_ns();

	while (!is_served(header, number)) {
		if (now_ns() - begun >= timeout_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	return true;
}

bool request_post(struct request *request, pid_t pid, const char *name,
		  uint64_t timeout_ns)
{
	const struct timespec pause = { 0, POLL_NS };
	const uint64_t begun = now_ns();
	struct mpf_header *header = request->header;
	uint32_t last;

	while (flock(request->fd, LOCK_EX | LOCK_NB) < 0) {
		if (now_ns() - begun >= timeout_ns)
			return false;
		nanosleep(&pause, NULL);
	}
	last = __atomic_load_n(&header->snapshot_wanted, __ATOMIC_RELAXED);
	/* Its name would be lost. */
	if (!wait_for(header, last, timeout_ns))
		return false;
	request->lost_before = header->moments_lost;
	memset(header->snapshot_name, 0, sizeof(header->snapshot_name));
	memcpy(header->snapshot_name, name,
	       strnlen(name, sizeof(header->snapshot_name) - 1));
	request->number = last + 1;
	__atomic_store_n(&header->snapshot_wanted, last + 1, __ATOMIC_RELEASE);
	if (header->snapshot_signal)
		kill(pid, (int)header->snapshot_signal);
	return true;
}

bool request_wait(const struct request *request, uint64_t timeout_ns)
{
	return wait_for(request->header, request->number, timeout_ns);
}

bool request_is_lost(const struct request *request)
{
	return request->header->moments_lost != request->lost_before;
}

void request_close(struct request *request)
{
	if (request->header)
		munmap(request->header, sizeof(*request->header));
	if (request->fd >= 0)
		close(request->fd);
	free(request->path);
	*request = (struct request) { .fd = -1 };
}
