/* SPDX-License-Identifier: MIT */
/*
 * The memory of this process as the kernel lists it, and ways to read it that
 * neither fault nor touch pages that were never used.
 *
 * Context: the copy of a process, one thread; memory of its own mappings.
 */
#ifndef MEMPROF_PRELOAD_LEAK_MEMORY_H
#define MEMPROF_PRELOAD_LEAK_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct mp_memory_map {
	uint64_t start, end;
	uint64_t offset;  /* in the file */
	uint64_t inode;	  /* 0: of no file */
	const char *path; /* "" none; "[heap]" and the like are names too */
	bool is_readable, is_writable, is_executable, is_shared;
};

/* A part of the address space; lists of them are sorted by start. */
struct mp_memory_span {
	uint64_t start, end;
};

struct mp_memory {
	struct mp_memory_map *maps; /* ascending */
	size_t count;
	int pagemap;	  /* descriptor, or negative */
	uint64_t *buffer; /* for what is not read where it lies */

	/* Not to be read as a root: sorted and joined by seal(). */
	struct mp_memory_span *skips;
	size_t skip_count, skip_room;
	bool is_short; /* of memory for skips */
};

/* 0 or a negative errno. Nothing of it is ever freed. */
int mp_memory_read(struct mp_memory *memory);

/* The map that holds addr; NULL: none. */
const struct mp_memory_map *mp_memory_find(const struct mp_memory *memory,
					   uint64_t addr);

/* True when all of it can be read. */
bool mp_memory_is_readable(const struct mp_memory *memory, uint64_t start,
			   uint64_t end);

void mp_memory_skip(struct mp_memory *memory, uint64_t start, uint64_t end);
void mp_memory_seal(struct mp_memory *memory);

/*
 * Calls fn with the whole words of a readable range, piece by piece, without
 * pages that hold nothing. at: the address of words[0]; the words may lie in
 * a buffer.
 */
typedef void mp_memory_fn(void *arg, const uint64_t *words, size_t count,
			  uint64_t at);
void mp_memory_words(struct mp_memory *memory, uint64_t start, uint64_t end,
		     mp_memory_fn *fn, void *arg);

/* The same for the parts of a map that are not to be skipped. After seal(). */
void mp_memory_rest(struct mp_memory *memory, const struct mp_memory_map *map,
		    mp_memory_fn *fn, void *arg);

#endif
