/* SPDX-License-Identifier: MIT */
/*
 * A FILE whose bytes come out compressed as gzip does it. Where memprof is
 * built without zlib they come out as they are: readers of what is written
 * through it take both.
 */
#ifndef MEMPROF_ANALYZER_VIEW_EXPORT_DEFLATE_H
#define MEMPROF_ANALYZER_VIEW_EXPORT_DEFLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct deflate;

/* file stays the caller's. is_stored: as it is, with what gzip has around it.
 * NULL: memory is out. */
struct deflate *deflate_open(FILE *file, bool is_stored);

/* Write errors are those of the FILE. */
void deflate_write(struct deflate *deflate, const void *bytes, size_t count);

/* Ends it. 0, or EXPORT_LIBRARY. */
int deflate_close(struct deflate *deflate);

#endif
