/* SPDX-License-Identifier: MIT */
/*
 * fork plain|busy|vfork: a parent allocates, forks, and both go on. "plain":
 * the child frees half of what it inherited, allocates on its own, forks a
 * grandchild that does the same, and each states its totals under its pid.
 * "busy": children are forked while other threads are inside the allocator.
 * "vfork": a child that borrows the parent's memory and becomes /bin/true.
 */
#include "tests/e2e/targets/tally.h"

#include <pthread.h>
#include <sys/wait.h>

#define BLOCKS	 64
#define CHILDREN 30

static void *blocks[BLOCKS];

static size_t bytes_of(int i)
{
	return (size_t)(i * 7 + 1);
}

__attribute__((noinline)) static void fill(int from, int to)
{
	for (int i = from; i < to; i++) {
		blocks[i] = malloc(bytes_of(i));
		MUST(blocks[i]);
		took(bytes_of(i));
	}
}

__attribute__((noinline)) static void drain(int from, int to)
{
	for (int i = from; i < to; i++) {
		free(blocks[i]);
		gave(bytes_of(i));
	}
}

static void print_mine(void)
{
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "%d", (int)getpid());
	print_counts(prefix);
}

static void wait_for(pid_t pid, int want)
{
	int status;

	MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == want);
}

/* In a child, what it inherited is one allocation each: the live blocks. */
static void begin_child(void)
{
	tally.allocations = tally.live_blocks;
	tally.allocated_bytes = tally.live_bytes;
	tally.frees = tally.freed_bytes = 0;
	tally.reallocs = tally.failed = 0;
}

static void test_plain(void)
{
	pid_t child, grandchild;

	fill(0, BLOCKS);
	drain(BLOCKS - 8, BLOCKS);
	child = fork();
	if (child == 0) {
		begin_child();
		drain(0, BLOCKS / 2);
		fill(BLOCKS - 8, BLOCKS);
		grandchild = fork();
		if (grandchild == 0) {
			begin_child();
			drain(BLOCKS / 2, BLOCKS);
			fill(0, 3);
			print_mine();
			_exit(12);
		}
		wait_for(grandchild, 12);
		print_mine();
		exit(11);
	}
	wait_for(child, 11);
	fill(BLOCKS - 8, BLOCKS - 4);
	print_mine();
}

static volatile int is_over;

/* From another stack each time, so that a recording is never at rest. */
__attribute__((noinline)) static unsigned dig(unsigned path, unsigned depth)
{
	volatile unsigned sum = path;

	if (depth == 0) {
		void *volatile block = malloc(100);

		free(block);
	} else if (path & 1) {
		sum += dig(path >> 1, depth - 1);
	} else {
		sum -= dig(path >> 1, depth - 1);
	}
	return sum;
}

static void *churn(void *arg)
{
	unsigned state = (unsigned)(size_t)arg;

	while (!is_over) {
		state = state * 1103515245u + 12345u;
		dig(state >> 8, 16);
	}
	return NULL;
}

__attribute__((noinline)) static void child_work(void)
{
	for (int i = 0; i < 100; i++) {
		void *volatile block = malloc(77);

		if (i >= 10)
			free(block);
	}
}

static void test_busy(void)
{
	pthread_t threads[3];

	for (size_t i = 0; i < 3; i++)
		MUST(!pthread_create(&threads[i], NULL, churn, (void *)i));
	for (int i = 0; i < CHILDREN; i++) {
		pid_t child = fork();

		if (child == 0) {
			child_work();
			if (i % 2)
				_exit(7);
			exit(7);
		}
		wait_for(child, 7);
		print_value(NULL, "child", (unsigned long)child);
	}
	is_over = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
	print_value(NULL, "children", CHILDREN);
}

static void test_vfork(void)
{
	pid_t child;

	fill(0, 10);
	child = vfork();
	if (child == 0) {
		execl("/bin/true", "true", (char *)NULL);
		_exit(127);
	}
	wait_for(child, 0);
	drain(0, 5);
	print_tally(NULL);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (strcmp(argv[1], "plain") == 0)
		test_plain();
	else if (strcmp(argv[1], "busy") == 0)
		test_busy();
	else
		test_vfork();
	return 0;
}
