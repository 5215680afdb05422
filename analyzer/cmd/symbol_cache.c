/* SPDX-License-Identifier: MIT */
/* Where names of code are kept from run to run. */
#include "config.h"

#include "analyzer/cmd/symbol_cache.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/diag.h"

static bool is_off(void)
{
	const char *value = getenv("MEMPROF_SYMBOL_CACHE");

	if (!value || *value == '\0' || strcmp(value, "on") == 0)
		return false;
	if (strcmp(value, "off") != 0)
		diag_warn("MEMPROF_SYMBOL_CACHE takes on or off; using on");
	return strcmp(value, "off") == 0;
}

char *symbol_cache_folder(void)
{
	const char *caches = getenv("XDG_CACHE_HOME");
	const char *home = getenv("HOME");
	char *folder;
	int ret = -1;

	if (is_off())
		return NULL;
	/* By that standard a relative one is to be ignored. */
	if (caches && *caches == '/')
		ret = asprintf(&folder, "%s/memprof", caches);
	else if (home && *home == '/')
		ret = asprintf(&folder, "%s/.cache/memprof", home);
	return ret < 0 ? NULL : folder;
}
