/* SPDX-License-Identifier: MIT */
/* The space of the dump's file: reserved before it is touched. */
#include "config.h"

#include <sys/resource.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"
#include "preload/record/file_state.h"
#include "preload/record/sealed.h"

#define RESERVE_MAX   (UINT64_C(16) << 20)
#define HEADROOM_LAST (UINT64_C(64) << 20)
#define CONFINE_TRIES 1000u
#define REFUSALS      1000u
#define ZERO_BYTES    16384u

#ifndef MADV_DONTDUMP
#define MADV_DONTDUMP 16
#endif
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Never written; what pwrite() takes zeros from. */
static const uint8_t zeros[ZERO_BYTES];

uint64_t mp_file_size_limit(void)
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
	       st.st_dev == mp_file_state.dev && st.st_ino == mp_file_state.ino;
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

	if (mp_file_state.is_sealed)
		return mp_sys_open(mp_file_state.memory, O_RDWR | O_NONBLOCK,
				   0);
	fd = mp_sys_open(mp_file_state.path, O_RDWR | flags, 0);
	if (fd != -EACCES)
		return fd;
	guard = mp_sys_open(mp_file_state.path, O_RDONLY | flags, 0);
	if (mp_sys_failed(guard))
		return guard;
	if (is_ours(guard)) {
		set_mode(guard, MP_FILE_MODE_DONE);
		fd = mp_sys_open(mp_file_state.path, O_RDWR | flags, 0);
		set_mode(guard, MP_FILE_MODE_RECORDING);
	}
	mp_sys_close((int)guard);
	return fd;
}

long mp_file_reopen(void)
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

long mp_file_reserve_range(int fd, uint64_t from, uint64_t to)
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

static void extend(int fd, uint64_t limit, uint64_t least)
{
	uint64_t ahead =
		mp_file_state.used > least ? mp_file_state.used : least;
	uint64_t want = mp_file_state.reserved + ahead;

	if (want > limit)
		want = limit;
	if (want > mp_file_state.size &&
	    !mp_sys_failed(mp_sys_ftruncate(fd, want)))
		mp_file_state.size = want;
}

void mp_file_extend(int fd, uint64_t least)
{
	extend(fd, mp_file_size_limit(), least);
}

/* Without a descriptor: the kernel allocates what a write would, but answers
 * with an error where a write would raise SIGBUS. Linux 5.14. */
static bool reserve_mapped(uint64_t to)
{
	uint64_t at = mp_file_state.reserved;

	if (to > mp_file_state.size)
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
	mp_file_state.reserved = to;
	return true;
}

/* At addr, or NULL: anywhere. Left out of what the program leaves when it
 * dumps its core, sealed memory as files are. */
void *mp_file_map_window(int fd, uint64_t window, void *addr)
{
	void *ret = mp_sys_mmap(addr, MP_FILE_WINDOW, PROT_READ | PROT_WRITE,
				MAP_SHARED | (addr ? MAP_FIXED : 0), fd,
				window << MP_FILE_WINDOW_SHIFT);

	if (!mp_sys_failed((long)ret))
		mp_sys_madvise(ret, MP_FILE_WINDOW, MADV_DONTDUMP);
	return ret;
}

/* 0, or negative errno. */
long mp_file_map_windows(uint64_t to)
{
	for (uint64_t w = 0; w << MP_FILE_WINDOW_SHIFT < to; w++) {
		void *addr;
		long fd;

		if (mp_file.window[w])
			continue;
		fd = mp_file_reopen();
		if (mp_sys_failed(fd))
			return fd;
		addr = mp_file_map_window((int)fd, w, NULL);
		mp_sys_close((int)fd);
		if (mp_sys_failed((long)addr))
			return (long)addr;
		mp_file.window[w] = addr;
	}
	return 0;
}

static bool reserve_anew(uint64_t to)
{
	uint64_t ahead = mp_file_state.used / 4, limit, want;
	long fd, ret;

	if (mp_sandbox_is_on) {
		if (reserve_mapped(to))
			return true;
		mp_file_fail(MPF_FAIL_REOPEN, EPERM);
		return false;
	}
	limit = mp_file_size_limit() & ~(uint64_t)(MPF_PAGE - 1);
	if (to > limit) {
		mp_file_fail(MPF_FAIL_FILESIZE, EFBIG);
		return false;
	}
	if (ahead < MP_FILE_RESERVE_FIRST)
		ahead = MP_FILE_RESERVE_FIRST;
	if (ahead > RESERVE_MAX)
		ahead = RESERVE_MAX;
	want = (to + ahead) & ~(uint64_t)(MPF_PAGE - 1);
	if (want > limit)
		want = limit;
	fd = mp_file_reopen();
	if (mp_sys_failed(fd)) {
		if (reserve_mapped(to))
			return true;
		mp_file_fail(MPF_FAIL_REOPEN, (int)-fd);
		return false;
	}
	ret = mp_file_reserve_range((int)fd, mp_file_state.reserved, want);
	if (mp_sys_failed(ret) && want > to) {
		want = to;
		ret = mp_file_reserve_range((int)fd, mp_file_state.reserved,
					    want);
	}
	if (!mp_sys_failed(ret)) {
		mp_file_state.reserved = want;
		if (mp_file_state.size < want)
			mp_file_state.size = want;
		extend((int)fd, limit, MP_FILE_HEADROOM);
	}
	mp_sys_close((int)fd);
	if (mp_sys_failed(ret))
		mp_file_fail(MPF_FAIL_SPACE, (int)-ret);
	return !mp_sys_failed(ret);
}

/*
 * On a full disk asking costs four system calls and an event may ask thrice, so
 * after a refusal it asks seldom.
 */
bool mp_file_reserve(uint64_t to)
{
	if (to <= mp_file_state.reserved)
		return true;
	if (mp_file_state.refusals) {
		mp_file_state.refusals--;
		return false;
	}
	if (reserve_anew(to))
		return true;
	mp_file_state.refusals = REFUSALS;
	return false;
}

void mp_file_confine(void)
{
	bool is_held = false;
	long fd;

	/* What another thread has begun with the file it must finish before;
	 * what a handler interrupted is not waited for. */
	for (unsigned i = 0; !is_held && i < CONFINE_TRIES; i++)
		is_held = mp_lock_take_soon(&mp_file_state.lock);
	fd = is_held ? mp_file_reopen() : -EAGAIN;
	if (!mp_sys_failed(fd)) {
		mp_file_extend((int)fd, HEADROOM_LAST);
		mp_sys_close((int)fd);
		mp_file_map_windows(mp_file_state.size);
	}
	mp_sandbox_is_on = true;
	if (is_held)
		mp_lock_release(&mp_file_state.lock);
}

void mp_file_trim(void)
{
	long fd;

	if (!mp_lock_try(&mp_file_state.lock))
		return;
	fd = mp_file_reopen();
	if (!mp_sys_failed(fd) && mp_file_state.is_sealed) {
		mp_sys_close((int)fd);
	} else if (mp_file_state.is_sealed && !mp_sandbox_is_on) {
		mp_sealed_rescue(mp_file_state.path, mp_file_state.used);
	} else if (!mp_sys_failed(fd)) {
		/* Lowered first: from here on growth reserves anew. */
		mp_file_state.size = mp_file_state.reserved =
			mp_file_state.used;
		mp_sys_ftruncate((int)fd, mp_file_state.used);
		set_mode(fd, MP_FILE_MODE_DONE);
		mp_sys_close((int)fd);
	}
	mp_lock_release(&mp_file_state.lock);
}
