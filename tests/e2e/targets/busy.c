/* SPDX-License-Identifier: MIT */
/*
 * busy: three threads allocate, resize and free at changing depths, for ever.
 * Prints a line when all of them are at it; whoever started it ends it.
 */
#include "tests/e2e/targets/tally.h"

#include <pthread.h>

#define SLOTS 512

static void *slots[SLOTS];
static pthread_barrier_t started;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

__attribute__((noinline)) static int dig(int depth, unsigned *state)
{
	volatile int sum = depth; /* or else this becomes a loop */
	void *block;

	if (depth > 0) {
		/* Two calls: compilers join branches that look alike. */
		if (next_random(state) & 1) {
			__asm__ volatile("# odd");
			sum += dig(depth - 1, state);
		} else {
			__asm__ volatile("# even");
			sum -= dig(depth - 1, state);
		}
		return sum;
	}
	block = malloc(1 + next_random(state) % 2000);
	if (next_random(state) % 4 == 0)
		block = realloc(block, 1 + next_random(state) % 5000);
	free(__atomic_exchange_n(&slots[next_random(state) % SLOTS], block,
				 __ATOMIC_ACQ_REL));
	return 0;
}

static void *work(void *arg)
{
	unsigned state = (unsigned)(size_t)arg;

	pthread_barrier_wait(&started);
	for (;;)
		dig((int)(next_random(&state) % 24), &state);
	return NULL;
}

int main(void)
{
	pthread_t thread;

	pthread_barrier_init(&started, NULL, 4);
	for (size_t i = 1; i <= 3; i++)
		MUST(pthread_create(&thread, NULL, work, (void *)i) == 0);
	pthread_barrier_wait(&started);
	print_bytes("ready\n", 6);
	pthread_join(thread, NULL);
	return 0;
}
