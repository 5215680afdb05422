/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/view/export/sqlite_library.h"

#include <dlfcn.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define LIBRARY "libsqlite3.so.0"

#define FUNCTION(field, name)                                           \
	{                                                               \
		offsetof(struct sqlite_library, field), "sqlite3_" name \
	}

static const struct {
	size_t offset;
	const char *name;
} functions[] = {
	FUNCTION(bind_int64, "bind_int64"),
	FUNCTION(bind_null, "bind_null"),
	FUNCTION(bind_text, "bind_text"),
	FUNCTION(close, "close"),
	FUNCTION(exec, "exec"),
	FUNCTION(finalize, "finalize"),
	FUNCTION(free, "free"),
	FUNCTION(open, "open"),
	FUNCTION(prepare, "prepare_v2"),
	FUNCTION(reset, "reset"),
	FUNCTION(serialize, "serialize"),
	FUNCTION(step, "step"),
};

const struct sqlite_library *sqlite_library(void)
{
	static struct sqlite_library library;
	void *handle = dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (!handle)
		return NULL;
	for (size_t i = 0; i < sizeof(functions) / sizeof(*functions); i++) {
		void *function = dlsym(handle, functions[i].name);

		if (!function)
			return NULL;
		/* ISO C has no conversion between the two kinds of pointers. */
		memcpy((char *)&library + functions[i].offset, &function,
		       sizeof(function));
	}
	return &library;
}
