/* SPDX-License-Identifier: MIT */
/*
 * life HOW [ARGUMENT...]: a process that lives and ends in the way named. Each
 * process states its own totals under its pid. What it takes is never small,
 * so that a sampled recording has all of it.
 */
#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
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
	print_tally(prefix);
}

/* In a forked child, what it inherited is one allocation each. */
static void begin_child(void)
{
	tally.allocations = tally.live_blocks;
	tally.allocated_bytes = tally.live_bytes;
	tally.frees = tally.freed_bytes = tally.reallocs = tally.failed = 0;
	tally.peak_blocks = tally.live_blocks;
	tally.peak_bytes = tally.live_bytes;
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

static void *be_born(void *arg)
{
	free(malloc(100));
	return arg;
}

/* Threads that come and go, so that some fork meets one at its first event. */
static void *bear(void *arg)
{
	pthread_t child;

	while (!is_over) {
		MUST(!pthread_create(&child, NULL, be_born, NULL));
		pthread_join(child, NULL);
	}
	return arg;
}

/* The child of a threaded program has one thread, and may start more. */
static int threaded_fork(int children)
{
	pthread_t threads[THREADS], others[THREADS], mother;

	run_threads(threads, churn);
	MUST(!pthread_create(&mother, NULL, bear, NULL));
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
	pthread_join(mother, NULL);
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

/* As supervisors do it: nothing is open in the child, not even 0 to 2. */
static int spawn_without_files(char *self)
{
	char name[] = "silent";
	char *argv[] = { self, name, NULL };
	posix_spawn_file_actions_t actions;
	pid_t pid;

	MUST(posix_spawn_file_actions_init(&actions) == 0);
	MUST(posix_spawn_file_actions_addclosefrom_np(&actions, 0) == 0);
	MUST(posix_spawn(&pid, self, &actions, NULL, argv, environ) == 0);
	posix_spawn_file_actions_destroy(&actions);
	wait_for(pid, 18);
	print_value(NULL, "child", (unsigned long)pid);
	return 0;
}

/* It ends by exit handlers of its own in the child too, after the fork. */
static void fork_at_exit(void)
{
	pid_t child;

	work();
	child = fork();
	if (child == 0) {
		begin_child();
		work();
		return;
	}
	wait_for(child, 19);
	work();
}

static int forks_at_exit(void)
{
	atexit(state_mine);
	atexit(fork_at_exit);
	work();
	return 19;
}

static void last_words(void)
{
	work();
	state_mine();
}

/* A program replaced by itself, from a thread that is not the first, while
 * others allocate. */
static void *exec_leaf(void *self)
{
	work();
	state_mine();
	execl(self, self, "leaf", NULL);
	return NULL;
}

static int exec_by_thread(char *self)
{
	pthread_t threads[THREADS], other;

	run_threads(threads, churn);
	MUST(pthread_create(&other, NULL, exec_leaf, self) == 0);
	pthread_join(other, NULL);
	return 97;
}

/* Children that run in our memory until they have failed to exec. */
static int failing_vforks(int is_killed)
{
	work();
	for (int i = 0; i < 50; i++) {
		pid_t child = vfork();

		if (child == 0) {
			execl("/nonexistent/program", "program", NULL);
			_exit(127);
		}
		wait_for(child, 127);
	}
	work();
	state_mine();
	if (is_killed)
		kill(getpid(), SIGKILL);
	return 18;
}

/* Processes that share all our memory and run on while we do, each with
 * thread-local storage of its own: no threads of ours, by their numbers. */
static volatile int is_begun;
static int sharers;

static void *pass_by(void *arg)
{
	for (size_t i = 0; i < 20000; i++) {
		void *block = take(i % BLOCKS);

		if (i % 100)
			give(block, i % BLOCKS);
	}
	return arg;
}

static int sharer(void *arg)
{
	take(1);
	__atomic_add_fetch(&sharers, 1, __ATOMIC_RELEASE);
	while (!is_begun)
		sched_yield();
	pass_by(arg);
	syscall(SYS_exit, 20);
	return 0;
}

static int shared_memory(void)
{
	static char stacks[THREADS][1 << 16] __attribute__((aligned(16)));
	void *(*new_storage)(void *);
	uintptr_t *ours = (uintptr_t *)pthread_self();
	pthread_t threads[2 * THREADS];
	pid_t pids[THREADS];

	*(void **)&new_storage = dlsym(RTLD_DEFAULT, "_dl_allocate_tls");
	if (!new_storage)
		return 77;
	/* Once there was another thread, malloc takes its locks. */
	MUST(!pthread_create(&threads[0], NULL, pass_by, NULL));
	pthread_join(threads[0], NULL);
	for (int i = 0; i < THREADS; i++) {
		uintptr_t *storage = new_storage(NULL);

		MUST(storage);
		storage[0] = storage[2] = (uintptr_t)storage;
		storage[5] = ours[5]; /* what guards stacks and pointers */
		storage[6] = ours[6];
		pids[i] = clone(sharer, stacks[i] + sizeof(stacks[i]),
				CLONE_VM | CLONE_SETTLS | SIGCHLD, NULL, NULL,
				storage, NULL);
	}
	while (__atomic_load_n(&sharers, __ATOMIC_ACQUIRE) < THREADS)
		sched_yield();
	run_threads(threads, pass_by);
	run_threads(threads + THREADS, pass_by);
	is_begun = 1;
	for (int i = 0; i < THREADS; i++)
		wait_for(pids[i], 20);
	for (int i = 0; i < 2 * THREADS; i++)
		pthread_join(threads[i], NULL);
	print_counts(NULL);
	return 20;
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
	size_t bytes = (size_t)1 << 20;
	struct rlimit old, rlimit;
	void *block;
	pid_t child;

	MUST(getrlimit(RLIMIT_AS, &old) == 0);
	rlimit = old;
	rlimit.rlim_cur = limit;
	MUST(setrlimit(RLIMIT_AS, &rlimit) == 0);
	while ((block = malloc(bytes))) {
		memset(block, 1, bytes);
		took(bytes);
	}
	tally.failed++;
	state_mine();
	/* What was not seen was the parent's. */
	MUST(setrlimit(RLIMIT_AS, &old) == 0);
	child = fork();
	if (child == 0) {
		work();
		_exit(15);
	}
	wait_for(child, 15);
	print_value(NULL, "child", (unsigned long)child);
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
	if (strcmp(how, "spawn-closed") == 0)
		return spawn_without_files(argv[0]);
	if (strcmp(how, "silent") == 0) {
		work();
		return 18;
	}
	if (strcmp(how, "fork-at-exit") == 0)
		return forks_at_exit();
	if (strcmp(how, "quick") == 0) {
		at_quick_exit(last_words);
		work();
		quick_exit(41);
	}
	if (strcmp(how, "exec-thread") == 0)
		return exec_by_thread(argv[0]);
	if (strcmp(how, "vfork") == 0)
		return failing_vforks(argc > 2);
	if (strcmp(how, "shared") == 0)
		return shared_memory();
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
