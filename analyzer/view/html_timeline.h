/* SPDX-License-Identifier: MIT */
/* The recording over time as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_TIMELINE_H
#define MEMPROF_ANALYZER_VIEW_HTML_TIMELINE_H

#include "analyzer/model/analysis.h"
#include "analyzer/view/html_data.h"
#include "analyzer/view/html_links.h"
#include "analyzer/view/json.h"

/* The heap of this dump and of others beside it. 0, or DUMP_MEMORY. */
int html_timeline_put(struct json *json, struct analysis *analysis,
		      const struct html_options *options,
		      const struct html_links *links);

/* What changed from moment to moment. 0, or DUMP_MEMORY. */
int html_history_put(struct json *json, const struct analysis *analysis,
		     const struct html_links *links);

#endif
