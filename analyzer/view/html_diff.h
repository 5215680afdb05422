/* SPDX-License-Identifier: MIT */
/* What changed since an older dump, as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_DIFF_H
#define MEMPROF_ANALYZER_VIEW_HTML_DIFF_H

#include "analyzer/view/html_data.h"
#include "analyzer/view/html_strings.h"
#include "analyzer/view/json.h"

/* 0, or DUMP_MEMORY. */
int html_diff_put(struct json *json, const struct html_options *options,
		  struct html_strings *strings);

#endif
