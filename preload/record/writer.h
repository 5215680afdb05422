/* SPDX-License-Identifier: MIT */
/*
 * Writers: what one thread at a time counts with. A writer has its own slots
 * in the dump, a map from classes to them, a walker and the nodes of its last
 * walk. It belongs to a thread until that thread is gone, then to whoever
 * needs one: nothing is owed at thread exit, and frees by the last TLS
 * destructors still find it.
 *
 * Context: any thread for acquire; otherwise the owning thread; may run
 * inside malloc; may run in a signal handler: through a nested writer (see
 * mp_writer_enter()); locks taken: the list of writers, then the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_WRITER_H
#define MEMPROF_PRELOAD_RECORD_WRITER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"
#include "preload/record/file.h"
#include "preload/record/stacks.h"
#include "preload/unwind/unwind.h"

#define MP_CHILD_CACHE 16384u /* entries; a power of two */
#define MP_CLASS_BITS  9      /* of the index into a writer's classes */
#define MP_MAP_SHIFT   14     /* classes in a chunk of a writer's map: 64 KiB */
#define MP_MAP_CHUNKS  (1u << (28 - MP_MAP_SHIFT))

struct mp_child {
	uint64_t pc;
	uint32_t parent;
	uint32_t id;
};

/* A class used lately: what a repeated event needs, in one place. */
struct mp_class {
	uint32_t node; /* of the stack; 0: empty */
	uint32_t leaf; /* MPF_CLASS() */
	uint32_t id;
	struct mpf_slot *slot;
};

/* A class whose slot was needed lately, to count a free. */
struct mp_seen {
	uint32_t id; /* of the class; 0: empty */
	struct mpf_slot *slot;
};

struct mp_writer {
	/* Owner only. */
	bool is_busy;		 /* its code is running: see enter() */
	bool is_nested;		 /* serves handlers that interrupt a writer */
	uint32_t walks_to_check; /* MEMPROF_CHECK: until the next one */
	int64_t sample_left;	 /* bytes until the next sample; see sample.h */
	uint64_t random;	 /* state of its generator; 0: not seeded */
	const void *last_block;	 /* allocated last: temporary when freed */
	int64_t delta;		 /* live bytes not yet in the header's total */
	uint32_t pulse_left, pulse_wait;       /* allocations; see timeline.h */
	struct mpf_thread *record;	       /* in the dump */
	struct mpf_slot *slot_next, *slot_end; /* free slots */
	uint64_t slot_first;		       /* elements so far */
	uint32_t chain_generation;	       /* nodes[] is of; 0: nothing */
	uint32_t chain_depth;
	struct mp_writer *nested;
	struct mp_lifetimes *lifetimes; /* see lifetimes.h */
	struct mp_mixed *mixed; /* see mixed.h; NULL: native stacks so far */

	/* List lock. */
	uint32_t index; /* of record in the dump */
	uint32_t pid, tid;
	struct mp_writer *next, *next_free;

	struct mp_walker *walker;
	uint32_t *map[MP_MAP_CHUNKS]; /* class -> slot's offset / 64 */
	uint32_t nodes[MP_DEPTH_MAX]; /* of the last walk, outermost first */
	struct mp_class classes[1u << MP_CLASS_BITS];
	struct mp_seen seen[1u << MP_CLASS_BITS];
	struct mp_child children[MP_CHILD_CACHE];
};

/* This thread's, or NULL before its first event. */
extern __thread struct mp_writer *mp_writer_self;

/*
 * The writer to use now, marked busy: this thread's own, made at its first
 * event, or its nested one when a signal handler interrupted it. NULL when
 * there is no memory or space, or handlers are nested too deep: the event is
 * then counted in the header's overflow.
 */
struct mp_writer *mp_writer_enter_slow(void);

static inline struct mp_writer *mp_writer_enter(void)
{
	struct mp_writer *writer = mp_writer_self;

	if (__builtin_expect(!writer || writer->is_busy, 0))
		return mp_writer_enter_slow();
	writer->is_busy = true;
	atomic_signal_fence(memory_order_seq_cst);
	return writer;
}

static inline void mp_writer_leave(struct mp_writer *writer)
{
	atomic_signal_fence(memory_order_seq_cst);
	/* What it did is there for the thread that takes it over. */
	__atomic_store_n(&writer->is_busy, false, __ATOMIC_RELEASE);
}

static inline struct mp_class *mp_writer_class(struct mp_writer *writer,
					       uint32_t node, uint32_t leaf)
{
	uint32_t hash = (node ^ leaf << 20) * UINT32_C(0x9E3779B1);

	return &writer->classes[hash >> (32 - MP_CLASS_BITS)];
}

/* The slot of a class, as its offset / 64; 0 when there is no room for it. */
uint32_t mp_writer_line_new(struct mp_writer *writer, uint32_t node);

static inline uint32_t mp_writer_line(struct mp_writer *writer, uint32_t node)
{
	const uint32_t *chunk = writer->map[node >> MP_MAP_SHIFT];
	uint32_t line;

	if (__builtin_expect(chunk != NULL, 1)) {
		line = chunk[node & ((1u << MP_MAP_SHIFT) - 1)];
		if (__builtin_expect(line != 0, 1))
			return line;
	}
	return mp_writer_line_new(writer, node);
}

static inline struct mpf_slot *mp_writer_at(uint32_t line)
{
	return mp_file_at((uint64_t)line * sizeof(struct mpf_slot));
}

/* The slot of a class; NULL when there is no room. */
static inline struct mpf_slot *mp_writer_slot(struct mp_writer *writer,
					      uint32_t node)
{
	uint32_t line = mp_writer_line(writer, node);

	return __builtin_expect(line != 0, 1) ? mp_writer_at(line) : NULL;
}

/* The same, for classes that come again and again. */
static inline struct mpf_slot *mp_writer_slot_seen(struct mp_writer *writer,
						   uint32_t node)
{
	struct mp_seen *seen =
		&writer->seen[node & ((1u << MP_CLASS_BITS) - 1)];

	if (__builtin_expect(seen->id == node, 1))
		return seen->slot;
	*seen = (struct mp_seen) { node, mp_writer_slot(writer, node) };
	if (__builtin_expect(!seen->slot, 0))
		seen->id = 0;
	return seen->slot;
}

/* Where the writer remembers a child that does not follow its parent. */
static inline struct mp_child *mp_writer_memory(struct mp_writer *writer,
						uint32_t parent, uint64_t pc)
{
	uint64_t hash = (pc ^ parent * UINT64_C(0x9E3779B97F4A7C15)) *
			UINT64_C(0xD6E8FEB86659FD93);

	return &writer->children[hash >> 32 & (MP_CHILD_CACHE - 1)];
}

static inline void mp_writer_remember(struct mp_writer *writer, uint32_t parent,
				      uint64_t pc, uint32_t id)
{
	*mp_writer_memory(writer, parent, pc) =
		(struct mp_child) { pc, parent, id };
}

/* mp_stacks_find() behind the writer's memory; parent is not NONE. */
static inline uint32_t mp_writer_find(struct mp_writer *writer, uint32_t parent,
				      uint64_t pc)
{
	uint32_t id = mp_stacks_next(parent, pc);
	const struct mp_child *child;

	if (id)
		return id;
	child = mp_writer_memory(writer, parent, pc);
	if (child->pc == pc && child->parent == parent)
		return child->id;
	id = mp_stacks_find(parent, pc);
	if (id)
		mp_writer_remember(writer, parent, pc, id);
	return id;
}

/* mp_stacks_child() behind the writer's memory. */
uint32_t mp_writer_child(struct mp_writer *writer, uint32_t parent,
			 uint64_t pc);

/*
 * The innermost node of n frames below node, outermost first, made as far as
 * need be; node itself for none. 0 when node is, or when there is no room.
 * ret_ids gets one for each.
 */
uint32_t mp_writer_intern(struct mp_writer *writer, uint32_t node,
			  const uint64_t *pcs, size_t n, uint32_t *ret_ids);

/*
 * In a forked child, after mp_file_fork(): forgets the parent's writers and
 * makes writer 0 the one that holds what was inherited. Its slots are filled
 * through mp_writer_slot(); NULL when there is no memory.
 */
struct mp_writer *mp_writer_forked(void);

#endif
