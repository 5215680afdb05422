/* SPDX-License-Identifier: MIT */
/* What has to be known of glibc. */
#include "config.h"

#include "preload/leak/libc.h"

#include "preload/format/format.h"

/* malloc's chunks: two words before a block, the second with flags. */
#define CHUNK_HEAD	 16u
#define CHUNK_MAPPED	 2u
#define CHUNK_OTHER_HEAP 4u
#define CHUNK_FLAGS	 7u
#define CHUNK_MIN	 32u
#define HEAP_BYTES	 (UINT64_C(64) << 20) /* of a thread's arena, aligned */

/* malloc_state: bins of two words each, empty ones point at themselves. */
#define BINS	    UINT64_C(127)
#define BINS_EMPTY  32u /* so many at once are no chance */
#define BEFORE_BINS 0x70u
#define BEHIND_BINS 0x40u

/* Of the thread control block; the id's place is looked for from here on. */
#define THREAD_SELF   0u
#define THREAD_VECTOR 1u
#define THREAD_AGAIN  2u
#define THREAD_ID     0x2d0u
#define THREAD_ID_MAX 0x400u

static uint64_t load(uint64_t addr)
{
	return *(const uint64_t *)(uintptr_t)addr;
}

static bool is_heap_name(const char *path)
{
	return path[0] == '[' && path[1] == 'h';
}

/* A part of an arena begins with: the arena, the part before, the bytes in
 * use, the bytes that may be accessed. */
static bool is_arena_part(uint64_t addr, const struct mp_memory_map *map)
{
	uint64_t arena = load(addr), used = load(addr + 16);
	uint64_t usable = load(addr + 24);

	return arena && (arena & (HEAP_BYTES - 1)) < MPF_PAGE &&
	       used >= MPF_PAGE && used <= usable && usable % MPF_PAGE == 0 &&
	       usable <= HEAP_BYTES && map->end - addr >= usable;
}

static void skip_arenas(struct mp_memory *memory)
{
	for (size_t i = 0; i < memory->count; i++) {
		const struct mp_memory_map *map = &memory->maps[i];
		uint64_t at = (map->start + HEAP_BYTES - 1) & -HEAP_BYTES;

		if (!map->is_readable || !map->is_writable || map->inode)
			continue;
		for (; at < map->end; at += HEAP_BYTES)
			if (is_arena_part(at, map))
				mp_memory_skip(memory, at, at + load(at + 24));
	}
}

/* The memory that a live block of glibc's malloc was cut from. */
static void skip_around(struct mp_memory *memory,
			const struct mp_heap_block *block, uint64_t *last_heap)
{
	const struct mp_memory_map *map;
	uint64_t head = load(block->addr - 8), chunk, end;

	if (head & CHUNK_MAPPED) {
		chunk = block->addr - CHUNK_HEAD;
		end = chunk + (head & ~(uint64_t)CHUNK_FLAGS);
		chunk -= load(chunk);
		if (chunk % MPF_PAGE == 0 && end % MPF_PAGE == 0 &&
		    end >= block->addr + block->bytes) {
			mp_memory_skip(memory, chunk, end);
			return;
		}
	} else if (head & CHUNK_OTHER_HEAP) {
		chunk = block->addr & -HEAP_BYTES;
		if (chunk != *last_heap)
			mp_memory_skip(memory, chunk, chunk + HEAP_BYTES);
		*last_heap = chunk;
		return;
	}
	/* The main arena goes elsewhere when its heap cannot grow. */
	map = mp_memory_find(memory, block->addr);
	if (map && !is_heap_name(map->path) && map->start != *last_heap) {
		mp_memory_skip(memory, map->start, map->end);
		*last_heap = map->start;
	}
}

void mp_libc_skip_heap(struct mp_memory *memory, const struct mp_heap *heap,
		       bool is_libc)
{
	const struct mp_memory_map *map = NULL;
	uint64_t last_heap = 0;

	for (uint32_t i = 0; i < heap->count; i++) {
		const struct mp_heap_block *block = &heap->blocks[i];

		if (is_libc) {
			if (mp_memory_is_readable(memory,
						  block->addr - CHUNK_HEAD,
						  block->addr))
				skip_around(memory, block, &last_heap);
			continue;
		}
		/* Of other allocators: all of the mapping. */
		if (map && block->addr < map->end)
			continue;
		map = mp_memory_find(memory, block->addr);
		if (map)
			mp_memory_skip(memory, map->start, map->end);
	}
	if (!is_libc)
		return;
	for (size_t i = 0; i < memory->count; i++)
		if (is_heap_name(memory->maps[i].path))
			mp_memory_skip(memory, memory->maps[i].start,
				       memory->maps[i].end);
	skip_arenas(memory);
}

static bool is_empty_bin(uint64_t addr)
{
	uint64_t bin = addr - CHUNK_HEAD;

	return load(addr) == bin && load(addr + 8) == bin;
}

bool mp_libc_find_arena(uint64_t start, uint64_t end,
			struct mp_memory_span *ret_span)
{
	for (uint64_t at = (start + 7) & ~(uint64_t)7; at + 16 <= end;
	     at += 8) {
		uint64_t last = at;
		unsigned empty = 0;

		if (!is_empty_bin(at))
			continue;
		for (uint64_t bin = at; bin + 16 <= end && bin < at + BINS * 16;
		     bin += 16)
			if (is_empty_bin(bin)) {
				last = bin;
				empty++;
			}
		if (empty < BINS_EMPTY)
			continue;
		/* The last bin is never used, so it is the last empty one. */
		ret_span->start = last - (BINS - 1) * 16 - BEFORE_BINS;
		ret_span->end = last + 16 + BEHIND_BINS;
		return ret_span->start >= start && ret_span->end <= end;
	}
	return false;
}

bool mp_libc_is_thread(uint64_t addr)
{
	const uint64_t *words = (const uint64_t *)(uintptr_t)addr;

	return words[THREAD_SELF] == addr && words[THREAD_AGAIN] == addr;
}

uint64_t mp_libc_thread_vector(uint64_t addr)
{
	return ((const uint64_t *)(uintptr_t)addr)[THREAD_VECTOR];
}

uint32_t mp_libc_thread_id(uint64_t addr, uint64_t own, uint32_t own_tid)
{
	for (uint64_t at = THREAD_ID; at < THREAD_ID_MAX; at += 4)
		if (*(const uint32_t *)(uintptr_t)(own + at) == own_tid)
			return *(const uint32_t *)(uintptr_t)(addr + at);
	return 0;
}
