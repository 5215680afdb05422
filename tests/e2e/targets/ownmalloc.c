/* SPDX-License-Identifier: MIT */
/* ownmalloc: a program that brings its own malloc; states how often it ran. */
#include "tests/e2e/targets/bump.c"

#include "tests/e2e/targets/tally.h"

int main(void)
{
	char *copy = strdup("own");
	void *block = malloc(100);

	MUST(copy && strcmp(copy, "own") == 0 && block);
	block = realloc(block, 200);
	free(block);
	free(copy);
	print_value(NULL, "used", used > 0);
	return 6;
}
