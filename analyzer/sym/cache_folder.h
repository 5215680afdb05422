/* SPDX-License-Identifier: MIT */
/*
 * The folder of the symbol cache: files of ours only, whole or not at all, and
 * not more of them than the limits say. Whatever fails here, what was asked
 * for is merely not there: nothing depends on a cache.
 *
 * Anybody may remove the folder or its files at any time, and several
 * processes may use it at once.
 */
#ifndef MEMPROF_ANALYZER_SYM_CACHE_FOLDER_H
#define MEMPROF_ANALYZER_SYM_CACHE_FOLDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CACHE_FOLDER_FILE_LIMIT (UINT64_C(64) << 20)
/* Of all files: beyond one of these the oldest go. */
#define CACHE_FOLDER_LIMIT	(UINT64_C(256) << 20)
#define CACHE_FOLDER_FILE_COUNT 4096u

struct cache_folder {
	char *path; /* NULL: there is no cache */
	int fd;	    /* -1: not opened */
};

/*
 * path is absolute, or NULL: no cache. There is none either when the process
 * has privileges that its user has not. -1 when memory is out.
 */
int cache_folder_init(struct cache_folder *folder, const char *path);
void cache_folder_done(struct cache_folder *folder);

/*
 * A file's contents, which the caller frees. NULL: it is not there, it or the
 * folder is another user's or may be written by others, it is too large.
 */
uint8_t *cache_folder_read(struct cache_folder *folder, const char *name,
			   size_t *ret_bytes);

/*
 * Replaces the file by one that only its owner may read. The folder and the
 * one that it is in are made when they are not there. Whether it was done.
 */
bool cache_folder_write(struct cache_folder *folder, const char *name,
			const uint8_t *data, size_t bytes);

/* Removes the files not used for longest until the rest is within bounds. */
void cache_folder_trim(struct cache_folder *folder, uint64_t bytes_limit,
		       size_t count_limit);

#endif
