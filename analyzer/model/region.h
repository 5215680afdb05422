/* SPDX-License-Identifier: MIT */
/*
 * Large zeroed memory. Pages that are never written cost nothing, so that an
 * array sized by a count in a hostile (sparse) dump takes no more memory than
 * the file really has. Any thread.
 */
#ifndef MEMPROF_ANALYZER_MODEL_REGION_H
#define MEMPROF_ANALYZER_MODEL_REGION_H

#include <stddef.h>

/* count * elem_bytes zeroed bytes (at least one); NULL when memory is out. */
void *region_new(size_t count, size_t elem_bytes);

/* at: NULL is allowed. count and elem_bytes as they were given to new. */
void region_free(void *at, size_t count, size_t elem_bytes);

#endif
