/* SPDX-License-Identifier: MIT */
/*
 * control longjmp|coroutines|overflow|profiled|waits|jit|jit-bare: where
 * control goes in other ways than by calls that return.
 */
#include "tests/e2e/targets/tally.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <setjmp.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>

static void *volatile kept;

__attribute__((noinline)) static void *get(size_t bytes)
{
	void *block = malloc(bytes);

	MUST(block);
	took(bytes);
	return block;
}

static void put(void *block, size_t bytes)
{
	free(block);
	gave(bytes);
}

static void keep_stack(void)
{
	__asm__ volatile("" : : : "memory");
}

/* What the compiler cannot know. */
static volatile int never = -1;

/* Out of any depth, over and over; what is allocated next has its own stack. */
static jmp_buf back;

__attribute__((noinline)) static void dive(int depth)
{
	kept = get(50);
	put(kept, 50);
	if (depth == 0)
		longjmp(back, 1);
	if (depth != never)
		dive(depth - 1);
	keep_stack();
}

__attribute__((noinline)) static void surface(void)
{
	kept = get(60);
	keep_stack();
}

static void test_longjmp(void)
{
	for (volatile int i = 0; i < 1000; i++) {
		if (setjmp(back) == 0)
			dive(i % 40);
		surface();
	}
}

/* Stacks on the heap, taken in turns. */
#define COROUTINES  50
#define TURNS	    20
#define STACK_BYTES 32768

static ucontext_t scheduler, coroutines[COROUTINES];

__attribute__((noinline)) static void work(int turn)
{
	kept = get(100 + (size_t)turn);
	keep_stack();
}

static void coroutine(int number)
{
	for (int turn = 0; turn < TURNS; turn++) {
		work(turn);
		MUST(swapcontext(&coroutines[number], &scheduler) == 0);
	}
}

static void test_coroutines(void)
{
	void *stacks[COROUTINES];

	for (int i = 0; i < COROUTINES; i++) {
		stacks[i] = get(STACK_BYTES);
		MUST(getcontext(&coroutines[i]) == 0);
		coroutines[i].uc_stack.ss_sp = stacks[i];
		coroutines[i].uc_stack.ss_size = STACK_BYTES;
		coroutines[i].uc_link = &scheduler;
		makecontext(&coroutines[i], (void (*)(void))coroutine, 1, i);
	}
	for (int turn = 0; turn <= TURNS; turn++)
		for (int i = 0; i < COROUTINES; i++)
			MUST(swapcontext(&scheduler, &coroutines[i]) == 0);
	for (int i = 0; i < COROUTINES; i++)
		put(stacks[i], STACK_BYTES);
}

/* The guard page is hit amid allocations; the program lives on. */
static sigjmp_buf saved;
static volatile sig_atomic_t overflows;

static void on_overflow(int number)
{
	(void)number;
	overflows++;
	siglongjmp(saved, 1);
}

__attribute__((noinline)) static int fall(int depth)
{
	volatile char area[3000];

	area[0] = (char)depth;
	/* Seldom, so that most often it is not malloc's frame that hits. */
	if (depth % 64 == 0)
		put(get(40), 40);
	return depth == never ? 0 : fall(depth + 1) + area[0];
}

static void *overflower(void *arg)
{
	char *stack = get(65536);
	stack_t alternate = { .ss_sp = stack, .ss_size = 65536 };

	MUST(sigaltstack(&alternate, NULL) == 0);
	for (volatile int i = 0; i < 20; i++) {
		if (sigsetjmp(saved, 1) == 0)
			fall(1);
		kept = get(80);
	}
	alternate.ss_flags = SS_DISABLE;
	MUST(sigaltstack(&alternate, NULL) == 0);
	put(stack, 65536);
	return arg;
}

static void test_overflow(void)
{
	struct sigaction action = { .sa_handler = on_overflow,
				    .sa_flags = SA_ONSTACK };
	pthread_attr_t attr;
	pthread_t id;

	MUST(sigaction(SIGSEGV, &action, NULL) == 0);
	MUST(pthread_attr_init(&attr) == 0);
	MUST(pthread_attr_setstacksize(&attr, 1 << 20) == 0);
	MUST(pthread_create(&id, &attr, overflower, NULL) == 0);
	MUST(pthread_join(id, NULL) == 0);
	print_value(NULL, "overflows", (unsigned long)overflows);
}

/* A profiler's timer, as fast as the kernel goes. */
static volatile sig_atomic_t samples;

static void on_sample(int number)
{
	(void)number;
	samples++;
}

static void test_profiled(void)
{
	struct sigaction action = { .sa_handler = on_sample,
				    .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 100 }, { 0, 100 } };

	MUST(sigaction(SIGPROF, &action, NULL) == 0);
	MUST(setitimer(ITIMER_PROF, &timer, NULL) == 0);
	for (unsigned i = 0; i < 400000 || samples < 20; i++) {
		void *volatile block = get(10 + i % 90);

		put(block, 10 + i % 90);
	}
	timer = (struct itimerval) { 0 };
	MUST(setitimer(ITIMER_PROF, &timer, NULL) == 0);
}

/* A program that takes every EINTR for an error, and counts its threads and
 * the signals that are not as it left them. */
static int ends[2];

static void *writer(void *arg)
{
	struct timespec pause = { 0, 2000000 };

	for (int i = 0; i < 20; i++) {
		put(get(100), 100);
		MUST(clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL) == 0);
		MUST(write(ends[1], "x", 1) == 1);
	}
	return arg;
}

static void test_waits(void)
{
	struct sigaction action;
	unsigned long handlers = 0;
	pthread_t id;
	sigset_t set;
	char byte;

	MUST(pipe(ends) == 0);
	MUST(pthread_create(&id, NULL, writer, NULL) == 0);
	for (int i = 0; i < 20; i++) {
		struct pollfd poll_in = { .fd = ends[0], .events = POLLIN };

		MUST(poll(&poll_in, 1, -1) == 1);
		MUST(read(ends[0], &byte, 1) == 1);
		put(get(100), 100);
	}
	MUST(pthread_join(id, NULL) == 0);
	for (int i = 1; i < 65; i++)
		if (i != 32 && i != 33 && sigaction(i, NULL, &action) == 0)
			handlers += action.sa_handler != SIG_DFL &&
				    action.sa_handler != SIG_IGN;
	print_value(NULL, "handlers", handlers);
	MUST(sigprocmask(SIG_BLOCK, NULL, &set) == 0);
	print_value(NULL, "blocked", (unsigned long)!(sigisemptyset(&set)));
	close(ends[0]);
	close(ends[1]);
}

/* Code without unwind data: mov rdi, BYTES; mov rax, get; call rax, between
 * a prologue with a frame pointer or without. */
static void test_jit(int has_frame)
{
	static const unsigned char framed[] = { 0x55, 0x48, 0x89, 0xe5 };
	static const unsigned char bare[] = { 0x48, 0x83, 0xec, 0x08 };
	static const unsigned char framed_end[] = { 0x5d, 0xc3 };
	static const unsigned char bare_end[] = { 0x48, 0x83, 0xc4, 0x08,
						  0xc3 };
	void *(*callee)(size_t) = get;
	unsigned long bytes = has_frame ? 555 : 556;
	unsigned char *code, *at;
	void *(*compiled)(void);

	code = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(code != MAP_FAILED);
	at = code;
	memcpy(at, has_frame ? framed : bare, 4);
	at += 4;
	memcpy(at, (unsigned char[]) { 0x48, 0xbf }, 2);
	memcpy(at + 2, &bytes, 8);
	at += 10;
	memcpy(at, (unsigned char[]) { 0x48, 0xb8 }, 2);
	memcpy(at + 2, &callee, 8);
	at += 10;
	memcpy(at, (unsigned char[]) { 0xff, 0xd0 }, 2);
	at += 2;
	if (has_frame)
		memcpy(at, framed_end, sizeof(framed_end));
	else
		memcpy(at, bare_end, sizeof(bare_end));
	MUST(mprotect(code, 4096, PROT_READ | PROT_EXEC) == 0);
	*(void **)&compiled = code;
	for (int i = 0; i < 100; i++) {
		kept = compiled();
		MUST(kept);
	}
	/* And gone, while the stacks through it stay. */
	MUST(munmap(code, 4096) == 0);
	kept = get(600);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (strcmp(argv[1], "longjmp") == 0)
		test_longjmp();
	else if (strcmp(argv[1], "coroutines") == 0)
		test_coroutines();
	else if (strcmp(argv[1], "overflow") == 0)
		test_overflow();
	else if (strcmp(argv[1], "profiled") == 0)
		test_profiled();
	else if (strcmp(argv[1], "waits") == 0)
		test_waits();
	else
		test_jit(strcmp(argv[1], "jit") == 0);
	print_counts(NULL);
	return 0;
}
