/* SPDX-License-Identifier: MIT */
/*
 * `memprof html`: one page with everything in it. Its code is that of
 * analyzer/view/html, its data the compressed JSON of html_data.h. Nothing of
 * the data stands in the page as text, so nothing in it can become markup.
 */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_H
#define MEMPROF_ANALYZER_VIEW_HTML_H

#include <stddef.h>
#include <stdio.h>

/* What every page begins with: how one of ours is recognised. */
#define HTML_MARK "<!doctype html><!-- memprof -->"

/* 0, or DUMP_MEMORY. */
int html_print(FILE *file, const char *json, size_t bytes);

#endif
