/* SPDX-License-Identifier: MIT */
/* The page without its data, as it was put together by view/html/pack. */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_PAGE_H
#define MEMPROF_ANALYZER_VIEW_HTML_PAGE_H

/* Before the data and after it. */
extern const char html_page_head[], html_page_head_end[];
extern const char html_page_tail[], html_page_tail_end[];

#endif
