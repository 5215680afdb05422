/* SPDX-License-Identifier: MIT */
/*
 * memprof run --sealed: the dump is memory that cannot be cut, and the keeper,
 * a process of memprof run, makes it a file when this process has ended, in
 * whatever way. Until then the dump's name is a link to the keeper's
 * descriptor of the memory, which is how it is opened again, too.
 *
 * Context: where files are created: boot, and the start of a forked child.
 */
#ifndef MEMPROF_PRELOAD_RECORD_KEEPER_H
#define MEMPROF_PRELOAD_RECORD_KEEPER_H

#include <stdbool.h>

#define MP_KEEPER_LINK_BYTES 64

/* Boot only. address: MEMPROF_KEEPER, or NULL: then there is none. */
void mp_keeper_init(const char *address);

bool mp_keeper_is_there(void);

/*
 * Memory that may grow but not shrink, kept by the keeper. Returns its
 * descriptor, and in link what the dump's name is to point to; negative errno
 * when there is no such memory or the keeper does not answer.
 */
long mp_keeper_memory(char link[MP_KEEPER_LINK_BYTES]);

#endif
