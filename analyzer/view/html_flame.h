/* SPDX-License-Identifier: MIT */
/* The call tree as a part of html_data.h. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_FLAME_H
#define MEMPROF_ANALYZER_VIEW_HTML_FLAME_H

#include <stddef.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/html_links.h"
#include "analyzer/view/html_strings.h"

/* limit: of nodes, 0: all. links: nodes and is_folded are filled, to be freed
 * by the caller; NULL: they are not. 0, or DUMP_MEMORY. */
int html_flame_put(struct json *json, struct analysis *analysis, size_t limit,
		   struct html_strings *strings, struct html_links *links);

/* The same of two dumps, with older_self and older_total; the numbers of the
 * older one's modules follow those of the other's. */
int html_flame_put_pair(struct json *json, struct analysis *analysis,
			struct analysis *older, size_t limit,
			struct html_strings *strings);

/* The tree turned round: who allocates below the root, callers below these. */
int html_flame_put_inverted(struct json *json, struct analysis *analysis,
			    size_t limit, struct html_strings *strings);

#endif
