/* SPDX-License-Identifier: MIT */
/*
 * A shared object to load and unload, compiled several times with another
 * PLUGIN each: plugin_PLUGIN() allocates BYTES that nobody frees.
 */
#include <stdlib.h>

#define PASTE(a, b)  a##b
#define NAME(plugin) PASTE(plugin_, plugin)

void *NAME(PLUGIN)(void);

static void *volatile kept;

void *NAME(PLUGIN)(void)
{
	kept = malloc(BYTES);
	return kept;
}
