/* SPDX-License-Identifier: MIT */
/*
 * signals raise|timer|storm: signal handlers that allocate.
 * "raise": on the normal and on an alternate stack, between allocations.
 * "timer": at any instant of a computation that does not allocate.
 * "storm": at any instant of a loop that allocates; only for an allocator that
 * can be used in signal handlers.
 */
#include "tests/e2e/targets/tally.h"

#include <setjmp.h>
#include <signal.h>
#include <sys/time.h>

#define RAISED 10
#define TICKS  100
#define STORM  300000

static void *kept[1024];
static volatile sig_atomic_t ticks;
static sigjmp_buf back;

__attribute__((noinline)) static void on_raise(int number)
{
	void *block = malloc(500);

	(void)number;
	MUST(block);
	took(500);
	kept[ticks++] = block;
}

__attribute__((noinline)) static void on_jump(int number)
{
	(void)number;
	kept[ticks++] = malloc(700);
	took(700);
	siglongjmp(back, 1);
}

static void on_tick(int number)
{
	void *block = malloc(600);

	(void)number;
	took(600);
	if (ticks < TICKS) {
		kept[ticks] = block;
	} else {
		free(block);
		gave(600);
	}
	ticks++;
}

static void handle(int number, void (*handler)(int), int flags)
{
	struct sigaction action = { .sa_handler = handler, .sa_flags = flags };

	MUST(sigaction(number, &action, NULL) == 0);
}

static void start_timer(long micros)
{
	struct itimerval timer = { .it_interval.tv_usec = micros,
				   .it_value.tv_usec = micros };

	MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

static void test_raise(void)
{
	static char stack[8192]; /* what SIGSTKSZ always was */
	stack_t alternate = { .ss_sp = stack, .ss_size = sizeof(stack) };

	MUST(sigaltstack(&alternate, NULL) == 0);
	handle(SIGUSR1, on_raise, 0);
	handle(SIGUSR2, on_raise, SA_ONSTACK);
	handle(SIGTERM, on_jump, SA_ONSTACK);
	for (int i = 0; i < RAISED; i++) {
		raise(SIGUSR1);
		raise(SIGUSR2);
	}
	if (sigsetjmp(back, 1) == 0)
		raise(SIGTERM);
	kept[ticks++] = malloc(800);
	took(800);
}

static void test_timer(void)
{
	volatile unsigned long spins = 0;

	handle(SIGALRM, on_tick, SA_RESTART);
	start_timer(500);
	while (ticks < TICKS)
		spins++;
	start_timer(0);
}

static void test_storm(void)
{
	handle(SIGALRM, on_tick, SA_RESTART);
	start_timer(50);
	for (int i = 0; i < STORM; i++) {
		void *volatile block = malloc(10);

		took(10);
		block = realloc(block, 20);
		moved(10, 20);
		free(block);
		gave(20);
	}
	start_timer(0);
	print_value(NULL, "ticks", (unsigned long)ticks);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (strcmp(argv[1], "raise") == 0)
		test_raise();
	else if (strcmp(argv[1], "timer") == 0)
		test_timer();
	else
		test_storm();
	print_counts(NULL);
	return 0;
}
