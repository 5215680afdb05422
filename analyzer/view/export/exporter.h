/* SPDX-License-Identifier: MIT */
/*
 * Formats that others read. Each is one const descriptor in a file of its own;
 * exporters.c has the table of them. Totals of a whole dump are the same in
 * each as in `report --json`, to the byte; tests/e2e/exports.py has them said
 * by a foreign reader of each format.
 */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_EXPORTER_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_EXPORTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/catalog.h"

/* The instant that a format with only one shows as what is in use. */
enum export_at { EXPORT_AT_END, EXPORT_AT_PEAK };

struct export_options {
	enum metric metric; /* for formats with one number per stack */
	enum export_at at;
	size_t limit;	/* of the sites; 0: all */
	bool is_stored; /* not compressed, to know how much it is */
};

enum {
	EXPORT_NO_ESTIMATES = -300, /* the format cannot hold estimates */
	EXPORT_TOO_MANY = -301,	    /* an event for each call is too much */
	EXPORT_LIBRARY = -302,	    /* a library failed */
	EXPORT_NO_COURSE = -303,    /* no calls could have these counts */
	EXPORT_NO_LIBRARY = -304,   /* it cannot be loaded: dlerror() */
};

struct exporter {
	const char *name;
	bool is_binary; /* not for a terminal */
	bool has_zeros; /* holds sites that have none of the metric, too */
	/*
	 * 0, DUMP_MEMORY or one of the above. Failed writes are found by the
	 * owner of the file.
	 */
	int (*write)(FILE *file, struct catalog *catalog,
		     const struct export_options *options);
};

/* Names for an option's choices, ended by NULL, and the formats in that
 * order. */
extern const char *const export_names[];
extern const struct exporter *const exporters[];

extern const struct exporter export_callgrind;
extern const struct exporter export_csv;
extern const struct exporter export_dhat;
extern const struct exporter export_folded;
extern const struct exporter export_heaptrack;
extern const struct exporter export_json;
extern const struct exporter export_massif;
extern const struct exporter export_pprof;
extern const struct exporter export_speedscope;
extern const struct exporter export_sqlite;

/* The module of Python frames, in formats where frames have the name of one. */
#define EXPORT_PYTHON "[Python]"

/*
 * Untrusted text for a format of lines: control characters and bytes that are
 * not UTF-8 become '?', and so do the characters in special.
 */
void export_text(FILE *file, const char *text, const char *special);

/* The same into memory to be freed, nothing special; NULL: there is none. */
char *export_clean(const char *text);

/* The command line of the program, its words apart by blanks, the same way. */
void export_command(FILE *file, const struct summary *summary,
		    const char *special);

#endif
