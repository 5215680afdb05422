/* SPDX-License-Identifier: MIT */
/*
 * exits return|exit|_exit|quick|abort|segv|kill|main-thread|atexit: allocates,
 * states it, and ends in the way named.
 */
#include "tests/e2e/targets/tally.h"

#include <pthread.h>
#include <signal.h>

static void *volatile kept;
static volatile int *volatile nowhere = (int *)8;

static void take(size_t bytes)
{
	kept = malloc(bytes);
	MUST(kept);
	took(bytes);
}

static void at_exit(void)
{
	take(1000);
	print_tally(NULL);
}

__attribute__((destructor)) static void at_unload(void)
{
	/* After atexit handlers: still counted, nobody states it. */
	kept = malloc(10000);
}

static void *outlive(void *arg)
{
	pthread_join(*(pthread_t *)arg, NULL);
	take(300);
	print_counts(NULL);
	exit(9);
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "return";
	static pthread_t self, other;

	take(10);
	take(20);
	if (strcmp(how, "atexit") == 0) {
		atexit(at_exit);
		return 8;
	}
	if (strcmp(how, "main-thread") == 0) {
		self = pthread_self();
		MUST(pthread_create(&other, NULL, outlive, &self) == 0);
		pthread_exit(NULL);
	}
	print_tally(NULL);
	if (strcmp(how, "return") == 0)
		return 3;
	if (strcmp(how, "exit") == 0)
		exit(4);
	if (strcmp(how, "_exit") == 0)
		_exit(5);
	if (strcmp(how, "quick") == 0)
		quick_exit(6);
	if (strcmp(how, "abort") == 0)
		abort();
	if (strcmp(how, "segv") == 0)
		*nowhere = 1;
	if (strcmp(how, "kill") == 0)
		kill(getpid(), SIGKILL);
	return 97;
}
