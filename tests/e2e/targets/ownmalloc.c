/* SPDX-License-Identifier: MIT */
/*
 * ownmalloc [MIB [kill]]: a program that brings its own malloc, and takes so
 * much from it; states how often it ran. Kills itself when asked to.
 */
#include "tests/e2e/targets/bump.c"

#include <signal.h>

#include "tests/e2e/targets/tally.h"

int main(int argc, char **argv)
{
	const size_t mib = (size_t)1 << 20;
	char *copy = strdup("own");
	void *block = malloc(100);

	MUST(copy && strcmp(copy, "own") == 0 && block);
	block = realloc(block, 200);
	free(block);
	free(copy);
	for (long i = argc > 1 ? strtol(argv[1], NULL, 10) : 0; i > 0; i--) {
		block = malloc(mib);
		MUST(block);
		memset(block, 1, mib);
	}
	if (argc > 2)
		raise(SIGKILL);
	print_value(NULL, "used", used > 0);
	return 6;
}
