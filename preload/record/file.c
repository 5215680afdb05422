/* SPDX-License-Identifier: MIT */
/* The dump as a mapped file: its creation, its growth, its end. */
#include "config.h"

#include "preload/record/file.h"

#include <sys/resource.h>

#include "preload/base/lock.h"
#include "preload/base/sandbox.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/keeper.h"
#include "preload/record/sealed.h"

#define PATH_BYTES    4096u
#define RESERVE_FIRST (UINT64_C(256) << 10)
#define RESERVE_MAX   (UINT64_C(16) << 20)
#define HEADROOM_MIN  (UINT64_C(1) << 20)
#define HEADROOM_LAST (UINT64_C(64) << 20)
#define CONFINE_TRIES 1000u
#define TEXT_SEGMENT  16384u
#define TEXT_MAX      (UINT64_C(1) << 20) /* bytes of one text */
#define REFUSALS      1000u
#define ZERO_BYTES    16384u

#define MODE_RECORDING 0400 /* of the file, and when it is done with */
#define MODE_OPEN      0600

#ifndef MADV_DONTDUMP
#define MADV_DONTDUMP 16
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

struct mp_file mp_file;

/* The allocator of file space. Protected by lock, private to the process: a
 * forked child has its own copy as of the fork. */
static struct {
	struct mp_lock lock;
	uint64_t used;	   /* end of the last segment */
	uint64_t reserved; /* may be touched up to here */
	uint64_t size;	   /* of the file; beyond reserved it is sparse */
	uint32_t refusals; /* requests yet to be refused without asking again */
	uint64_t text_at;  /* free text space: [text_at, text_end) */
	uint64_t text_end;
	uint64_t text_first; /* elements of text so far, for segment.first */
	dev_t dev;
	ino_t ino;
	bool is_sealed; /* memory, of which the file holds a copy */
	char memory[MP_KEEPER_LINK_BYTES]; /* how it is opened then */
	char path[PATH_BYTES];
} file;

/* Never written; what pwrite() takes zeros from. */
static const uint8_t zeros[ZERO_BYTES];

const char *mp_file_path(void)
{
	return file.path;
}

bool mp_file_is_sealed(void)
{
	return file.is_sealed;
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
		mp_say(reasons[failure], file.path,
		       "; totals stay exact, new call stacks are lost");
	}
}

/* The largest size that does not raise SIGXFSZ. */
static uint64_t size_limit(void)
{
	struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	uint64_t max = MP_FILE_WINDOW * MP_FILE_WINDOWS;

	mp_sys6(SYS_prlimit64, 0, RLIMIT_FSIZE, 0, (long)&limit, 0, 0);
	return limit.rlim_cur < max ? limit.rlim_cur : max;
}

static bool is_ours(long fd)
{
	struct stat st;

	return !mp_sys_failed(mp_sys_fstat((int)fd, &st)) &&
	       st.st_dev == file.dev && st.st_ino == file.ino;
}

static void set_mode(long fd, unsigned mode)
{
	mp_sys3(SYS_fchmod, fd, mode, 0);
}

/* While it is recorded into, not even its owner may write to the file without
 * more ado: cutting it would kill the program. Root may. */
static long open_to_write(void)
{
	const int flags = O_NONBLOCK | O_NOFOLLOW;
	long fd, guard;

	if (file.is_sealed)
		return mp_sys_open(file.memory, O_RDWR | O_NONBLOCK, 0);
	fd = mp_sys_open(file.path, O_RDWR | flags, 0);
	if (fd != -EACCES)
		return fd;
	guard = mp_sys_open(file.path, O_RDONLY | flags, 0);
	if (mp_sys_failed(guard))
		return guard;
	if (is_ours(guard)) {
		set_mode(guard, MODE_OPEN);
		fd = mp_sys_open(file.path, O_RDWR | flags, 0);
		set_mode(guard, MODE_RECORDING);
	}
	mp_sys_close((int)guard);
	return fd;
}

/* Opens our file again and makes sure that it is ours. */
static long reopen(void)
{
	long fd;

	if (mp_sandbox_is_on)
		return -EPERM;
	fd = mp_sys_above_standard(open_to_write());
	if (mp_sys_failed(fd))
		return fd;
	if (is_ours(fd))
		return fd;
	mp_sys_close((int)fd);
	return -ESTALE;
}

/*
 * A file system that gives up at a signal begins anew each time (tmpfs does):
 * under a fast timer it would never finish, so signals wait.
 */
static long allocate_range(int fd, uint64_t from, uint64_t to)
{
	uint64_t before = mp_sys_block_signals();
	long ret;

	do {
		ret = mp_sys_fallocate(fd, 0, from, to - from);
	} while (ret == -EINTR);
	mp_sys_restore_signals(before);
	return ret;
}

/* Makes [from, to) of the file safe to touch: blocks exist for it. */
static long reserve_range(int fd, uint64_t from, uint64_t to)
{
	long ret = allocate_range(fd, from, to);

	if (ret != -EOPNOTSUPP && ret != -ENOSYS)
		return ret;
	/* Not every file system can; written blocks exist as well. */
	while (from < to) {
		uint64_t n = to - from < ZERO_BYTES ? to - from : ZERO_BYTES;

		ret = mp_sys_pwrite(fd, zeros, n, from);
		if (ret == -EINTR)
			continue;
		if (mp_sys_failed(ret))
			return ret;
		if (ret == 0)
			return -ENOSPC;
		from += (uint64_t)ret;
	}
	return 0;
}

/* Sparse room behind the reserved space, for when reopen() fails later. */
static void extend_headroom(int fd, uint64_t limit, uint64_t least)
{
	uint64_t ahead = file.used > least ? file.used : least;
	uint64_t want = file.reserved + ahead;

	if (want > limit)
		want = limit;
	if (want > file.size && !mp_sys_failed(mp_sys_ftruncate(fd, want)))
		file.size = want;
}

/* Without a descriptor: the kernel allocates what a write would, but answers
 * with an error where a write would raise SIGBUS. Linux 5.14. */
static bool reserve_mapped(uint64_t to)
{
	uint64_t at = file.reserved;

	if (to > file.size)
		return false;
	while (at < to) {
		uint64_t end = (at | (MP_FILE_WINDOW - 1)) + 1;

		if (end > to)
			end = to;
		if (!mp_file.window[at >> MP_FILE_WINDOW_SHIFT] ||
		    mp_sys_failed(mp_sys_madvise(mp_file_at(at), end - at,
						 MADV_POPULATE_WRITE)))
			return false;
		at = end;
	}
	file.reserved = to;
	return true;
}

/* At addr, or NULL: anywhere. Left out of what the program leaves when it
 * dumps its core, sealed memory as files are. */
static void *map_window(int fd, uint64_t window, void *addr)
{
	void *ret = mp_sys_mmap(addr, MP_FILE_WINDOW, PROT_READ | PROT_WRITE,
				MAP_SHARED | (addr ? MAP_FIXED : 0), fd,
				window << MP_FILE_WINDOW_SHIFT);

	if (!mp_sys_failed((long)ret))
		mp_sys_madvise(ret, MP_FILE_WINDOW, MADV_DONTDUMP);
	return ret;
}

/* 0, or negative errno. */
static long map_windows(uint64_t to)
{
	for (uint64_t w = 0; w << MP_FILE_WINDOW_SHIFT < to; w++) {
		void *addr;
		long fd;

		if (mp_file.window[w])
			continue;
		fd = reopen();
		if (mp_sys_failed(fd))
			return fd;
		addr = map_window((int)fd, w, NULL);
		mp_sys_close((int)fd);
		if (mp_sys_failed((long)addr))
			return (long)addr;
		mp_file.window[w] = addr;
	}
	return 0;
}

static bool reserve_anew(uint64_t to)
{
	uint64_t ahead = file.used / 4, limit, want;
	long fd, ret;

	if (mp_sandbox_is_on) {
		if (reserve_mapped(to))
			return true;
		mp_file_fail(MPF_FAIL_REOPEN, EPERM);
		return false;
	}
	limit = size_limit() & ~(uint64_t)(MPF_PAGE - 1);
	if (to > limit) {
		mp_file_fail(MPF_FAIL_FILESIZE, EFBIG);
		return false;
	}
	if (ahead < RESERVE_FIRST)
		ahead = RESERVE_FIRST;
	if (ahead > RESERVE_MAX)
		ahead = RESERVE_MAX;
	want = (to + ahead) & ~(uint64_t)(MPF_PAGE - 1);
	if (want > limit)
		want = limit;
	fd = reopen();
	if (mp_sys_failed(fd)) {
		if (reserve_mapped(to))
			return true;
		mp_file_fail(MPF_FAIL_REOPEN, (int)-fd);
		return false;
	}
	ret = reserve_range((int)fd, file.reserved, want);
	if (mp_sys_failed(ret) && want > to) {
		want = to;
		ret = reserve_range((int)fd, file.reserved, want);
	}
	if (!mp_sys_failed(ret)) {
		file.reserved = want;
		if (file.size < want)
			file.size = want;
		extend_headroom((int)fd, limit, HEADROOM_MIN);
	}
	mp_sys_close((int)fd);
	if (mp_sys_failed(ret))
		mp_file_fail(MPF_FAIL_SPACE, (int)-ret);
	return !mp_sys_failed(ret);
}

/*
 * Lock held. Makes the file safe to touch up to the offset to. On a full disk
 * asking costs four system calls and an event may ask thrice, so after a
 * refusal it asks seldom.
 */
static bool reserve(uint64_t to)
{
	if (to <= file.reserved)
		return true;
	if (file.refusals) {
		file.refusals--;
		return false;
	}
	if (reserve_anew(to))
		return true;
	file.refusals = REFUSALS;
	return false;
}

static long create_file(const char *path)
{
	long fd = mp_sys_open(path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW,
			      MODE_RECORDING);

	/* Whatever the umask. */
	if (!mp_sys_failed(fd))
		set_mode(fd, MODE_RECORDING);
	return fd;
}

/* link: of the memory; "" when it is a file. */
static long create(const char *path, char link[MP_KEEPER_LINK_BYTES])
{
	long fd = -ENOTSUP;

	if (mp_keeper_is_there())
		fd = mp_sealed_create(path, link);
	if (fd != -ENOTSUP)
		return fd;
	link[0] = '\0';
	return create_file(path);
}

static void set_path(const char *path, const char *link)
{
	size_t len = 0;

	file.is_sealed = *link;
	__builtin_memcpy(file.memory, link, sizeof(file.memory));

	while (path[len] && len < PATH_BYTES - 1) {
		file.path[len] = path[len];
		len++;
	}
	file.path[len] = '\0';
}

int mp_file_create(const char *path)
{
	struct stat st;
	uint8_t *addr;
	char link[MP_KEEPER_LINK_BYTES];
	long fd, ret;

	/* Asked first: writing beyond it would raise SIGXFSZ. */
	if (size_limit() < RESERVE_FIRST)
		return -EFBIG;
	fd = create(path, link);
	if (mp_sys_failed(fd))
		return (int)fd;
	ret = mp_sys_fstat((int)fd, &st);
	if (mp_sys_failed(ret))
		goto fail;
	ret = reserve_range((int)fd, 0, RESERVE_FIRST);
	if (mp_sys_failed(ret))
		goto fail;
	addr = map_window((int)fd, 0, NULL);
	ret = (long)addr;
	if (mp_sys_failed(ret))
		goto fail;
	file.used = MPF_HEADER_BYTES;
	file.size = file.reserved = RESERVE_FIRST;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	set_path(path, link);
	extend_headroom((int)fd, size_limit(), HEADROOM_MIN);
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
	uint64_t at = file.used, end = at + bytes;
	long ret;

	/* Smaller than a window, so at most the rest of one is skipped; the
	 * gap is a segment of its own that readers pass over. */
	if (at >> MP_FILE_WINDOW_SHIFT != (end - 1) >> MP_FILE_WINDOW_SHIFT) {
		uint64_t next = (at | (MP_FILE_WINDOW - 1)) + 1;

		if (!reserve(at + MPF_PAGE))
			return NULL;
		segment = mp_file_at(at);
		segment->magic = MPF_SEGMENT_MAGIC;
		segment->type = MPF_SEG_GAP;
		segment->bytes = next - at;
		segment->elem_bytes = 1;
		file.used = at = next;
		end = at + bytes;
	}
	if (end > MP_FILE_WINDOW * MP_FILE_WINDOWS) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		return NULL;
	}
	ret = map_windows(end);
	if (mp_sys_failed(ret))
		mp_file_fail(ret == -ENOMEM ? MPF_FAIL_MEMORY : MPF_FAIL_REOPEN,
			     (int)-ret);
	if (mp_sys_failed(ret) || !reserve(end))
		return NULL;
	segment = mp_file_at(at);
	segment->magic = MPF_SEGMENT_MAGIC;
	segment->type = type;
	segment->bytes = bytes;
	segment->first = first;
	segment->owner = owner;
	segment->elem_bytes = elem_bytes;
	file.used = end;
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

	if (!mp_lock_take_if(&file.lock, may_wait))
		return NULL;
	segment = segment_locked(type, owner, elem_bytes, first, bytes,
				 ret_offset);
	mp_lock_release(&file.lock);
	return segment;
}

struct mpf_text mp_file_text(const void *bytes, size_t len, bool may_wait)
{
	struct mpf_text text = { 0, 0 };

	if (len == 0 || len > TEXT_MAX ||
	    !mp_lock_take_if(&file.lock, may_wait))
		return text;
	if (file.text_end - file.text_at < len) {
		uint64_t at, room = TEXT_SEGMENT;

		while (room - MPF_SEGMENT_BYTES < len)
			room *= 2;
		if (!segment_locked(MPF_SEG_TEXT, 0, 1, file.text_first, room,
				    &at))
			goto out;
		file.text_first += room;
		file.text_at = at + MPF_SEGMENT_BYTES;
		file.text_end = at + room;
	}
	__builtin_memcpy(mp_file_at(file.text_at), bytes, len);
	text.offset = file.text_at;
	text.bytes = len;
	file.text_at += len;
out:
	mp_lock_release(&file.lock);
	return text;
}

void mp_file_confine(void)
{
	bool is_held = false;
	long fd;

	/* What another thread has begun with the file it must finish before;
	 * what a handler interrupted is not waited for. */
	for (unsigned i = 0; !is_held && i < CONFINE_TRIES; i++)
		is_held = mp_lock_take_soon(&file.lock);
	fd = is_held ? reopen() : -EAGAIN;
	if (!mp_sys_failed(fd)) {
		extend_headroom((int)fd, size_limit(), HEADROOM_LAST);
		mp_sys_close((int)fd);
		map_windows(file.size);
	}
	mp_sandbox_is_on = true;
	if (is_held)
		mp_lock_release(&file.lock);
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

void mp_file_trim(void)
{
	long fd;

	if (!mp_lock_try(&file.lock))
		return;
	fd = reopen();
	if (!mp_sys_failed(fd) && file.is_sealed) {
		mp_sys_close((int)fd);
	} else if (file.is_sealed && !mp_sandbox_is_on) {
		mp_sealed_rescue(file.path, file.used);
	} else if (!mp_sys_failed(fd)) {
		/* Lowered first: from here on growth reserves anew. */
		file.size = file.reserved = file.used;
		mp_sys_ftruncate((int)fd, file.used);
		set_mode(fd, MODE_OPEN);
		mp_sys_close((int)fd);
	}
	mp_lock_release(&file.lock);
}

/* Counters, timeline and verdicts are the parent's: their space becomes a gap,
 * because what lies behind must stay where our pointers expect it. */
static long copy_segment(int fd, const struct mpf_segment *segment, uint64_t at)
{
	struct mpf_segment gap = { .magic = MPF_SEGMENT_MAGIC,
				   .type = MPF_SEG_GAP,
				   .bytes = segment->bytes,
				   .elem_bytes = 1 };

	if (segment->type != MPF_SEG_TEXT && segment->type != MPF_SEG_NODES &&
	    segment->type != MPF_SEG_MODULES && segment->type != MPF_SEG_CODES)
		return mp_file_write(fd, &gap, sizeof(gap), at);
	return mp_file_write(fd, segment, segment->bytes, at);
}

static long copy_segments(int fd)
{
	uint64_t at = MPF_HEADER_BYTES;
	long ret;

	ret = mp_file_write(fd, mp_file_at(0), MPF_HEADER_BYTES, 0);
	while (!mp_sys_failed(ret) && at < file.used) {
		const struct mpf_segment *segment = mp_file_at(at);

		ret = copy_segment(fd, segment, at);
		at += segment->bytes;
	}
	return ret;
}

/*
 * Our private bookkeeping may be older than the parent's other pages that came
 * along, see mp_stacks_forked(); the shared header is newer than all of them.
 * A window that only the parent has mapped meanwhile is left to it.
 */
static void adopt_used(void)
{
	uint64_t used =
		__atomic_load_n(&mp_file.header->used_bytes, __ATOMIC_ACQUIRE);

	while (file.used < used &&
	       mp_file.window[file.used >> MP_FILE_WINDOW_SHIFT]) {
		const struct mpf_segment *segment = mp_file_at(file.used);

		file.used += segment->bytes;
	}
	file.text_at = file.text_end = 0;
	file.text_first = 0;
}

static void count_text(const struct mpf_segment *segment)
{
	if (segment->type == MPF_SEG_TEXT)
		file.text_first += segment->bytes;
}

void mp_file_each(void (*fn)(const struct mpf_segment *segment))
{
	uint64_t at = MPF_HEADER_BYTES;

	while (at < file.used) {
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

/* Past the first replaced window there is no way back; mapping over an
 * existing mapping of the same size fails only without memory. */
static long replace_windows(int fd)
{
	for (uint64_t w = 0; w < MP_FILE_WINDOWS && mp_file.window[w]; w++) {
		long ret = (long)map_window(fd, w, mp_file.window[w]);

		if (mp_sys_failed(ret))
			return ret;
	}
	return 0;
}

int mp_file_fork(const char *path)
{
	struct stat st;
	char link[MP_KEEPER_LINK_BYTES];
	long fd, ret;

	mp_lock_reset(&file.lock);
	adopt_used();
	if (size_limit() < file.used)
		return -EFBIG;
	fd = create(path, link);
	if (mp_sys_failed(fd))
		return (int)fd;
	ret = mp_sys_fstat((int)fd, &st);
	if (!mp_sys_failed(ret))
		ret = reserve_range((int)fd, 0, file.used);
	if (!mp_sys_failed(ret))
		ret = copy_segments((int)fd);
	if (!mp_sys_failed(ret))
		ret = replace_windows((int)fd);
	if (mp_sys_failed(ret)) {
		mp_sys_close((int)fd);
		mp_sys3(SYS_unlink, (long)path, 0, 0);
		return (int)ret;
	}
	file.size = file.reserved = file.used;
	file.refusals = 0;
	file.dev = st.st_dev;
	file.ino = st.st_ino;
	set_path(path, link);
	extend_headroom((int)fd, size_limit(), HEADROOM_MIN);
	mp_sys_close((int)fd);
	mp_file.header->used_bytes = file.used;
	mp_file_each(count_text);
	return 0;
}
