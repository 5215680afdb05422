/* SPDX-License-Identifier: MIT */
/*
 * deep DEPTH: calls descend() DEPTH times inside itself and allocates 64 bytes
 * at the bottom, which nobody frees.
 */
#include "tests/e2e/targets/tally.h"

static void *volatile bottom;

__attribute__((noinline)) static int descend(int depth)
{
	volatile char local[24];

	local[0] = (char)depth;
	if (depth <= 1) {
		bottom = malloc(64);
		took(64);
	} else {
		local[0] = (char)descend(depth - 1);
	}
	return local[0];
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 600;

	descend(depth);
	print_tally(NULL);
	return 0;
}
