/* SPDX-License-Identifier: MIT */
/* The tables of a database, as memprof-export(1) describes them. */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_SQLITE_SCHEMA_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_SQLITE_SCHEMA_H

enum schema_table {
	SCHEMA_META,
	SCHEMA_MODULES,
	SCHEMA_FRAMES,
	SCHEMA_SITES,
	SCHEMA_STACKS,
	SCHEMA_LINES,
	SCHEMA_LIFETIMES,
	SCHEMA_TIMELINE,
	SCHEMA_EVENTS,
	SCHEMA_TABLES
};

/* SQL, to be freed; NULL: memory is out. The second is a statement with a
 * parameter for each column. */
char *schema_create(enum schema_table table);
char *schema_insert(enum schema_table table);

/* SQL for all of them, once they are filled. */
extern const char schema_indexes[];

#endif
