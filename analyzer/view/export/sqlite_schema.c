/* SPDX-License-Identifier: MIT */
/* The tables of a database. */
#include "config.h"

#include "analyzer/view/export/sqlite_schema.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/view/json_parts.h"

#define COLUMNS_MAX 8

/* A column that ends with '*' stands for the ten counts, whose names begin
 * with what is before it. */
static const struct {
	const char *name;
	const char *columns[COLUMNS_MAX];
	const char *key; /* of several columns, or NULL */
} tables[SCHEMA_TABLES] = {
	[SCHEMA_META] = { "meta", { "key TEXT NOT NULL", "value" }, "key" },
	[SCHEMA_MODULES] = { "modules",
			     { "id INTEGER PRIMARY KEY", "path TEXT NOT NULL",
			       "build_id TEXT" },
			     NULL },
	[SCHEMA_FRAMES] = { "frames",
			    { "id INTEGER PRIMARY KEY",
			      "function TEXT NOT NULL", "file TEXT",
			      "line INTEGER",
			      "module_id INTEGER REFERENCES modules (id)",
			      "\"offset\" INTEGER NOT NULL",
			      "inlined INTEGER NOT NULL",
			      "language TEXT NOT NULL" },
			    NULL },
	[SCHEMA_SITES] = { "sites", { "id INTEGER PRIMARY KEY", "*" }, NULL },
	[SCHEMA_STACKS] = { "stacks",
			    { "site_id INTEGER NOT NULL REFERENCES sites (id)",
			      "depth INTEGER NOT NULL",
			      "frame_id INTEGER NOT NULL REFERENCES "
			      "frames (id)" },
			    "site_id, depth" },
	[SCHEMA_LINES] = { "lines",
			   { "function TEXT", "file TEXT", "line INTEGER",
			     "self_*", "total_*" },
			   NULL },
	[SCHEMA_LIFETIMES] = { "lifetimes",
			       { "site_id INTEGER PRIMARY KEY REFERENCES "
				 "sites (id)",
				 "blocks INTEGER NOT NULL", "total_ns INTEGER",
				 "longest_ns INTEGER",
				 "total_allocations INTEGER NOT NULL",
				 "longest_allocations INTEGER NOT NULL",
				 "slack_bytes INTEGER" },
			       NULL },
	[SCHEMA_TIMELINE] = { "timeline",
			      { "ns INTEGER PRIMARY KEY",
				"live_bytes INTEGER NOT NULL",
				"live_blocks INTEGER NOT NULL",
				"rss_bytes INTEGER",
				"allocations INTEGER NOT NULL",
				"allocated_bytes INTEGER NOT NULL",
				"detailed INTEGER NOT NULL" },
			      NULL },
	[SCHEMA_EVENTS] = { "events",
			    { "ns INTEGER NOT NULL", "kind TEXT NOT NULL",
			      "name TEXT NOT NULL",
			      "live_bytes INTEGER NOT NULL",
			      "rss_bytes INTEGER" },
			    NULL },
};

const char schema_indexes[] =
	"CREATE INDEX frames_by_function ON frames (function);"
	"CREATE INDEX frames_by_line ON frames (file, line);"
	"CREATE INDEX stacks_by_frame ON stacks (frame_id);"
	"CREATE INDEX lines_by_line ON lines (file, line);"
	"CREATE INDEX events_by_time ON events (ns);";

/* A column, or a parameter for it. */
static void put_column(FILE *sql, const char *column, const char **separator,
		       bool is_parameter)
{
	size_t len = strlen(column);
	bool is_counts = column[len - 1] == '*';

	for (int i = 0; i < (is_counts ? METRIC_COUNT : 1); i++) {
		fputs(*separator, sql);
		*separator = ", ";
		if (is_parameter)
			fputc('?', sql);
		else if (is_counts)
			fprintf(sql, "%.*s%s INTEGER NOT NULL", (int)len - 1,
				column, json_parts_metric((enum metric)i));
		else
			fputs(column, sql);
	}
}

static void put_columns(FILE *sql, enum schema_table table, bool is_parameter)
{
	const char *separator = "";

	for (int i = 0; i < COLUMNS_MAX && tables[table].columns[i]; i++)
		put_column(sql, tables[table].columns[i], &separator,
			   is_parameter);
}

char *schema_create(enum schema_table table)
{
	const char *key = tables[table].key;
	char *text = NULL;
	size_t bytes;
	FILE *sql = open_memstream(&text, &bytes);

	if (!sql)
		return NULL;
	fprintf(sql, "CREATE TABLE %s (", tables[table].name);
	put_columns(sql, table, false);
	if (key)
		fprintf(sql, ", PRIMARY KEY (%s)) WITHOUT ROWID", key);
	else
		fputc(')', sql);
	if (fclose(sql) == 0)
		return text;
	free(text);
	return NULL;
}

char *schema_insert(enum schema_table table)
{
	char *text = NULL;
	size_t bytes;
	FILE *sql = open_memstream(&text, &bytes);

	if (!sql)
		return NULL;
	fprintf(sql, "INSERT INTO %s VALUES (", tables[table].name);
	put_columns(sql, table, true);
	fputc(')', sql);
	if (fclose(sql) == 0)
		return text;
	free(text);
	return NULL;
}
