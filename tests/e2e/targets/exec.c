/* SPDX-License-Identifier: MIT */
/*
 * exec [GENERATION]: allocates GENERATION blocks of 100 bytes, states it, and
 * becomes itself again with GENERATION - 1, until 0.
 */
#include "tests/e2e/targets/tally.h"

int main(int argc, char **argv)
{
	int generation = argc > 1 ? atoi(argv[1]) : 2;
	char prefix[24], next[12];

	for (int i = 0; i < generation; i++) {
		void *volatile block = malloc(100);

		MUST(block);
		took(100);
	}
	snprintf(prefix, sizeof(prefix), "gen%d", generation);
	print_tally(prefix);
	if (generation == 0)
		return 5;
	snprintf(next, sizeof(next), "%d", generation - 1);
	execl("/proc/self/exe", argv[0], next, (char *)NULL);
	return 127;
}
