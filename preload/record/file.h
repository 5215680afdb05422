/* SPDX-License-Identifier: MIT */
/*
 * The dump as a mapped file: its creation, its growth in segments, its end.
 * Space is reserved in the file system before it is touched, so that a full
 * disk is an answer here and never a SIGBUS in the program. The descriptor is
 * open only inside these functions: programs close and reuse descriptors.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes, with may_wait false; locks taken: its own, a leaf of the lock order.
 */
#ifndef MEMPROF_PRELOAD_RECORD_FILE_H
#define MEMPROF_PRELOAD_RECORD_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

/* The file is mapped in windows of this size; no segment crosses one. */
#define MP_FILE_WINDOW_SHIFT 24
#define MP_FILE_WINDOW	     (UINT64_C(1) << MP_FILE_WINDOW_SHIFT)
#define MP_FILE_WINDOWS	     4096u /* 64 GiB: the largest dump */

struct mp_file {
	struct mpf_header *header; /* mapped; NULL before creation */
	uint8_t *window[MP_FILE_WINDOWS];
};
extern struct mp_file mp_file;

/* Address of an offset below the used bytes. */
static inline void *mp_file_at(uint64_t offset)
{
	return mp_file.window[offset >> MP_FILE_WINDOW_SHIFT] +
	       (offset & (MP_FILE_WINDOW - 1));
}

/*
 * Boot only: creates the file, 0400 until it is trimmed and 0600 then, never
 * through a link, and maps it with an all-zero header; where there is a keeper,
 * it maps memory instead, see sealed.h. path is absolute and copied. Negative
 * errno on failure, -EEXIST when something is there.
 */
int mp_file_create(const char *path);

/*
 * A new zeroed segment with a complete header; *ret_offset is its place.
 * NULL when there is no space (the header's failure then says why, and it was
 * said once) or when it would have to wait long and may not.
 */
struct mpf_segment *mp_file_segment(uint32_t type, uint32_t owner,
				    uint32_t elem_bytes, uint64_t first,
				    uint64_t bytes, bool may_wait,
				    uint64_t *ret_offset);

/* Copies bytes, at most 1 MiB, into the file. An empty text when there is no
 * space. */
struct mpf_text mp_file_text(const void *bytes, size_t len, bool may_wait);

/* Latches why recording degraded and says it, the first time only. */
void mp_file_fail(enum mpf_failure failure, int err);

/* Cuts the space reserved ahead. The file can still grow afterwards. Sealed
 * memory is saved if its keeper is gone. */
void mp_file_trim(void);

/* The program is about to confine itself: the last time that the file can be
 * opened. Maps room ahead, sparse, that later growth uses up, and sets
 * mp_sandbox_is_on. */
void mp_file_confine(void);

/*
 * In a forked child: creates path as a copy and maps it in place of the
 * parent's file, at the same addresses. Segments of slots, threads and the
 * timeline become gaps. Negative errno: then the parent's file is still mapped
 * and must not be written.
 */
int mp_file_fork(const char *path);

/* Calls fn for every segment, in order. */
void mp_file_each(void (*fn)(const struct mpf_segment *segment));

/* The offset of an address within a window. */
uint64_t mp_file_offset(const void *addr);

/* Path as created; "" before. */
const char *mp_file_path(void);

/* Is it memory that nobody can cut? */
bool mp_file_is_sealed(void);

/* Writes all of it. 0, or negative errno. */
long mp_file_write(int fd, const void *bytes, uint64_t count, uint64_t to);

#endif
