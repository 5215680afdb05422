/* SPDX-License-Identifier: MIT */
/*
 * temporary: states how many blocks are freed before the next allocation.
 */
#include "tests/e2e/targets/tally.h"

static unsigned long temporaries;

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

__attribute__((noinline)) static void waste(void)
{
	for (int i = 0; i < 1000; i++) {
		put(get(24), 24);
		temporaries++;
	}
}

__attribute__((noinline)) static void nest(void)
{
	for (int i = 0; i < 100; i++) {
		void *outer = get(40), *inner = get(50);

		put(inner, 50); /* temporary */
		put(outer, 40); /* not: inner came after it */
		temporaries++;
	}
}

__attribute__((noinline)) static void pipeline(void)
{
	void *last = get(10);

	for (int i = 0; i < 100; i++) {
		void *next = get(10);

		put(last, 10);
		last = next;
	}
	put(last, 10); /* the only temporary one */
	temporaries++;
}

int main(void)
{
	waste();
	nest();
	pipeline();
	print_tally(NULL);
	print_value(NULL, "temporary", temporaries);
	return 0;
}
