/* SPDX-License-Identifier: MIT */
/*
 * confined prctl|syscall|threads|refused [DEPTH]: allows itself what allocating
 * and printing need, by that function, and is killed for anything else; then
 * allocates from 2^DEPTH stacks, forks a child that allocates too, and states
 * its totals. "threads": puts that on threads that allocate, too. "refused":
 * the kernel takes no such filter, so nothing changes.
 */
#include "tests/e2e/targets/tally.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define ALLOW(name)                                            \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_##name, 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static struct sock_filter filter[] = {
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
	ALLOW(write),
	ALLOW(mmap),
	ALLOW(munmap),
	ALLOW(mremap),
	ALLOW(brk),
	ALLOW(madvise),
	ALLOW(futex),
	ALLOW(getpid),
	ALLOW(gettid),
	ALLOW(clock_gettime),
	ALLOW(rt_sigprocmask),
	ALLOW(clone),
	ALLOW(set_robust_list),
	ALLOW(wait4),
	ALLOW(exit),
	ALLOW(mprotect),
	ALLOW(rseq),
	ALLOW(exit_group),
	BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
};

static void confine(const char *how)
{
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = filter,
	};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	/* As libraries ask what there is, which is no way in. */
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) == -1);
	MUST(errno == EFAULT);
	MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1);
	MUST(errno == EFAULT);
	if (strcmp(how, "refused") == 0) {
		program.len = 0;
		MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program));
		MUST(errno == EINVAL);
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
			     &program) == -1);
		MUST(errno == EINVAL);
	} else if (strcmp(how, "threads") == 0) {
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
			     SECCOMP_FILTER_FLAG_TSYNC, &program) == 0);
	} else if (strcmp(how, "syscall") == 0) {
		MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0,
			     &program) == 0);
	} else {
		MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
	}
}

static int sink;

/* From another stack each time; the volatile sum keeps it from a loop. */
__attribute__((noinline)) static int spread(int depth, unsigned path)
{
	volatile int sum = depth;
	void *block;

	if (depth > 0) {
		if (path & 1)
			sum += spread(depth - 1, path >> 1);
		else
			sum -= spread(depth - 1, path >> 1);
		return sum;
	}
	block = malloc(2000);
	MUST(block);
	took(2000);
	if (path & 1) {
		free(block);
		gave(2000);
	}
	return block != NULL;
}

static void *spread_all(void *arg)
{
	unsigned first = (unsigned)(size_t)arg << 20;

	/* Each thread from stacks of its own, so that all make it grow. */
	for (unsigned i = 0; i < 1000; i++)
		spread(20, first + i * 7919);
	return NULL;
}

static void start_threads(pthread_t threads[3])
{
	for (size_t i = 0; i < 3; i++)
		MUST(!pthread_create(&threads[i], NULL, spread_all, (void *)i));
	/* Until they are in the middle of it. */
	while (__atomic_load_n(&tally.allocations, __ATOMIC_RELAXED) < 1000)
		;
}

int main(int argc, char **argv)
{
	bool has_threads = argc > 1 && strcmp(argv[1], "threads") == 0;
	pthread_t threads[3];
	int depth = argc > 2 ? atoi(argv[2]) : 12, status;
	pid_t child;

	MUST(argc > 1);
	MUST(syscall(SYS_getpid) == getpid());
	sink += spread(5, 0);
	if (has_threads)
		start_threads(threads);
	confine(argv[1]);
	for (int i = 0; has_threads && i < 3; i++)
		pthread_join(threads[i], NULL);
	for (unsigned i = 0; i < 1u << depth; i++)
		sink += spread(depth, i);
	child = fork();
	if (child == 0) {
		for (unsigned i = 0; i < 100; i++)
			sink += spread(8, i);
		_exit(5);
	}
	MUST(child > 0 && waitpid(child, &status, 0) == child);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == 5);
	print_value(NULL, "child", (unsigned long)child);
	print_tally(NULL);
	return 4;
}
