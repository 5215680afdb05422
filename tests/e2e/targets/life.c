/* SPDX-License-Identifier: MIT */
/*
 * life HOW [ARGUMENT...]: a process that lives and ends in the way named. Each
 * process states its own totals under its pid. What it takes is never small,
 * so that a sampled recording has all of it.
 */
#include "tests/e2e/targets/tally.h"

#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#define SMALLEST 1000
#define THREADS	 4
#define BLOCKS	 50
#define NOBODY	 65534

extern char **environ;

static volatile int *volatile nowhere = (int *)8;
static volatile int is_over;

__attribute__((noinline)) static void *take(size_t bytes)
{
	void *volatile block = malloc(SMALLEST + bytes);

	MUST(block);
	took(SMALLEST + bytes);
	return block;
}

__attribute__((noinline)) static void give(void *block, size_t bytes)
{
	free(block);
	gave(SMALLEST + bytes);
}

static void work(void)
{
	for (size_t i = 0; i < BLOCKS; i++) {
		void *block = take(i);

		if (i % 2)
			give(block, i);
	}
}

static void state_mine(void)
{
	char prefix[24];

	snprintf(prefix, sizeof(prefix), "%d", (int)getpid());
	print_counts(prefix);
}

/* In a forked child, what it inherited is one allocation each. */
static void begin_child(void)
{
	tally.allocations = tally.live_blocks;
	tally.allocated_bytes = tally.live_bytes;
	tally.frees = tally.freed_bytes = tally.reallocs = tally.failed = 0;
}

static void wait_for(pid_t pid, int want)
{
	int status;

	MUST(pid > 0 && waitpid(pid, &status, 0) == pid);
	MUST(WIFEXITED(status) && WEXITSTATUS(status) == want);
}

/* Faults. */

static sigjmp_buf back;

static void on_fault_recover(int signal)
{
	(void)signal;
	siglongjmp(back, 1);
}

static void on_fault_report(int signal)
{
	work();
	state_mine();
	_exit(20 + signal);
}

static void on_fault_die(int number)
{
	work();
	state_mine();
	signal(number, SIG_DFL);
}

static void handle(int number, void (*handler)(int))
{
	static char memory[1 << 16];
	const stack_t stack = { .ss_sp = memory, .ss_size = sizeof(memory) };
	struct sigaction action = { .sa_flags = SA_ONSTACK };

	action.sa_handler = handler;
	MUST(sigaltstack(&stack, NULL) == 0);
	MUST(sigaction(number, &action, NULL) == 0);
}

static int recover(void)
{
	handle(SIGSEGV, on_fault_recover);
	for (int i = 0; i < 10; i++) {
		work();
		if (sigsetjmp(back, 1) == 0)
			*nowhere = i;
	}
	state_mine();
	return 3;
}

static int fault(void (*handler)(int))
{
	handle(SIGSEGV, handler);
	work();
	*nowhere = 1;
	return 97;
}

static int abort_handled(void)
{
	handle(SIGABRT, on_fault_die);
	work();
	abort();
}

/* Children. */

static void *churn(void *arg)
{
	while (!is_over)
		free(malloc((size_t)arg));
	return NULL;
}

__attribute__((noinline)) static void *child_thread(void *arg)
{
	for (size_t i = 0; i < BLOCKS; i++)
		take((size_t)arg);
	return NULL;
}

static void run_threads(pthread_t *threads, void *(*function)(void *))
{
	for (size_t i = 0; i < THREADS; i++)
		MUST(!pthread_create(&threads[i], NULL, function, (void *)i));
}

/* The child of a threaded program has one thread, and may start more. */
static int threaded_fork(int children)
{
	pthread_t threads[THREADS], others[THREADS];

	run_threads(threads, churn);
	for (int i = 0; i < children; i++) {
		pid_t child = fork();

		if (child == 0) {
			run_threads(others, child_thread);
			for (int n = 0; n < THREADS; n++)
				pthread_join(others[n], NULL);
			_exit(7);
		}
		wait_for(child, 7);
		print_value(NULL, "child", (unsigned long)child);
	}
	is_over = 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	return 0;
}

static int leaf(void)
{
	work();
	state_mine();
	return 11;
}

static int spawn(char *self)
{
	char name[] = "leaf";
	char *argv[] = { self, name, NULL };
	pid_t pids[3];

	work();
	for (int i = 0; i < 3; i++)
		MUST(posix_spawn(&pids[i], self, NULL, NULL, argv, environ) ==
		     0);
	for (int i = 0; i < 3; i++)
		wait_for(pids[i], 11);
	work();
	state_mine();
	return 0;
}

/* Forks that the C library knows nothing of, and an end it sees nothing of. */
static int raw_clone(void)
{
	work();
	for (int i = 0; i < 3; i++) {
		pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (child == 0) {
			begin_child();
			work();
			state_mine();
			syscall(SYS_exit_group, 12);
		}
		wait_for(child, 12);
	}
	work();
	state_mine();
	return 0;
}

static int borrow(void *arg)
{
	(void)arg;
	work();
	return 13;
}

/* As posix_spawn() does it: the child runs in our memory while we wait. */
static int borrowed_clone(void)
{
	static char stack[1 << 16] __attribute__((aligned(16)));

	work();
	wait_for(clone(borrow, stack + sizeof(stack),
		       CLONE_VM | CLONE_VFORK | SIGCHLD, NULL),
		 13);
	work();
	state_mine();
	return 0;
}

static int tree(int depth, int breadth)
{
	pid_t children[8];

	work();
	for (int i = 0; depth > 0 && i < breadth; i++) {
		children[i] = fork();
		MUST(children[i] >= 0);
		if (children[i] == 0) {
			begin_child();
			_exit(tree(depth - 1, breadth));
		}
	}
	work();
	for (int i = 0; depth > 0 && i < breadth; i++)
		wait_for(children[i], 14);
	state_mine();
	return 14;
}

/* Memory that ends. */

static int hunger(unsigned long limit)
{
	const struct rlimit rlimit = { limit, limit };
	size_t bytes = (size_t)1 << 20;
	void *block;

	MUST(setrlimit(RLIMIT_AS, &rlimit) == 0);
	while ((block = malloc(bytes))) {
		memset(block, 1, bytes);
		took(bytes);
	}
	tally.failed++;
	state_mine();
	return 15;
}

/* Until the kernel kills us. */
static _Noreturn void devour(void)
{
	work();
	state_mine();
	for (;;)
		memset(malloc(1 << 20), 1, 1 << 20);
}

/* What cannot be reached any more. */

static int jail(const char *folder)
{
	work();
	MUST(chroot(folder) == 0 && chdir("/") == 0);
	MUST(setgroups(0, NULL) == 0);
	MUST(setresgid(NOBODY, NOBODY, NOBODY) == 0);
	MUST(setresuid(NOBODY, NOBODY, NOBODY) == 0);
	work();
	state_mine();
	return 16;
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (strcmp(how, "recover") == 0)
		return recover();
	if (strcmp(how, "report") == 0)
		return fault(on_fault_report);
	if (strcmp(how, "die") == 0)
		return fault(on_fault_die);
	if (strcmp(how, "abort") == 0)
		return abort_handled();
	if (strcmp(how, "threads") == 0)
		return threaded_fork(argc > 2 ? atoi(argv[2]) : 5);
	if (strcmp(how, "leaf") == 0)
		return leaf();
	if (strcmp(how, "spawn") == 0)
		return spawn(argv[0]);
	if (strcmp(how, "clone") == 0)
		return raw_clone();
	if (strcmp(how, "borrow") == 0)
		return borrowed_clone();
	if (strcmp(how, "tree") == 0)
		return tree(atoi(argv[2]), atoi(argv[3]));
	if (strcmp(how, "hunger") == 0)
		return hunger(strtoul(argv[2], NULL, 0));
	if (strcmp(how, "devour") == 0)
		devour();
	if (strcmp(how, "jail") == 0)
		return jail(argv[2]);
	if (strcmp(how, "_Exit") == 0) {
		work();
		state_mine();
		_Exit(17);
	}
	return 97;
}
