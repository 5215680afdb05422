/* SPDX-License-Identifier: MIT */
/*
 * grow DEPTH [ready|half|sandbox]: allocates once from each of 2^DEPTH
 * different stacks and frees every other block, so that a recording has to
 * grow. States its totals and the number of stacks. "ready": prints that first
 * and waits for a line. "half": that after half of the stacks. "sandbox": first
 * gives up for ever to open files or change their size.
 */
#include "tests/e2e/targets/tally.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>

static void *last;
static unsigned long stacks;

__attribute__((noinline)) static int left(int depth);
__attribute__((noinline)) static int right(int depth);

static int leaf(void)
{
	void *block = malloc(48);

	MUST(block);
	memset(block, 0x5a, 48);
	took(48);
	stacks++;
	if (last) {
		free(last);
		gave(48);
		last = NULL;
	} else {
		last = block;
	}
	return (int)(stacks & 1);
}

/* The volatile sums keep these from becoming loops. */
static int left(int depth)
{
	volatile int sum = 1;

	if (depth == 0)
		return leaf() + 1;
	sum += left(depth - 1);
	sum += right(depth - 1);
	return sum;
}

static int right(int depth)
{
	volatile int sum = 2;

	if (depth == 0)
		return leaf() + 2;
	sum += left(depth - 1);
	sum += right(depth - 1);
	return sum;
}

static void enter_sandbox(void)
{
	const struct sock_filter refused =
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (EPERM & 0xffff));
	const struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
			 offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_openat, 3, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_fallocate, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_ftruncate, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		refused,
	};
	struct sock_fprog program = {
		.len = sizeof(filter) / sizeof(filter[0]),
		.filter = (struct sock_filter *)(size_t)filter,
	};

	MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0);
	MUST(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0);
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 12;
	char line[16];
	const char *how = argc > 2 ? argv[2] : "";
	int sum = 0;

	if (strcmp(how, "sandbox") == 0)
		enter_sandbox();
	if (strcmp(how, "half") == 0)
		sum += right(depth - 1);
	if (strcmp(how, "ready") == 0 || strcmp(how, "half") == 0) {
		print_bytes("ready\n", 6);
		MUST(read(0, line, sizeof(line)) > 0);
	}
	sum += left(strcmp(how, "half") == 0 ? depth - 1 : depth);
	print_value(NULL, "sum", (unsigned long)sum);
	print_value(NULL, "stacks", stacks);
	print_tally(NULL);
	return 0;
}
