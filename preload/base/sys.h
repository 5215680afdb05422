/* SPDX-License-Identifier: MIT */
/*
 * System calls without libc: nothing here touches errno, is a cancellation
 * point, allocates or can be interposed. Results are those of the kernel:
 * negative errno on failure.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_BASE_SYS_H
#define MEMPROF_PRELOAD_BASE_SYS_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>

static inline long mp_sys6(long n, long a, long b, long c, long d, long e,
			   long f)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8),
			   "r"(r9)
			 : "rcx", "r11", "memory");
	return ret;
}

static inline long mp_sys3(long n, long a, long b, long c)
{
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "a"(n), "D"(a), "S"(b), "d"(c)
			 : "rcx", "r11", "memory");
	return ret;
}

/* True for the return value of a failed call, mmap's included. */
static inline bool mp_sys_failed(long ret)
{
	return (unsigned long)ret > -4096UL;
}

static inline void *mp_sys_mmap(void *addr, size_t bytes, int prot, int flags,
				int fd, uint64_t offset)
{
	return (void *)mp_sys6(SYS_mmap, (long)addr, (long)bytes, prot, flags,
			       fd, (long)offset);
}

static inline long mp_sys_munmap(void *addr, size_t bytes)
{
	return mp_sys3(SYS_munmap, (long)addr, (long)bytes, 0);
}

static inline long mp_sys_madvise(void *addr, size_t bytes, int advice)
{
	return mp_sys3(SYS_madvise, (long)addr, (long)bytes, advice);
}

static inline long mp_sys_open(const char *path, int flags, unsigned mode)
{
	return mp_sys6(SYS_openat, AT_FDCWD, (long)path, flags | O_CLOEXEC,
		       (long)mode, 0, 0);
}

static inline long mp_sys_close(int fd)
{
	return mp_sys3(SYS_close, fd, 0, 0);
}

/* fd, or where it is one of the three that programs write to without opening
 * them, a copy of it that is not. */
static inline long mp_sys_above_standard(long fd)
{
	long high;

	if (fd < 0 || fd > 2)
		return fd;
	high = mp_sys3(SYS_fcntl, fd, F_DUPFD_CLOEXEC, 3);
	mp_sys_close((int)fd);
	return high;
}

static inline long mp_sys_read(int fd, void *buf, size_t bytes)
{
	return mp_sys3(SYS_read, fd, (long)buf, (long)bytes);
}

static inline long mp_sys_write(int fd, const void *buf, size_t bytes)
{
	return mp_sys3(SYS_write, fd, (long)buf, (long)bytes);
}

static inline long mp_sys_pread(int fd, void *buf, size_t bytes,
				uint64_t offset)
{
	return mp_sys6(SYS_pread64, fd, (long)buf, (long)bytes, (long)offset, 0,
		       0);
}

static inline long mp_sys_pwrite(int fd, const void *buf, size_t bytes,
				 uint64_t offset)
{
	return mp_sys6(SYS_pwrite64, fd, (long)buf, (long)bytes, (long)offset,
		       0, 0);
}

static inline long mp_sys_fallocate(int fd, int mode, uint64_t offset,
				    uint64_t bytes)
{
	return mp_sys6(SYS_fallocate, fd, mode, (long)offset, (long)bytes, 0,
		       0);
}

#define MP_SYS_SIGSET_BYTES 8 /* of the kernel's signal sets */

/* Blocks every signal that can be; the mask there was, to restore. */
static inline uint64_t mp_sys_block_signals(void)
{
	const uint64_t all = ~UINT64_C(0);
	uint64_t before = 0;

	mp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&all, (long)&before,
		MP_SYS_SIGSET_BYTES, 0, 0);
	return before;
}

static inline void mp_sys_restore_signals(uint64_t before)
{
	mp_sys6(SYS_rt_sigprocmask, SIG_SETMASK, (long)&before, 0,
		MP_SYS_SIGSET_BYTES, 0, 0);
}

static inline long mp_sys_ftruncate(int fd, uint64_t bytes)
{
	return mp_sys3(SYS_ftruncate, fd, (long)bytes, 0);
}

static inline long mp_sys_fstat(int fd, struct stat *ret_st)
{
	return mp_sys3(SYS_fstat, fd, (long)ret_st, 0);
}

static inline long mp_sys_stat(const char *path, struct stat *ret_st)
{
	return mp_sys3(SYS_stat, (long)path, (long)ret_st, 0);
}

static inline long mp_sys_readlink(const char *path, char *buf, size_t bytes)
{
	return mp_sys3(SYS_readlink, (long)path, (long)buf, (long)bytes);
}

static inline uint32_t mp_sys_getpid(void)
{
	return (uint32_t)mp_sys3(SYS_getpid, 0, 0, 0);
}

static inline uint32_t mp_sys_gettid(void)
{
	return (uint32_t)mp_sys3(SYS_gettid, 0, 0, 0);
}

/* Nanoseconds of CLOCK_MONOTONIC or CLOCK_REALTIME; a real system call. */
static inline uint64_t mp_sys_clock_ns(clockid_t clock)
{
	struct timespec ts = { 0, 0 };

	mp_sys3(SYS_clock_gettime, clock, (long)&ts, 0);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

#endif
