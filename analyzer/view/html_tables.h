/* SPDX-License-Identifier: MIT */
/* The tables as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_TABLES_H
#define MEMPROF_ANALYZER_VIEW_HTML_TABLES_H

#include <stddef.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/html_links.h"
#include "analyzer/view/html_strings.h"

/* limit: of rows by each metric, 0: all. links: rows and threads are filled, to
 * be freed by the caller. 0, or DUMP_MEMORY. */
int html_tables_put(struct json *json, struct analysis *analysis, size_t limit,
		    struct html_strings *strings, struct html_links *links);

#endif
