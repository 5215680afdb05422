/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `report`, `leaks` and `peak`: the parts of json_parts.h,
 * {schema, program, totals, losses, selection, sort (name of a member of
 * counts), sites_total (how many there are), sites [site]}, largest first.
 * Their schemas are memprof-report/1, memprof-leaks/1 and memprof-peak/1.
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_SITES_H
#define MEMPROF_ANALYZER_VIEW_JSON_SITES_H

#include <stdio.h>

#include "analyzer/model/analysis.h"

struct json_sites_options {
	const char *schema;
	enum metric sort;
	bool has_zeros; /* list the sites where that is 0 too */
	size_t limit;	/* 0: all */
};

/* 0, or DUMP_MEMORY. */
int json_sites_print(FILE *file, struct analysis *analysis,
		     const struct json_sites_options *options);

#endif
