/* SPDX-License-Identifier: MIT */
/* What threads hold: registers, stacks, thread-local variables. */
#include "config.h"

#include "preload/base/map.h"
#include "preload/leak/libc.h"
#include "preload/leak/scan.h"

#define RED_ZONE	128u /* below the stack pointer, in use by leaves */
#define THREAD_ALIGN	64u
#define THREAD_ROUND(x) (((x) + MPF_PAGE - 1) & ~(uint64_t)(MPF_PAGE - 1))

/* A thread as it is scanned. */
struct subject {
	uint32_t tid;
	const char *name;
	const uint64_t *registers;
	uint32_t register_count;
	const uint64_t *vectors;
	uint32_t vector_count;
	uint64_t sp;  /* 0: unknown */
	uint64_t tls; /* 0: unknown */
};

static uint64_t own_tls(void)
{
	uint64_t self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}

/* A thread's stack begins behind pages that nobody may touch. */
static bool is_guarded(const struct mp_memory *memory,
		       const struct mp_memory_map *map)
{
	return map > memory->maps && map[-1].end == map->start &&
	       !map[-1].is_readable && !map[-1].is_writable;
}

static bool is_stack_map(const struct mp_memory *memory,
			 const struct mp_memory_map *map)
{
	return map->is_readable && map->is_writable && !map->is_shared &&
	       map->inode == 0 && is_guarded(memory, map);
}

static void scan_registers(struct mp_scan *scan, const struct subject *thread)
{
	uint32_t root = mp_verdicts_root(scan->verdicts, MPF_HELD_REGISTER,
					 thread->tid, thread->name, NULL);

	mp_chase_root(&scan->chase, root, 0);
	for (uint32_t i = 0; i < thread->register_count; i++)
		mp_chase_word(&scan->chase, thread->registers[i], i);
	for (uint32_t i = 0; i < thread->vector_count; i++)
		mp_chase_word(&scan->chase, thread->vectors[i],
			      thread->register_count + i);
}

/* Its control block, which holds the first values of pthread_setspecific(),
 * and the variables before it. */
static void scan_tls(struct mp_scan *scan, const struct subject *thread)
{
	const struct mp_memory_map *map =
		mp_memory_find(&scan->memory, thread->tls);
	uint64_t start = thread->tls - scan->tls_bytes;
	uint64_t end = thread->tls + MP_LIBC_THREAD_BYTES;

	if (!map || !map->is_readable)
		return;
	if (start < map->start || start > thread->tls)
		start = map->start;
	if (end > map->end)
		end = map->end;
	mp_chase_root(&scan->chase,
		      mp_verdicts_root(scan->verdicts, MPF_HELD_TLS,
				       thread->tid, thread->name, NULL),
		      0);
	/* The table of its thread-local blocks is known by its third word. */
	mp_chase_block(&scan->chase, mp_libc_thread_vector(thread->tls),
		       thread->tls);
	mp_chase_range(&scan->chase, start, end);
	mp_memory_skip(&scan->memory, start, end);
}

static void scan_stack(struct mp_scan *scan, const struct subject *thread)
{
	const struct mp_memory_map *at_sp = NULL, *own = NULL;
	const struct mp_heap_block *block;
	uint64_t end;

	if (thread->sp)
		at_sp = mp_memory_find(&scan->memory, thread->sp);
	if (thread->tls)
		own = mp_memory_find(&scan->memory, thread->tls);
	if (own && !is_stack_map(&scan->memory, own))
		own = NULL; /* of the first thread, or of the program's making
			     */
	mp_chase_root(&scan->chase,
		      mp_verdicts_root(scan->verdicts, MPF_HELD_STACK,
				       thread->tid, thread->name, NULL),
		      0);
	if (own && at_sp == own && thread->sp < thread->tls) {
		mp_chase_range(&scan->chase, thread->sp, thread->tls);
		return;
	}
	/* On another stack, or nobody knows where: all of its own. */
	if (own)
		mp_chase_range(&scan->chase, own->start, thread->tls);
	if (!at_sp || !at_sp->is_readable)
		return;
	end = at_sp->end;
	block = mp_heap_find(&scan->heap, thread->sp);
	if (block) {
		end = block->addr + block->bytes;
		mp_chase_block(&scan->chase, block->addr, thread->sp);
	} else if (at_sp->path[0] == '\0' && end - thread->sp > MPF_PAGE * 2048)
		end = thread->sp + (uint64_t)MPF_PAGE * 2048;
	mp_chase_range(&scan->chase, thread->sp, end);
	/* Below it lies what was left there by calls that have returned. */
	if (!block &&
	    (at_sp->path[0] == '[' || is_guarded(&scan->memory, at_sp)))
		mp_memory_skip(&scan->memory, at_sp->start, end);
}

static void scan_thread(struct mp_scan *scan, const struct subject *thread)
{
	if (thread->tls)
		scan_tls(scan, thread);
	scan_registers(scan, thread);
	scan_stack(scan, thread);
}

/* Looking for control blocks in a mapping. */
struct search {
	struct mp_scan *scan;
	const struct mp_memory_map *map;
	struct subject *threads;
	uint32_t count;
	uint64_t own;  /* the caller's */
	uint64_t from; /* nothing before this is to be skipped any more */
};

static void note_thread(struct search *search, uint64_t at)
{
	struct mp_scan *scan = search->scan;
	uint32_t tid;

	/* The library keeps stacks of threads that are gone, with their
	 * tables, for those to come. */
	mp_chase_block(&scan->chase, mp_libc_thread_vector(at), at);
	tid = mp_libc_thread_id(at, search->own, scan->stop->tid);
	for (uint32_t t = 0; tid && t < search->count; t++)
		if (search->threads[t].tid == tid && !search->threads[t].tls)
			search->threads[t].tls = at;
	/* Above the stack is its control block, and then maybe other memory
	 * that the kernel joined with it. */
	mp_memory_skip(&scan->memory, search->from,
		       THREAD_ROUND(at + MP_LIBC_THREAD_BYTES));
	search->from = at;
}

static void look_for_threads(void *arg, const uint64_t *words, size_t count,
			     uint64_t at)
{
	struct search *search = arg;
	size_t step = THREAD_ALIGN / sizeof(*words);
	size_t i = (0 - at) % THREAD_ALIGN / sizeof(*words);

	/* It begins with its own address. */
	for (; i < count; i += step) {
		uint64_t addr = at + i * sizeof(*words);

		if (words[i] == addr &&
		    addr + MP_LIBC_THREAD_BYTES <= search->map->end &&
		    mp_libc_is_thread(addr))
			note_thread(search, addr);
	}
}

/*
 * Stacks by the control blocks in them, whose threads live or are gone: no
 * part of them is scanned as mere memory. Threads that were not stopped are
 * recognised by their ids, so that their control blocks become known. Only
 * pages that hold something are looked at: stacks are large and mostly unused.
 */
static void find_stacks(struct mp_scan *scan, struct subject *threads,
			uint32_t count)
{
	struct mp_memory *memory = &scan->memory;
	struct search search = {
		.scan = scan,
		.threads = threads,
		.count = count,
		.own = own_tls(),
	};

	mp_chase_root(&scan->chase, MPF_HELD_TLS, 0);
	for (size_t i = 0; i < memory->count; i++) {
		if (!is_stack_map(memory, &memory->maps[i]))
			continue;
		search.map = &memory->maps[i];
		search.from = search.map->start;
		mp_memory_words(memory, search.map->start, search.map->end,
				look_for_threads, &search);
	}
}

void mp_scan_threads(struct mp_scan *scan)
{
	const struct mp_stop *stop = scan->stop;
	struct subject *threads =
		mp_map_new((stop->count + 1) * sizeof(*threads));
	uint32_t count = 1;

	if (!threads)
		return;
	threads[0] = (struct subject) {
		.tid = stop->tid,
		.name = stop->name,
		.registers = scan->saved,
		.register_count = MP_SCAN_SAVED,
		.sp = (uint64_t)(uintptr_t)(scan->saved + MP_SCAN_SAVED),
		.tls = own_tls(),
	};
	for (uint32_t i = 0; i < stop->count; i++) {
		const struct mp_stop_thread *from = &stop->threads[i];

		if (!from->tid)
			continue;
		threads[count++] = (struct subject) {
			.tid = from->tid,
			.name = from->name,
			.registers = from->registers,
			.register_count = from->register_count,
			.vectors = stop->vectors + from->vector_first,
			.vector_count = from->vector_count,
			.sp = from->sp ? from->sp - RED_ZONE : 0,
			.tls = from->tls,
		};
	}
	find_stacks(scan, threads, count);
	for (uint32_t i = 0; i < count; i++)
		scan_thread(scan, &threads[i]);
}
