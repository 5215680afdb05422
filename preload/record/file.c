/* SPDX-License-Identifier: MIT */
/* The dump as a mapped file: its creation, its segments, its end. */
#include "config.h"

#include "preload/record/file.h"

#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/file_state.h"
#include "preload/record/sealed.h"

#define TEXT_SEGMENT 16384u
#define TEXT_MAX     (UINT64_C(1) << 20) /* bytes of one text */

struct mp_file mp_file;
struct mp_file_state mp_file_state;

const char *mp_file_path(void)
{
	return mp_file_state.path;
}

bool mp_file_is_sealed(void)
{
	return mp_file_state.is_sealed;
}

void mp_file_fail(enum mpf_failure failure, int err)
{
	static const char *const reasons[] = {
		[MPF_FAIL_SPACE] = "no space left for ",
		[MPF_FAIL_REOPEN] = "cannot reopen ",
		[MPF_FAIL_LIMIT] = "largest size reached by ",
		[MPF_FAIL_MEMORY] = "no memory left to record into ",
		[MPF_FAIL_FILESIZE] = "file size limit reached by ",
	};
	uint32_t *latch = &mp_file.header->failure;
	uint32_t none = MPF_FAIL_NONE;

	if (__atomic_compare_exchange_n(latch, &none, failure, false,
					__ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
		mp_file.header->failure_errno = err;
		mp_say(reasons[failure], mp_file_state.path,
		       "; totals stay exact, new call stacks are lost");
	}
}

static long create_file(const char *path)
{
	long fd = mp_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
			      MP_FILE_MODE_RECORDING);

	/* Whatever the umask. */
	if (!mp_sys_failed(fd))
		mp_sys3(SYS_fchmod, fd, MP_FILE_MODE_RECORDING, 0);
	return fd;
}

/* link: of the memory; "" when it is a file. */
long mp_file_begin(const char *path, char link[MP_KEEPER_LINK_BYTES])
{
	long fd = -ENOTSUP;

	if (mp_keeper_is_there())
		fd = mp_sealed_create(path, link);
	if (fd != -ENOTSUP)
		return fd;
	link[0] = '\0';
	return create_file(path);
}

void mp_file_begun(int fd, const struct stat *st, const char *path,
		   const char *link)
{
	size_t len = 0;

	mp_file_state.dev = st->st_dev;
	mp_file_state.ino = st->st_ino;
	mp_file_state.is_sealed = *link;
	__builtin_memcpy(mp_file_state.memory, link,
			 sizeof(mp_file_state.memory));

	while (path[len] && len < MP_FILE_PATH_BYTES - 1) {
		mp_file_state.path[len] = path[len];
		len++;
	}
	mp_file_state.path[len] = '\0';
	mp_file_extend(fd, MP_FILE_HEADROOM);
}

int mp_file_create(const char *path)
{
	struct stat st;
	uint8_t *addr;
	char link[MP_KEEPER_LINK_BYTES];
	long fd, ret;

	/* Asked first: writing beyond it would raise SIGXFSZ. */
	if (mp_file_size_limit() < MP_FILE_RESERVE_FIRST)
		return -EFBIG;
	fd = mp_file_begin(path, link);
	if (mp_sys_failed(fd))
		return (int)fd;
	ret = mp_sys_fstat((int)fd, &st);
	if (mp_sys_failed(ret))
		goto fail;
	ret = mp_file_reserve_range((int)fd, 0, MP_FILE_RESERVE_FIRST);
	if (mp_sys_failed(ret))
		goto fail;
	addr = mp_file_map_window((int)fd, 0, NULL);
	ret = (long)addr;
	if (mp_sys_failed(ret))
		goto fail;
	mp_file_state.used = MPF_HEADER_BYTES;
	mp_file_state.size = mp_file_state.reserved = MP_FILE_RESERVE_FIRST;
	mp_file_begun((int)fd, &st, path, link);
	mp_sys_close((int)fd);
	mp_file.window[0] = addr;
	mp_file.header = (struct mpf_header *)addr;
	return 0;
fail:
	mp_sys_close((int)fd);
	mp_sys3(SYS_unlink, (long)path, 0, 0);
	return (int)ret;
}

static struct mpf_segment *segment_locked(uint32_t type, uint32_t owner,
					  uint32_t elem_bytes, uint64_t first,
					  uint64_t bytes, uint64_t *ret_offset)
{
	struct mpf_segment *segment;
	uint64_t at = mp_file_state.used, end = at + bytes;
	long ret;

	/* Smaller than a window, so at most the rest of one is skipped; the
	 * gap is a segment of its own that readers pass over. */
	if (at >> MP_FILE_WINDOW_SHIFT != (end - 1) >> MP_FILE_WINDOW_SHIFT) {
		uint64_t next = (at | (MP_FILE_WINDOW - 1)) + 1;

		if (!mp_file_reserve(at + MPF_PAGE))
			return NULL;
		segment = mp_file_at(at);
		segment->magic = MPF_SEGMENT_MAGIC;
		segment->type = MPF_SEG_GAP;
		segment->bytes = next - at;
		segment->elem_bytes = 1;
		mp_file_state.used = at = next;
		end = at + bytes;
	}
	if (end > MP_FILE_WINDOW * MP_FILE_WINDOWS) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		return NULL;
	}
	ret = mp_file_map_windows(end);
	if (mp_sys_failed(ret))
		mp_file_fail(ret == -ENOMEM ? MPF_FAIL_MEMORY : MPF_FAIL_REOPEN,
			     (int)-ret);
	if (mp_sys_failed(ret) || !mp_file_reserve(end))
		return NULL;
	segment = mp_file_at(at);
	segment->magic = MPF_SEGMENT_MAGIC;
	segment->type = type;
	segment->bytes = bytes;
	segment->first = first;
	segment->owner = owner;
	segment->elem_bytes = elem_bytes;
	mp_file_state.used = end;
	__atomic_store_n(&mp_file.header->used_bytes, end, __ATOMIC_RELEASE);
	*ret_offset = at;
	return segment;
}

struct mpf_segment *mp_file_segment(uint32_t type, uint32_t owner,
				    uint32_t elem_bytes, uint64_t first,
				    uint64_t bytes, bool may_wait,
				    uint64_t *ret_offset)
{
	struct mpf_segment *segment;

	if (!mp_lock_take_if(&mp_file_state.lock, may_wait))
		return NULL;
	segment = segment_locked(type, owner, elem_bytes, first, bytes,
				 ret_offset);
	mp_lock_release(&mp_file_state.lock);
	return segment;
}

struct mpf_text mp_file_text(const void *bytes, size_t len, bool may_wait)
{
	struct mpf_text text = { 0, 0 };

	if (len == 0 || len > TEXT_MAX ||
	    !mp_lock_take_if(&mp_file_state.lock, may_wait))
		return text;
	if (mp_file_state.text_end - mp_file_state.text_at < len) {
		uint64_t at, room = TEXT_SEGMENT;

		while (room - MPF_SEGMENT_BYTES < len)
			room *= 2;
		if (!segment_locked(MPF_SEG_TEXT, 0, 1,
				    mp_file_state.text_first, room, &at))
			goto out;
		mp_file_state.text_first += room;
		mp_file_state.text_at = at + MPF_SEGMENT_BYTES;
		mp_file_state.text_end = at + room;
	}
	__builtin_memcpy(mp_file_at(mp_file_state.text_at), bytes, len);
	text.offset = mp_file_state.text_at;
	text.bytes = len;
	mp_file_state.text_at += len;
out:
	mp_lock_release(&mp_file_state.lock);
	return text;
}

long mp_file_write(int fd, const void *bytes, uint64_t count, uint64_t to)
{
	const uint8_t *from = bytes;

	while (count) {
		long ret = mp_sys_pwrite(fd, from, count, to);

		if (ret == -EINTR)
			continue;
		if (mp_sys_failed(ret))
			return ret;
		if (ret == 0)
			return -ENOSPC;
		from += ret;
		to += (uint64_t)ret;
		count -= (uint64_t)ret;
	}
	return 0;
}

void mp_file_each(void (*fn)(const struct mpf_segment *segment))
{
	uint64_t at = MPF_HEADER_BYTES;

	while (at < mp_file_state.used) {
		const struct mpf_segment *segment = mp_file_at(at);

		fn(segment);
		at += segment->bytes;
	}
}

uint64_t mp_file_offset(const void *addr)
{
	for (uint64_t w = 0; w < MP_FILE_WINDOWS && mp_file.window[w]; w++) {
		uintptr_t in = (uintptr_t)addr - (uintptr_t)mp_file.window[w];

		if (in < MP_FILE_WINDOW)
			return w << MP_FILE_WINDOW_SHIFT | in;
	}
	return 0;
}
