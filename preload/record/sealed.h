/* SPDX-License-Identifier: MIT */
/*
 * A dump that is recorded into memory, which nobody can cut, while its file
 * holds a copy: the keeper's, some seconds old, until the end.
 *
 * Context: as for mp_file_create(), and its lock held.
 */
#ifndef MEMPROF_PRELOAD_RECORD_SEALED_H
#define MEMPROF_PRELOAD_RECORD_SEALED_H

#include <stdint.h>

#include "preload/record/keeper.h"

/*
 * Creates the file, 0400, as a dump of nothing yet, and the memory; the keeper
 * gets both. Returns the memory's descriptor, and in link how it is opened
 * again. Negative errno: then there is no file; -EEXIST as for a file, and
 * -ENOTSUP when a file may do what memory cannot.
 */
long mp_sealed_create(const char *path, char link[MP_KEEPER_LINK_BYTES]);

/* Saves what is recorded when the keeper cannot: at the end of the process. */
void mp_sealed_rescue(const char *path, uint64_t used_bytes);

#endif
