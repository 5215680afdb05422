/* SPDX-License-Identifier: MIT */
/*
 * The memory behind the blocks when the process ended: what the allocator had
 * from the system, how much of that was in blocks, and what else was resident.
 * All sizes in bytes; negative: unknown.
 */
#ifndef MEMPROF_ANALYZER_MODEL_HEAP_USE_H
#define MEMPROF_ANALYZER_MODEL_HEAP_USE_H

#include <stdbool.h>
#include <stdint.h>

struct mpf_header;

enum heap_use_reason {
	HEAP_USE_KNOWN,
	HEAP_USE_NO_END,     /* the process was not seen to end */
	HEAP_USE_NO_NUMBERS, /* the allocator gives none that we know */
	HEAP_USE_SANDBOXED,
	HEAP_USE_UNSTEADY, /* its lists make no sense, or kept changing */
	HEAP_USE_NO_PROC,
	HEAP_USE_NO_COPY, /* of the process, to ask it in */
	HEAP_USE_DIED,	  /* that copy died, or gave no answer */
};

struct heap_use {
	enum heap_use_reason reason;
	const char *allocator; /* "glibc" ...; NULL: one that is not known */
	int64_t held;	       /* from the system and not given back */
	int64_t allocated;     /* in blocks, as the allocator counts: with what
				* it rounds up and its thread caches */
	int64_t free;	       /* the rest of held, less metadata */
	int64_t top;	       /* of free: at the end of the heap */
	int64_t mapped;	       /* of allocated: with a mapping of their own */
	int64_t active, resident, retained, metadata; /* jemalloc(3) */
	int64_t arenas;
	int64_t rss;	  /* of the whole process */
	int64_t recorder; /* of rss: private memory of the recorder */
	int64_t dump;	  /* of rss: the dump, which it works in */
};

void heap_use_init(struct heap_use *ret_use, const struct mpf_header *header);

#endif
