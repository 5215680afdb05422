/* SPDX-License-Identifier: MIT */
/* Annotated source files as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_SOURCES_H
#define MEMPROF_ANALYZER_VIEW_HTML_SOURCES_H

#include "analyzer/view/html_data.h"
#include "analyzer/view/html_strings.h"

/* 0, or DUMP_MEMORY. */
int html_sources_put(struct json *json, struct analysis *analysis,
		     const struct html_options *options,
		     struct html_strings *strings);

#endif
