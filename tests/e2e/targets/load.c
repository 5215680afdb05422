/* SPDX-License-Identifier: MIT */
/*
 * load ROUNDS {FILE SYMBOL}...: loads each file, calls its function and unloads
 * it, ROUNDS times. Prints how often a file came to an address that another
 * one had before.
 */
#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>

#define MAX 8

int main(int argc, char **argv)
{
	int rounds = argc > 1 ? atoi(argv[1]) : 1;
	void *(*seen[MAX])(void) = { NULL };
	unsigned long reused = 0;

	MUST(argc >= 4 && argc <= 2 + 2 * MAX);
	for (int round = 0; round < rounds; round++) {
		for (int i = 2; i + 1 < argc; i += 2) {
			void *object = dlopen(argv[i], RTLD_NOW);
			void *(*function)(void);

			MUST(object);
			*(void **)&function = dlsym(object, argv[i + 1]);
			MUST(function && function());
			for (int j = 0; j < MAX; j++)
				if (j != i / 2 - 1 && seen[j] == function)
					reused++;
			seen[i / 2 - 1] = function;
			MUST(dlclose(object) == 0);
		}
	}
	print_value(NULL, "reused", reused);
	return 0;
}
