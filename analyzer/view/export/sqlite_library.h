/* SPDX-License-Identifier: MIT */
/*
 * SQLite's functions. The library is loaded when a database is made and not
 * before: what it costs at the start is a third of all that memprof does there.
 */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_SQLITE_LIBRARY_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_SQLITE_LIBRARY_H

#include <sqlite3.h>

struct sqlite_library {
	__typeof__(sqlite3_bind_int64) *bind_int64;
	__typeof__(sqlite3_bind_null) *bind_null;
	__typeof__(sqlite3_bind_text) *bind_text;
	__typeof__(sqlite3_close) *close;
	__typeof__(sqlite3_exec) *exec;
	__typeof__(sqlite3_finalize) *finalize;
	__typeof__(sqlite3_free) *free;
	__typeof__(sqlite3_open) *open;
	__typeof__(sqlite3_prepare_v2) *prepare;
	__typeof__(sqlite3_reset) *reset;
	__typeof__(sqlite3_serialize) *serialize;
	__typeof__(sqlite3_step) *step;
};

/* It stays loaded. NULL: it is missing or too old; dlerror() says why. */
const struct sqlite_library *sqlite_library(void);

#endif
