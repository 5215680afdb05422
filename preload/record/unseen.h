/* SPDX-License-Identifier: MIT */
/*
 * What bounds the memory that was not seen: the pages that the process has for
 * itself alone, whoever took them, against the blocks that were recorded. The
 * header holds what the last look found, and the greatest difference.
 *
 * Context: one thread at a time (the timeline's lock, or the end of the
 * process); may run inside malloc; locks taken: none; errno kept. Opens a file
 * of /proc for an instant.
 */
#ifndef MEMPROF_PRELOAD_RECORD_UNSEEN_H
#define MEMPROF_PRELOAD_RECORD_UNSEEN_H

#include <stdint.h>

/* The resident memory; 0: unknown. Notes beside it what is private. */
uint64_t mp_unseen_read_rss(void);

/* So much is recorded as live at this time, when what is private was just
 * read; ns 0: it was not. */
void mp_unseen_look(uint64_t ns, int64_t live_bytes);

/* The process ends: looks once more, at what was swapped out too. */
void mp_unseen_end(void);

/* In a forked child: nothing was looked at yet. */
void mp_unseen_forked(void);

#endif
