/* SPDX-License-Identifier: MIT */
/* Where each site is in the parts of the page that were printed already. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_LINKS_H
#define MEMPROF_ANALYZER_VIEW_HTML_LINKS_H

#include <stddef.h>
#include <stdint.h>

/* Arrays by site, as history_items.h has them; NULL: not printed yet. */
struct html_links {
	uint32_t *rows;
	size_t row_count;
	uint32_t *nodes;
	uint8_t *is_folded;
	uint32_t *threads; /* per row of that table: its thread; UINT32_MAX: */
			   /* what has none */
	size_t thread_count;
};

#endif
