/* SPDX-License-Identifier: MIT */
/*
 * What the files of the dump's file share: file.c creates it and gives out its
 * segments, file_room.c makes it grow, file_fork.c makes the copy of a child.
 * Nobody else includes this.
 *
 * Context: as of file.h; what says "Lock held" wants mp_file_state.lock.
 */
#ifndef MEMPROF_PRELOAD_RECORD_FILE_STATE_H
#define MEMPROF_PRELOAD_RECORD_FILE_STATE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/types.h>

#include "preload/base/lock.h"
#include "preload/record/file.h"
#include "preload/record/keeper.h"

#define MP_FILE_PATH_BYTES    4096u
#define MP_FILE_RESERVE_FIRST (UINT64_C(256) << 10)
#define MP_FILE_HEADROOM      (UINT64_C(1) << 20) /* sparse, behind what is used */

#define MP_FILE_MODE_RECORDING 0400
#define MP_FILE_MODE_DONE      0600

/* The allocator of file space. Protected by lock, private to the process: a
 * forked child has its own copy as of the fork. */
struct mp_file_state {
	struct mp_lock lock;
	uint64_t used;	   /* end of the last segment */
	uint64_t reserved; /* may be touched up to here */
	uint64_t size;	   /* of the file; beyond reserved it is sparse */
	uint32_t refusals; /* requests yet to be refused without asking again */
	uint64_t text_at;  /* free text space: [text_at, text_end) */
	uint64_t text_end;
	uint64_t text_first; /* elements of text so far, for segment.first */
	dev_t dev;
	ino_t ino;
	bool is_sealed; /* memory, of which the file holds a copy */
	char memory[MP_KEEPER_LINK_BYTES]; /* how it is opened then */
	char path[MP_FILE_PATH_BYTES];
};
extern struct mp_file_state mp_file_state;

/* Creates path, or sealed memory where there is a keeper, and says in link how
 * that is opened; "" when it is a file. A descriptor, or negative errno. */
long mp_file_begin(const char *path, char link[MP_KEEPER_LINK_BYTES]);

/* It is open as fd, and as much is reserved as is used: what it is called, how
 * it is known again, and room behind it. */
void mp_file_begun(int fd, const struct stat *st, const char *path,
		   const char *link);

/* The largest size that does not raise SIGXFSZ. */
uint64_t mp_file_size_limit(void);

/* Opens our file again and makes sure that it is ours. Negative errno. */
long mp_file_reopen(void);

/* Sparse room behind the reserved space, for when reopening fails later: as
 * much again as is used, at least least bytes. */
void mp_file_extend(int fd, uint64_t least);

/* Makes [from, to) of the file safe to touch: blocks exist for it. 0, or
 * negative errno. */
long mp_file_reserve_range(int fd, uint64_t from, uint64_t to);

/* Lock held. Makes the file safe to touch up to the offset to. */
bool mp_file_reserve(uint64_t to);

/* At addr, or NULL: anywhere. An address, or negative errno. */
void *mp_file_map_window(int fd, uint64_t window, void *addr);

/* Those up to the offset to that are not mapped yet. 0, or negative errno. */
long mp_file_map_windows(uint64_t to);

#endif
