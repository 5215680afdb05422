/* SPDX-License-Identifier: MIT */
/* Copying the names of generated code. */
#include "config.h"

#include "preload/record/perf_map.h"

#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/file.h"
#include "preload/record/modules.h"

#define COPY_BYTES 65536u
#define PATH_BYTES (4096u + 16u)

struct room {
	char path[PATH_BYTES];
	char bytes[COPY_BYTES];
};

/* A regular file of this user, not through a link; or negative. */
static int open_own(const char *path, int flags, uint64_t *ret_bytes)
{
	const int fd = (int)mp_sys_open(
		path, flags | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0);
	struct stat st;

	if (fd < 0)
		return fd;
	if (mp_sys_failed(mp_sys_fstat(fd, &st)) || !S_ISREG(st.st_mode) ||
	    st.st_uid != (uid_t)mp_sys3(SYS_geteuid, 0, 0, 0)) {
		mp_sys_close(fd);
		return -EPERM;
	}
	*ret_bytes = (uint64_t)st.st_size;
	return fd;
}

/* New, or in the place of an earlier copy. */
static int open_copy(const char *path)
{
	char begin[sizeof(MPF_MAP_BEGIN) - 1];
	uint64_t bytes;
	int fd = (int)mp_sys_open(
		path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

	if (fd != -EEXIST)
		return fd;
	fd = open_own(path, O_RDWR, &bytes);
	if (fd < 0)
		return fd;
	if (mp_sys_pread(fd, begin, sizeof(begin), 0) != sizeof(begin) ||
	    __builtin_memcmp(begin, MPF_MAP_BEGIN, sizeof(begin)) != 0 ||
	    mp_sys_failed(mp_sys_ftruncate(fd, 0))) {
		mp_sys_close(fd);
		return -EEXIST;
	}
	return fd;
}

static bool write_all(int fd, const char *from, size_t bytes)
{
	while (bytes > 0) {
		const long ret = mp_sys_write(fd, from, bytes);

		if (ret == -EINTR)
			continue;
		if (ret <= 0)
			return false;
		from += ret;
		bytes -= (size_t)ret;
	}
	return true;
}

/* The first line says of which recording it is, as a symbol of no bytes. */
static void copy(int to, int from, uint64_t bytes, char *buf)
{
	struct mp_text text;
	size_t used = 0;
	long ret;

	mp_text_init(&text, buf, COPY_BYTES);
	mp_text_str(&text, MPF_MAP_BEGIN);
	mp_text_dec(&text, mp_file.header->pid);
	mp_text_str(&text, " ");
	mp_text_dec(&text, mp_file.header->start_unix_ns);
	mp_text_str(&text, "\n");
	while (buf[used])
		used++;
	if (!write_all(to, buf, used))
		return;
	if (bytes > MP_PERF_MAP_MAX)
		bytes = MP_PERF_MAP_MAX;
	for (; bytes > 0; bytes -= (uint64_t)ret) {
		ret = mp_sys_read(from, buf,
				  bytes < COPY_BYTES ? bytes : COPY_BYTES);
		if (ret == -EINTR)
			ret = 0;
		else if (ret <= 0 || !write_all(to, buf, (size_t)ret))
			return;
	}
}

static void copy_beside(int from, uint64_t bytes, struct room *room)
{
	struct mp_text text;
	int to;

	mp_text_init(&text, room->path, sizeof(room->path));
	mp_text_str(&text, mp_file_path());
	mp_text_str(&text, ".map");
	to = open_copy(room->path);
	if (to < 0) {
		mp_say("cannot write ", room->path,
		       ": generated code has no names then");
		return;
	}
	copy(to, from, bytes, room->bytes);
	mp_sys_close(to);
}

void mp_perf_map_copy(void)
{
	char path[64];
	struct mp_text text;
	struct room *room;
	uint64_t bytes;
	int from;

	/* It might be killed for opening a file. */
	if (!__atomic_load_n(&mp_modules.has_guesses, __ATOMIC_RELAXED) ||
	    atomic_load(&mp_sandbox_is_on))
		return;
	mp_text_init(&text, path, sizeof(path));
	mp_text_str(&text, "/tmp/perf-");
	mp_text_dec(&text, mp_file.header->pid);
	mp_text_str(&text, ".map");
	from = open_own(path, O_RDONLY, &bytes);
	if (from < 0)
		return;
	room = mp_map_new(sizeof(*room));
	if (room) {
		copy_beside(from, bytes, room);
		mp_map_free(room, sizeof(*room));
	}
	mp_sys_close(from);
}
