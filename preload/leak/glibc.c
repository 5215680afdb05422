/* SPDX-License-Identifier: MIT */
/* What glibc's malloc says of itself, read without its locks. */
#include "config.h"

#include "preload/leak/glibc.h"

#include <stddef.h>

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"
#include "preload/leak/libc.h"

#define FAST_BINS     10u
#define BINS	      127u
#define ARENAS_MAX    4096u
#define CHUNKS_MAX    (1u << 22) /* of all lists */
#define READS_MAX     (1u << 16) /* pages */
#define TRIES	      3u
#define CHUNK_MIN     32u
#define CHUNK_ALIGN   16u
#define CHUNK_FLAGS   UINT64_C(7)
#define MMAPS_DEFAULT 65536 /* blocks with a mapping of their own, at most */

/* As since glibc 2.26. */
struct arena {
	int32_t mutex, flags, has_fast_chunks, pad;
	uint64_t fast[FAST_BINS];
	uint64_t top, last_remainder;
	uint64_t bins[2 * BINS]; /* forward and back */
	uint32_t map[4];
	uint64_t next, next_free, threads;
	uint64_t system_bytes, system_max;
};

struct chunk {
	uint64_t before, head, forward, back;
};

/* Pages of the process as they were when first asked for. */
#define PAGES 64u
struct reading {
	uint64_t tags[PAGES]; /* page numbers; 0: none */
	struct arena arena;
	uint32_t reads, chunks;
	int memory; /* the process as a file: what is not there is an error */
	_Alignas(64) uint8_t pages[PAGES][MPF_PAGE];
};

static bool copy(const struct reading *reading, void *to, uint64_t from,
		 size_t bytes)
{
	return mp_sys_pread(reading->memory, to, bytes, from) == (long)bytes;
}

static uint64_t load(uint64_t addr)
{
	return *(const uint64_t *)(uintptr_t)addr;
}

/* Chunks are aligned to half of one, so one may lie across two pages. */
static bool read_chunk(struct reading *reading, uint64_t addr,
		       struct chunk *ret_chunk)
{
	uint64_t page = addr / MPF_PAGE, at = addr % MPF_PAGE;
	uint64_t *tag = &reading->tags[page % PAGES];
	uint8_t *bytes = reading->pages[page % PAGES];

	if (addr % CHUNK_ALIGN != 0 || reading->chunks++ == CHUNKS_MAX)
		return false;
	if (at + sizeof(*ret_chunk) > MPF_PAGE)
		return reading->reads++ < READS_MAX &&
		       copy(reading, ret_chunk, addr, sizeof(*ret_chunk));
	if (*tag != page) {
		*tag = 0;
		if (reading->reads++ == READS_MAX ||
		    !copy(reading, bytes, page * MPF_PAGE, MPF_PAGE))
			return false;
		*tag = page;
	}
	__builtin_memcpy(ret_chunk, bytes + at, sizeof(*ret_chunk));
	return true;
}

/* 0: it is none. */
static uint64_t chunk_bytes(const struct arena *arena,
			    const struct chunk *chunk)
{
	uint64_t bytes = chunk->head & ~CHUNK_FLAGS;

	return bytes >= CHUNK_MIN && bytes % CHUNK_ALIGN == 0 &&
			       bytes <= arena->system_bytes
		       ? bytes
		       : 0;
}

/* Blocks given back that nobody joined yet. Each leads to the next one by an
 * address that is mixed with its own. */
static bool add_fast(struct reading *reading, uint64_t addr, uint64_t *free)
{
	while (addr) {
		struct chunk chunk;
		uint64_t bytes;

		if (!read_chunk(reading, addr, &chunk))
			return false;
		bytes = chunk_bytes(&reading->arena, &chunk);
		if (!bytes)
			return false;
		*free += bytes;
		addr = chunk.forward ^
		       (addr + offsetof(struct chunk, forward)) >> 12;
	}
	return true;
}

/* bin: what the list leads back to, the address of a chunk whose links would
 * be the bin's. */
static bool add_bin(struct reading *reading, uint64_t addr, uint64_t bin,
		    uint64_t *free)
{
	while (addr != bin) {
		struct chunk chunk;
		uint64_t bytes;

		if (!read_chunk(reading, addr, &chunk))
			return false;
		bytes = chunk_bytes(&reading->arena, &chunk);
		if (!bytes)
			return false;
		*free += bytes;
		addr = chunk.forward;
	}
	return true;
}

static bool add_arena(struct reading *reading, uint64_t addr, bool is_main,
		      struct mp_glibc *glibc)
{
	const struct arena *arena = &reading->arena;
	struct chunk top;
	uint64_t free = 0;

	if (!copy(reading, &reading->arena, addr, sizeof(reading->arena)))
		return false;
	glibc->arenas++;
	/* Before its first block the main one's top is a bin. */
	if (arena->system_bytes == 0)
		return true;
	if (!read_chunk(reading, arena->top, &top) ||
	    (top.head & ~CHUNK_FLAGS) > arena->system_bytes)
		return false;
	free = top.head & ~CHUNK_FLAGS;
	if (is_main)
		glibc->top_bytes = free;
	for (unsigned i = 0; i < FAST_BINS; i++)
		if (!add_fast(reading, arena->fast[i], &free))
			return false;
	for (unsigned i = 0; i < BINS; i++)
		if (!add_bin(reading, arena->bins[2 * i],
			     addr + offsetof(struct arena, bins) +
				     sizeof(uint64_t) * 2 * i -
				     offsetof(struct chunk, forward),
			     &free))
			return false;
	if (free > arena->system_bytes)
		return false;
	glibc->arena_bytes += arena->system_bytes;
	glibc->free_bytes += free;
	return true;
}

/* Arenas form a ring. */
static bool add_arenas(struct reading *reading, uint64_t first,
		       struct mp_glibc *glibc)
{
	uint64_t addr = first;

	__builtin_memset(reading->tags, 0, sizeof(reading->tags));
	reading->reads = reading->chunks = 0;
	*glibc = (struct mp_glibc) { .mapped_bytes = glibc->mapped_bytes };
	do {
		if (glibc->arenas == ARENAS_MAX ||
		    !add_arena(reading, addr, addr == first, glibc))
			return false;
		addr = reading->arena.next;
	} while (addr != first);
	return true;
}

/*
 * Among malloc's parameters: how many blocks have a mapping of their own, how
 * many may, had at most, whether thresholds are fixed; then their bytes and
 * the most there were. All of it has to fit, and to be there once.
 */
static bool find_mapped(uint64_t start, uint64_t end, uint64_t *ret_bytes)
{
	unsigned found = 0;

	for (uint64_t at = start + 8; at + 40 <= end; at += 4) {
		const int32_t *counts = (const int32_t *)(uintptr_t)at - 1;
		uint64_t bytes_at = (at + 12 + 7) & ~UINT64_C(7), now, most;

		if (counts[1] != MMAPS_DEFAULT || counts[0] < 0 ||
		    counts[2] < counts[0] || counts[3] < 0 || counts[3] > 1)
			continue;
		now = load(bytes_at);
		most = load(bytes_at + 8);
		if (now % MPF_PAGE || most % MPF_PAGE || now > most ||
		    (counts[0] == 0) != (now == 0) ||
		    (counts[2] == 0) != (most == 0))
			continue;
		*ret_bytes = now;
		found++;
	}
	return found == 1;
}

enum mp_glibc_result mp_glibc_read(uint64_t start, uint64_t end,
				   struct mp_glibc *ret_glibc)
{
	enum mp_glibc_result result = MP_GLIBC_UNSTEADY;
	struct reading *reading;
	struct mp_memory_span span;
	long fd;

	if (!mp_libc_find_arena(start, end, &span) ||
	    !find_mapped(start, end, &ret_glibc->mapped_bytes))
		return MP_GLIBC_UNKNOWN;
	fd = mp_sys_open("/proc/self/mem", O_RDONLY, 0);
	if (mp_sys_failed(fd))
		return MP_GLIBC_NO_PROC;
	reading = mp_map_new(sizeof(*reading));
	for (unsigned i = 0; reading && i < TRIES; i++) {
		reading->memory = (int)fd;
		if (add_arenas(reading, span.start, ret_glibc)) {
			result = MP_GLIBC_DONE;
			break;
		}
	}
	mp_map_free(reading, sizeof(*reading));
	mp_sys_close((int)fd);
	return result;
}
