/* SPDX-License-Identifier: MIT */
/* What is lost, by verdict, as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_LEAKS_H
#define MEMPROF_ANALYZER_VIEW_HTML_LEAKS_H

#include "analyzer/model/analysis.h"
#include "analyzer/view/html_data.h"
#include "analyzer/view/html_links.h"
#include "analyzer/view/json.h"

/* Of the sites that have a row on the page. 0, or DUMP_MEMORY. */
int html_leaks_put(struct json *json, struct analysis *analysis,
		   const struct html_options *options,
		   const struct html_links *links);

#endif
