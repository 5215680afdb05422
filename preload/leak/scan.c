/* SPDX-License-Identifier: MIT */
/* One scan: from the memory that there is to the verdicts. */
#include "config.h"

#include "preload/leak/scan.h"

#include <errno.h>

#include "preload/base/map.h"
#include "preload/leak/ignore.h"
#include "preload/leak/libc.h"
#include "preload/record/arenas.h"
#include "preload/record/file.h"
#include "preload/record/stacks.h"

static void skip_own(void *arg, uintptr_t start, uintptr_t end)
{
	struct mp_scan *scan = arg;

	mp_memory_skip(&scan->memory, start,
		       (end + MPF_PAGE - 1) & ~(uint64_t)(MPF_PAGE - 1));
}

/* Our own mappings hold addresses of the program's blocks. */
static void skip_ours(struct mp_scan *scan)
{
	mp_map_each(skip_own, scan);
	for (uint64_t i = 0; i < MP_FILE_WINDOWS && mp_file.window[i]; i++)
		mp_memory_skip(&scan->memory, (uintptr_t)mp_file.window[i],
			       (uintptr_t)mp_file.window[i] + MP_FILE_WINDOW);
	mp_memory_skip(&scan->memory, (uintptr_t)scan->verdicts,
		       (uintptr_t)(scan->verdicts + 1));
}

static void skip_arena(void *arg, const void *addr, size_t bytes)
{
	struct mp_scan *scan = arg;

	mp_memory_skip(&scan->memory, (uintptr_t)addr, (uintptr_t)addr + bytes);
}

/* Where each object in them was recorded from the start they are heap. */
static void skip_arenas(struct mp_scan *scan)
{
	if (mp_file.header->python_objects == MPF_OBJECTS_ON)
		mp_arenas_each(skip_arena, scan);
}

static void scan_ignored(void *arg, uintptr_t start, uintptr_t end)
{
	struct mp_scan *scan = arg;

	(void)end;
	mp_chase_block(&scan->chase, start, 0);
}

static void scan_region(void *arg, uintptr_t start, uintptr_t end)
{
	struct mp_scan *scan = arg;

	for (uint64_t at = start; at < end;) {
		const struct mp_memory_map *map =
			mp_memory_find(&scan->memory, at);
		uint64_t stop = map && map->end < end ? map->end : end;

		/* Of what cannot be read, the next page. */
		if (!map)
			stop = (at | (MPF_PAGE - 1)) + 1;
		else if (map->is_readable)
			mp_chase_range(&scan->chase, at, stop);
		at = stop;
	}
}

static bool begins_with(const char *text, const char *what)
{
	while (*what && *text == *what) {
		text++;
		what++;
	}
	return *what == '\0';
}

/* Reading a device may do something, and counters of it are no addresses. */
static bool is_device(const char *path)
{
	return begins_with(path, "/dev/") && !begins_with(path, "/dev/shm/") &&
	       !begins_with(path, "/dev/zero");
}

/* All other memory that the program can write to: pools, arenas of
 * interpreters, code made at run time, shared memory. */
static void scan_mappings(struct mp_scan *scan)
{
	for (size_t i = 0; i < scan->memory.count; i++) {
		const struct mp_memory_map *map = &scan->memory.maps[i];

		if (!map->is_readable || !map->is_writable ||
		    is_device(map->path))
			continue;
		mp_chase_root(&scan->chase,
			      map->path[0]
				      ? mp_verdicts_root(scan->verdicts,
							 MPF_HELD_MAPPING, 0,
							 NULL, map->path)
				      : MPF_HELD_MAPPING,
			      0);
		mp_chase_map(&scan->chase, map);
	}
}

static void count_block(struct mp_scan *scan, const struct mp_heap_block *block)
{
	struct mpf_leak leak = {
		.class_node = block->class_node,
		.blocks = 1,
		.bytes = block->bytes,
		.largest = block->addr,
		.largest_bytes = block->bytes,
	};
	const struct mp_chase_origin *origin = NULL;

	/* It stands for what has no class. */
	if (leak.class_node == MP_NODE_OVERFLOW)
		leak.class_node = 0;
	switch (block->state) {
	case MP_HEAP_POSSIBLE:
	case MP_HEAP_REACHED:
		leak.verdict = block->state == MP_HEAP_REACHED
				       ? MPF_VERDICT_REACHABLE
				       : MPF_VERDICT_POSSIBLE;
		origin = &scan->chase.origins[block->origin];
		leak.root = origin->root;
		leak.held_at = origin->held_at;
		break;
	case MP_HEAP_INDIRECT:
		leak.verdict = MPF_VERDICT_INDIRECT;
		leak.by_class =
			mp_chase_leader(&scan->chase, block)->class_node;
		if (leak.by_class == MP_NODE_OVERFLOW)
			leak.by_class = 0;
		scan->verdicts->lost_blocks++;
		break;
	default:
		leak.verdict = MPF_VERDICT_LOST;
		scan->verdicts->lost_blocks++;
		break;
	}
	mp_verdicts_count(scan->verdicts, &leak);
}

static void prepare_roots(struct mp_scan *scan)
{
	static const enum mpf_held kinds[] = { MPF_HELD_TLS, MPF_HELD_MAPPING,
					       MPF_HELD_REGION,
					       MPF_HELD_IGNORED };

	/* The first of all makes room for those of a whole kind. */
	mp_verdicts_root(scan->verdicts, MPF_HELD_IGNORED, 0, NULL, NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		scan->verdicts->roots[kinds[i]].held = kinds[i];
}

/* The first root that leads to a block is told, so those that say most come
 * first. */
static void scan_roots(struct mp_scan *scan)
{
	prepare_roots(scan);
	mp_scan_modules(scan);
	mp_scan_threads(scan);
	mp_chase_root(&scan->chase, MPF_HELD_REGION, 0);
	mp_ignore_each_region(scan_region, scan);
	skip_ours(scan);
	skip_arenas(scan);
	mp_libc_skip_heap(&scan->memory, &scan->heap, scan->is_libc);
	mp_memory_seal(&scan->memory);
	scan_mappings(scan);
	mp_chase_root(&scan->chase, MPF_HELD_IGNORED, 0);
	mp_ignore_each_block(scan_ignored, scan);
	mp_chase_lost(&scan->chase);
}

void mp_scan_run(struct mp_scan *scan)
{
	struct mp_verdicts *verdicts = scan->verdicts;
	int ret = mp_memory_read(&scan->memory);

	verdicts->failure = ret == -ENOMEM ? MPF_LEAK_NO_MEMORY
			    : ret < 0	   ? MPF_LEAK_NO_PROC
					   : MPF_LEAK_NO_FAILURE;
	if (ret == 0) {
		ret = mp_heap_read(&scan->heap);
		if (ret == 0)
			ret = mp_chase_init(&scan->chase, &scan->heap,
					    &scan->memory);
		if (ret == 0)
			ret = mp_scan_modules_read(scan);
		if (ret < 0)
			verdicts->failure = MPF_LEAK_NO_MEMORY;
	}
	verdicts->err = -ret;
	if (ret == 0) {
		mp_heap_check(&scan->heap, &scan->memory);
		if (scan->heap.count)
			scan_roots(scan);
		for (uint32_t i = 0; i < scan->heap.count; i++)
			if (!scan->heap.blocks[i].is_chunk)
				count_block(scan, &scan->heap.blocks[i]);
		if (scan->memory.is_short)
			verdicts->failure = MPF_LEAK_NO_MEMORY;
	}
	verdicts->blocks = scan->heap.count - scan->heap.chunk_count;
	verdicts->scanned_bytes = scan->chase.scanned_bytes;
	atomic_store(&verdicts->is_done, 1);
}
