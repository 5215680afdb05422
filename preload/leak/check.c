/* SPDX-License-Identifier: MIT */
/* A scan as the program meets it: the threads stopped, the process copied,
 * the threads let go, the copy's verdicts awaited. */
#include "config.h"

#include "preload/leak/leak.h"

#include <linux/sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/base/sandbox.h"
#include "preload/base/say.h"
#include "preload/base/settings.h"
#include "preload/base/sys.h"
#include "preload/leak/defaults.h"
#include "preload/leak/options.h"
#include "preload/leak/publish.h"
#include "preload/leak/scan.h"
#include "preload/leak/stop.h"
#include "preload/leak/verdicts.h"
#include "preload/record/file.h"
#include "preload/record/recorder.h"
#include "preload/record/writer.h"

#define LIMIT_NS UINT64_C(300000000000) /* then the copy is given up */
#define GRACE_NS UINT64_C(2000000000)	/* for a function of the program */
#define POLL_MIN 50000l
#define POLL_MAX 10000000l

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

int mp_leak_check_at(const uint64_t *saved);

bool mp_leak_is_done, mp_leak_is_ending;

static struct {
	struct mp_lock lock; /* one scan at a time */
	bool is_libc;
	bool is_at_end;
	_Atomic bool is_told; /* that a sandbox prevents that */
	long seccomp;	      /* as the process started */
} leak;

void mp_leak_init(bool is_libc, const struct mp_settings *settings)
{
	leak.is_libc = is_libc;
	leak.is_at_end = settings->leak_check;
	mp_options_init(settings->lsan_options);
	leak.seccomp = mp_sys6(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0);
}

/* When memory runs short, the copy is what the kernel shall end. */
static void volunteer(void)
{
	long fd = mp_sys_open("/proc/self/oom_score_adj", O_WRONLY, 0);

	if (mp_sys_failed(fd))
		return;
	mp_sys_write((int)fd, "1000", 4);
	mp_sys_close((int)fd);
}

static void scan_in_copy(const uint64_t *saved, const struct mp_stop *stop,
			 struct mp_verdicts *verdicts)
{
	/* Of zeroed memory, and no less aligned than the stack may be. */
	static struct mp_scan scan;

	mp_sys6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	/* Others must not wait for us to close what we never use. */
	mp_sys3(SYS_close_range, 0, ~0u, 0);
	volunteer();
	scan.stop = stop;
	scan.saved = saved;
	scan.is_libc = leak.is_libc;
	scan.verdicts = verdicts;
	mp_scan_run(&scan);
	if (!verdicts->failure)
		mp_defaults_read(&scan);
	mp_sys3(SYS_exit_group, 0, 0, 0);
}

/* The copy's answer, or why there is none. */
static void await(long copy, struct mp_verdicts *verdicts)
{
	uint64_t until_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) + LIMIT_NS;
	struct timespec pause = { 0, POLL_MIN };
	uint32_t failure = MPF_LEAK_KILLED;
	bool is_done = false;
	long ret;

	for (;;) {
		ret = mp_sys6(SYS_wait4, copy, 0, __WALL | WNOHANG, 0, 0, 0);
		if (ret != 0 && ret != -EINTR)
			break;
		if (!is_done && atomic_load(&verdicts->is_done)) {
			is_done = true;
			until_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) + GRACE_NS;
		}
		if (mp_sys_clock_ns(CLOCK_MONOTONIC) > until_ns) {
			failure = MPF_LEAK_NO_TIME;
			mp_sys3(SYS_kill, copy, SIGKILL, 0);
			until_ns = UINT64_MAX;
		}
		mp_sys3(SYS_nanosleep, (long)&pause, 0, 0);
		if (pause.tv_nsec < POLL_MAX)
			pause.tv_nsec *= 2;
	}
	if (!atomic_load(&verdicts->is_done))
		verdicts->failure = failure;
}

static void run(const uint64_t *saved, struct mp_stop *stop,
		struct mp_verdicts *verdicts)
{
	long copy, ret;

	stop->pid = mp_sys_getpid();
	stop->tid = mp_sys_gettid();
	mp_sys6(SYS_prctl, PR_GET_NAME, (long)stop->name, 0, 0, 0, 0);
	ret = mp_stop_begin(stop, mp_leak_is_ending);
	if (mp_sys_failed(ret)) {
		verdicts->failure = MPF_LEAK_NO_FORK;
		verdicts->err = (int32_t)-ret;
		return;
	}
	/* A fork that the program does not notice: no SIGCHLD, no handlers. */
	copy = mp_sys6(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (copy == 0)
		scan_in_copy(saved, stop, verdicts);
	mp_stop_end(stop);
	if (mp_sys_failed(copy)) {
		verdicts->failure = MPF_LEAK_NO_FORK;
		verdicts->err = (int32_t)-copy;
		return;
	}
	await(copy, verdicts);
}

static void say_failure(uint32_t failure)
{
	static const char *const reasons[] = {
		[MPF_LEAK_NO_MEMORY] = "out of memory",
		[MPF_LEAK_NO_FORK] = "the kernel makes no copy of the process",
		[MPF_LEAK_NO_PROC] = "/proc/self/maps cannot be read",
		[MPF_LEAK_KILLED] = "the copy of the process was killed",
		[MPF_LEAK_NO_TIME] = "it took too long",
		[MPF_LEAK_NO_SPACE] = "no room for it in the dump",
		[MPF_LEAK_SANDBOXED] = "the program put itself in a sandbox",
	};

	mp_say("nothing is known of what is lost: ", reasons[failure], NULL);
}

static bool may_scan(void)
{
	uint32_t state = atomic_load(&mp_recorder_page.state);

	return (state == MP_STATE_ON || state == MP_STATE_PAUSED) &&
	       mp_file.header->pid == mp_sys_getpid();
}

void mp_leak_confine(void)
{
	if (leak.is_at_end && !mp_leak_is_done && may_scan() &&
	    !atomic_exchange(&leak.is_told, true))
		mp_say("nothing will be known of what is lost: the program is "
		       "about to put itself in a sandbox",
		       NULL, NULL);
}

static int check_locked(const uint64_t *saved, bool may_wait)
{
	uint64_t began_ns = mp_sys_clock_ns(CLOCK_MONOTONIC);
	struct mp_stop *stop = mp_map_new(sizeof(*stop));
	struct mp_verdicts *verdicts =
		mp_sys_mmap(NULL, sizeof(*verdicts), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	int ret = -1;

	if (!stop || mp_sys_failed((long)verdicts)) {
		mp_publish_failure(MPF_LEAK_NO_MEMORY, ENOMEM, began_ns);
		say_failure(MPF_LEAK_NO_MEMORY);
		goto out;
	}
	/* A filter of its own may kill it for any of our system calls. */
	if (mp_sandbox_is_on ||
	    (leak.seccomp == 0 &&
	     mp_sys6(SYS_prctl, PR_GET_SECCOMP, 0, 0, 0, 0, 0) != 0))
		verdicts->failure = MPF_LEAK_SANDBOXED;
	else
		run(saved, stop, verdicts);
	if (mp_publish(verdicts, stop, began_ns, may_wait))
		ret = verdicts->lost_blocks != 0;
	else
		say_failure(mp_file.header->leak_failure);
out:
	mp_map_free(stop, sizeof(*stop));
	if (!mp_sys_failed((long)verdicts))
		mp_sys_munmap(verdicts, sizeof(*verdicts));
	return ret;
}

MP_REALIGN int mp_leak_check_at(const uint64_t *saved)
{
	struct mp_writer *writer;
	uint64_t before;
	int ret = -1;

	if (!may_scan() || !mp_lock_try(&leak.lock))
		return -1;
	before = mp_sys_block_signals();
	/* Busy: what a handler allocates meanwhile must not wait for us. */
	writer = mp_writer_enter();
	ret = check_locked(saved, writer && !writer->is_nested);
	if (writer)
		mp_writer_leave(writer);
	mp_sys_restore_signals(before);
	mp_lock_release(&leak.lock);
	return ret;
}

/*
 * Saves the registers that a function keeps for its caller, so that they and
 * the caller's stack are roots while our own frames below are not.
 */
__asm__(".text\n"
	".globl mp_leak_check\n"
	".hidden mp_leak_check\n"
	".type mp_leak_check, @function\n"
	"mp_leak_check:\n"
	".cfi_startproc\n"
	"	endbr64\n"
	"	push %rbp\n"
	".cfi_adjust_cfa_offset 8\n"
	".cfi_rel_offset rbp, 0\n"
	"	push %rbx\n"
	".cfi_adjust_cfa_offset 8\n"
	"	push %r12\n"
	".cfi_adjust_cfa_offset 8\n"
	"	push %r13\n"
	".cfi_adjust_cfa_offset 8\n"
	"	push %r14\n"
	".cfi_adjust_cfa_offset 8\n"
	"	push %r15\n"
	".cfi_adjust_cfa_offset 8\n"
	"	mov %rsp, %rdi\n"
	"	sub $8, %rsp\n"
	".cfi_adjust_cfa_offset 8\n"
	"	call mp_leak_check_at\n"
	"	add $48, %rsp\n"
	".cfi_adjust_cfa_offset -48\n"
	"	pop %rbp\n"
	".cfi_adjust_cfa_offset -8\n"
	"	ret\n"
	".cfi_endproc\n"
	".size mp_leak_check, . - mp_leak_check\n");
