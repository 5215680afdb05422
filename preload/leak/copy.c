/* SPDX-License-Identifier: MIT */
/* A question that is put to a copy of the process. */
#include "config.h"

#include "preload/leak/copy.h"

#include <stdbool.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "preload/base/sys.h"
#include "preload/record/recorder.h"

#define POLL_MIN 50000l
#define POLL_MAX 10000000l

#ifndef SYS_close_range
#define SYS_close_range 436
#endif

struct answer {
	_Atomic bool is_done;
	_Alignas(64) uint8_t bytes[MPF_PAGE - 64];
};

/* It may fault: then neither the program's handler runs nor is a core left. */
static void defuse(void)
{
	static const int faults[] = { SIGSEGV, SIGBUS, SIGABRT,
				      SIGILL,  SIGFPE, SIGSYS };
	static const uint64_t by_default[4]; /* the kernel's sigaction */

	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++)
		mp_sys6(SYS_rt_sigaction, faults[i], (long)by_default, 0,
			MP_SYS_SIGSET_BYTES, 0, 0);
	mp_sys6(SYS_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0, 0);
}

static void answer_in_copy(mp_copy_fn *fn, struct answer *answer)
{
	mp_sys6(SYS_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0, 0);
	/* What it allocates comes to us: it is no child to record. */
	atomic_store(&mp_recorder_page.state, MP_STATE_OFF);
	defuse();
	mp_sys3(SYS_close_range, 0, ~0u, 0);
	fn(answer->bytes);
	atomic_store(&answer->is_done, true);
	mp_sys3(SYS_exit_group, 0, 0, 0);
}

static bool await(long copy, uint64_t limit_ns)
{
	uint64_t until_ns = mp_sys_clock_ns(CLOCK_MONOTONIC) + limit_ns;
	struct timespec pause = { 0, POLL_MIN };
	bool is_in_time = true;

	for (;;) {
		long ret =
			mp_sys6(SYS_wait4, copy, 0, __WALL | WNOHANG, 0, 0, 0);

		if (ret != 0 && ret != -EINTR)
			return is_in_time;
		if (is_in_time && mp_sys_clock_ns(CLOCK_MONOTONIC) > until_ns) {
			is_in_time = false;
			mp_sys3(SYS_kill, copy, SIGKILL, 0);
		}
		mp_sys3(SYS_nanosleep, (long)&pause, 0, 0);
		if (pause.tv_nsec < POLL_MAX)
			pause.tv_nsec *= 2;
	}
}

enum mp_copy_result mp_copy_ask(mp_copy_fn *fn, void *ret, size_t bytes,
				uint64_t limit_ns)
{
	enum mp_copy_result result = MP_COPY_NO_FORK;
	struct answer *answer;
	uint64_t before;
	bool is_in_time;
	long copy;

	answer = mp_sys_mmap(NULL, sizeof(*answer), PROT_READ | PROT_WRITE,
			     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (mp_sys_failed((long)answer) || bytes > sizeof(answer->bytes))
		return result;
	before = mp_sys_block_signals();
	copy = mp_sys6(SYS_clone, 0, 0, 0, 0, 0, 0);
	if (copy == 0)
		answer_in_copy(fn, answer);
	if (!mp_sys_failed(copy)) {
		is_in_time = await(copy, limit_ns);
		result = MP_COPY_DONE;
		if (!atomic_load(&answer->is_done))
			result = is_in_time ? MP_COPY_DIED : MP_COPY_NO_TIME;
		else
			__builtin_memcpy(ret, answer->bytes, bytes);
	}
	mp_sys_restore_signals(before);
	mp_sys_munmap(answer, sizeof(*answer));
	return result;
}
