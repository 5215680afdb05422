/* SPDX-License-Identifier: MIT */
/* The other threads of the process: stopped for a moment. */
#include "config.h"

#include "preload/leak/stop.h"

#include <elf.h>
#include <linux/futex.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>

#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/record/blocks.h"

#define ROUNDS	      30u
#define STOP_LIMIT_NS UINT64_C(2000000000) /* for all threads together */
#define HOLD_LIMIT_NS UINT64_C(30000000000)
#define PAUSE_NS      20000

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

enum { NEW = 0, WORKING = 1, STOPPED = 2, RELEASED = 3 };

struct directory_entry { /* as getdents64 gives them */
	uint64_t inode;
	int64_t offset;
	uint16_t bytes;
	uint8_t type;
	char name[];
};

static long trace(long request, uint32_t tid, long addr, long data)
{
	return mp_sys6(SYS_ptrace, request, tid, addr, data, 0, 0);
}

static void path_of(struct mp_text *text, char *buf, size_t size,
		    const struct mp_stop *stop, uint32_t tid, const char *file)
{
	mp_text_init(text, buf, size);
	mp_text_str(text, "/proc/");
	mp_text_dec(text, stop->pid);
	mp_text_str(text, "/task");
	if (!tid)
		return;
	mp_text_str(text, "/");
	mp_text_dec(text, tid);
	mp_text_str(text, file);
}

/* The text of a thread's file under /proc, terminated. */
static long read_task(const struct mp_stop *stop, uint32_t tid,
		      const char *file, char *buf, size_t size)
{
	struct mp_text text;
	char path[64];
	long fd, got;

	path_of(&text, path, sizeof(path), stop, tid, file);
	fd = mp_sys_open(path, O_RDONLY, 0);
	if (mp_sys_failed(fd))
		return fd;
	got = mp_sys_read((int)fd, buf, size - 1);
	mp_sys_close((int)fd);
	buf[mp_sys_failed(got) ? 0 : got] = '\0';
	return got;
}

static bool is_dead(const struct mp_stop *stop, uint32_t tid)
{
	char buf[256], state = '\0';

	if (mp_sys_failed(read_task(stop, tid, "/stat", buf, sizeof(buf))))
		return true;
	for (const char *p = buf; *p; p++)
		if (*p == ')' && p[1] == ' ')
			state = p[2];
	return state == 'Z' || state == 'X';
}

/*
 * What the kernel shows of a thread that waits in a system call: its number,
 * six arguments, the stack pointer and the pc; of one that runs only that.
 */
static void read_unstopped(const struct mp_stop *stop,
			   struct mp_stop_thread *thread)
{
	uint64_t value = 0;
	unsigned field = 0;
	char buf[256];

	if (mp_sys_failed(read_task(stop, thread->tid, "/syscall", buf,
				    sizeof(buf))) ||
	    buf[0] < '0' || buf[0] > '9')
		return;
	for (const char *p = buf;; p++) {
		if (*p == ' ' || *p == '\n' || *p == '\0') {
			if (field >= 1 && field <= 6)
				thread->registers[thread->register_count++] =
					value;
			else if (field == 7)
				thread->sp = value;
			if (*p != ' ')
				break;
			field++;
			value = 0;
		} else if (*p >= '0' && *p <= '9') {
			value = value << 4 | (uint64_t)(*p - '0');
		} else if (*p >= 'a' && *p <= 'f') {
			value = value << 4 | (uint64_t)(*p - 'a' + 10);
		} else {
			value = 0; /* the x of 0x */
		}
	}
}

/*
 * Vector registers, and what else the processor saves with them. Of all these
 * words those are kept that can be addresses. False: they are not known.
 */
static bool read_vectors(struct mp_stop *stop, struct mp_stop_thread *thread)
{
	struct iovec into = { stop->state, sizeof(stop->state) };
	long ret = trace(PTRACE_GETREGSET, thread->tid, NT_X86_XSTATE,
			 (long)&into);

	/* Of a processor without the larger ones. */
	if (mp_sys_failed(ret))
		ret = trace(PTRACE_GETREGSET, thread->tid, NT_PRFPREG,
			    (long)&into);
	if (mp_sys_failed(ret))
		return false;
	thread->vector_first = stop->vector_count;
	for (size_t i = 0; i < into.iov_len / sizeof(uint64_t); i++) {
		uint64_t word = stop->state[i];

		if (word < MPF_PAGE || word >> MP_BLOCKS_ADDRESS_BITS)
			continue;
		if (stop->vector_count == MP_STOP_VECTORS)
			return false;
		stop->vectors[stop->vector_count++] = word;
		thread->vector_count++;
	}
	return true;
}

static void read_registers(struct mp_stop *stop, struct mp_stop_thread *thread)
{
	struct user_regs_struct regs;
	struct iovec into = { &regs, sizeof(regs) };

	if (mp_sys_failed(trace(PTRACE_GETREGSET, thread->tid, NT_PRSTATUS,
				(long)&into)))
		return;
	const uint64_t values[] = { regs.rax, regs.rbx, regs.rcx, regs.rdx,
				    regs.rsi, regs.rdi, regs.rbp, regs.r8,
				    regs.r9,  regs.r10, regs.r11, regs.r12,
				    regs.r13, regs.r14, regs.r15 };

	thread->register_count = sizeof(values) / sizeof(values[0]);
	__builtin_memcpy(thread->registers, values, sizeof(values));
	thread->sp = regs.rsp;
	thread->tls = regs.fs_base;
	thread->is_seen = read_vectors(stop, thread);
}

static void read_name(const struct mp_stop *stop, struct mp_stop_thread *thread)
{
	char *name = thread->name;

	if (mp_sys_failed(read_task(stop, thread->tid, "/comm", name,
				    sizeof(thread->name))))
		return;
	for (size_t i = 0; i < sizeof(thread->name); i++)
		if (name[i] == '\n')
			name[i] = '\0';
}

/* Waits until a thread that was told to stop does. */
static void await(struct mp_stop *stop, struct mp_stop_thread *thread,
		  uint64_t until_ns)
{
	const struct timespec pause = { 0, PAUSE_NS };
	int status = 0;
	long ret;

	for (;;) {
		ret = mp_sys6(SYS_wait4, thread->tid, (long)&status,
			      __WALL | WNOHANG, 0, 0, 0);
		if (ret == (long)thread->tid)
			break;
		if (mp_sys_failed(ret) ||
		    mp_sys_clock_ns(CLOCK_MONOTONIC) > until_ns)
			return;
		mp_sys3(SYS_nanosleep, (long)&pause, 0, 0);
	}
	if (!WIFSTOPPED(status)) {
		thread->tid = 0; /* gone */
		return;
	}
	thread->is_stopped = true;
	/* A signal arrived first: it is delivered when the thread goes on. */
	if (status >> 16 == 0)
		thread->signal = WSTOPSIG(status);
	read_registers(stop, thread);
}

/* The list has them in the order in which they are added, more or less; the
 * others wait while there are many. */
static bool is_known(struct mp_stop *stop, uint32_t tid)
{
	if (tid == stop->tid)
		return true;
	if (tid > stop->greatest)
		return false;
	if (stop->expected < stop->count &&
	    stop->threads[stop->expected].tid == tid) {
		stop->expected++;
		return true;
	}
	for (uint32_t i = 0; i < stop->count; i++)
		if (stop->threads[i].tid == tid)
			return true;
	return false;
}

static bool add(struct mp_stop *stop, uint32_t tid, bool *ret_may_stop)
{
	struct mp_stop_thread *thread;
	long ret;

	if (is_dead(stop, tid) || stop->count == MP_STOP_THREADS)
		return false;
	thread = &stop->threads[stop->count];
	thread->tid = tid;
	ret = *ret_may_stop ? trace(PTRACE_SEIZE, tid, 0, 0) : -EPERM;
	if (ret == -ESRCH)
		return false;
	stop->count++;
	if (tid > stop->greatest)
		stop->greatest = tid;
	read_name(stop, thread);
	if (mp_sys_failed(ret) ||
	    mp_sys_failed(trace(PTRACE_INTERRUPT, tid, 0, 0))) {
		read_unstopped(stop, thread);
		return true;
	}
	thread->signal = -1; /* to be waited for */
	return true;
}

/* One look at the list of threads; how many are new, or a negative errno. */
static long look(struct mp_stop *stop, long fd)
{
	_Alignas(8) char buf[1024];
	bool may_stop = true;
	long found = 0, got;

	mp_sys3(SYS_lseek, fd, 0, SEEK_SET);
	stop->expected = 0;
	while ((got = mp_sys3(SYS_getdents64, fd, (long)buf, sizeof(buf))) >
	       0) {
		const struct directory_entry *entry;

		if (mp_sys_failed(got))
			return got;
		for (long at = 0; at < got; at += entry->bytes) {
			uint32_t tid = 0;

			entry = (const void *)(buf + at);
			for (const char *p = entry->name;
			     *p >= '0' && *p <= '9'; p++)
				tid = tid * 10 + (uint32_t)(*p - '0');
			if (tid && !is_known(stop, tid) &&
			    add(stop, tid, &may_stop))
				found++;
		}
	}
	return mp_sys_failed(got) ? got : found;
}

static void await_new(struct mp_stop *stop, uint32_t from, uint64_t until_ns)
{
	for (uint32_t i = from; i < stop->count; i++) {
		struct mp_stop_thread *thread = &stop->threads[i];

		if (thread->signal != -1)
			continue;
		thread->signal = 0;
		await(stop, thread, until_ns);
		if (!thread->is_stopped && thread->tid)
			read_unstopped(stop, thread);
	}
}

static void stop_all(struct mp_stop *stop)
{
	uint64_t until_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) + STOP_LIMIT_NS;
	char path[64];
	struct mp_text text;
	long fd, found = 1;

	path_of(&text, path, sizeof(path), stop, 0, "");
	fd = mp_sys_open(path, O_RDONLY | O_DIRECTORY, 0);
	if (mp_sys_failed(fd))
		return;
	/* Until nobody is left who could have started another. */
	for (unsigned i = 0; found > 0 && i < ROUNDS; i++) {
		uint32_t from = stop->count;

		found = look(stop, fd);
		await_new(stop, from, until_ns);
	}
	stop->is_complete = found == 0;
	mp_sys_close((int)fd);
}

static void release_all(struct mp_stop *stop)
{
	for (uint32_t i = 0; i < stop->count; i++)
		if (stop->threads[i].is_stopped)
			trace(PTRACE_DETACH, stop->threads[i].tid, 0,
			      stop->threads[i].signal);
}

static void set_phase(struct mp_stop *stop, uint32_t phase)
{
	atomic_store(&stop->phase, phase);
	mp_sys6(SYS_futex, (long)&stop->phase, FUTEX_WAKE, 1, 0, 0, 0);
}

/* The helper. It has no thread-local storage of its own. The kernel lets the
 * threads go on whatever becomes of it. */
static void help(struct mp_stop *stop)
{
	const struct timespec second = { 1, 0 };
	uint64_t until_ns;

	mp_sys6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	mp_sys3(SYS_close_range, 0, ~0u, 0);
	while (atomic_load(&stop->phase) == NEW)
		mp_sys6(SYS_futex, (long)&stop->phase, FUTEX_WAIT, NEW,
			(long)&second, 0, 0);
	stop_all(stop);
	until_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) + HOLD_LIMIT_NS;
	set_phase(stop, STOPPED);
	while (atomic_load(&stop->phase) == STOPPED &&
	       mp_sys_clock_ns(CLOCK_MONOTONIC) < until_ns)
		mp_sys6(SYS_futex, (long)&stop->phase, FUTEX_WAIT, STOPPED,
			(long)&second, 0, 0);
	release_all(stop);
	mp_sys3(SYS_exit_group, 0, 0, 0);
}

/* A task with a stack of its own in the same memory, but another process: no
 * SIGCHLD for the program, and its wait() does not see it. */
static long clone_helper(struct mp_stop *stop)
{
	register void *fn __asm__("r9") = (void *)(uintptr_t)help;
	register struct mp_stop *arg __asm__("r12") = stop;
	register long r10 __asm__("r10") = 0;
	register long r8 __asm__("r8") = 0;
	long ret;

	__asm__ volatile("syscall\n\t"
			 "test %%rax, %%rax\n\t"
			 "jnz 1f\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "mov %%r12, %%rdi\n\t"
			 "call *%%r9\n\t"
			 "ud2\n"
			 "1:"
			 : "=a"(ret)
			 : "a"(SYS_clone),
			   "D"(CLONE_VM | CLONE_FS | CLONE_UNTRACED),
			   "S"(stop->stack + sizeof(stop->stack)), "d"(0),
			   "r"(r10), "r"(r8), "r"(fn), "r"(arg)
			 : "rcx", "r11", "memory");
	return ret;
}

/* True when the helper is gone. */
static bool is_gone(const struct mp_stop *stop, int options)
{
	long ret;

	do {
		ret = mp_sys6(SYS_wait4, stop->helper, 0, __WALL | options, 0,
			      0, 0);
	} while (ret == -EINTR);
	return ret != 0;
}

long mp_stop_begin(struct mp_stop *stop, bool is_ending)
{
	const struct timespec moment = { 0, 10000000 };
	long ret;

	stop->started_ns = mp_sys_clock_ns(CLOCK_MONOTONIC);
	ret = clone_helper(stop);
	if (mp_sys_failed(ret))
		return ret;
	stop->helper = (int)ret;
	if (is_ending)
		mp_sys6(SYS_prctl, PR_SET_PTRACER, ret, 0, 0, 0, 0);
	set_phase(stop, WORKING);
	while (atomic_load(&stop->phase) == WORKING) {
		mp_sys6(SYS_futex, (long)&stop->phase, FUTEX_WAIT, WORKING,
			(long)&moment, 0, 0);
		if (atomic_load(&stop->phase) == WORKING &&
		    is_gone(stop, WNOHANG))
			return -ECHILD;
	}
	return 0;
}

void mp_stop_end(struct mp_stop *stop)
{
	set_phase(stop, RELEASED);
	is_gone(stop, 0);
	if (stop->count)
		stop->stopped_ns =
			mp_sys_clock_ns(CLOCK_MONOTONIC) - stop->started_ns;
}
