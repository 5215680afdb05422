/* SPDX-License-Identifier: MIT */
/*
 * Stacks of two languages put together: the native frames of a walk with the
 * frames that an interpreter runs in some of them put where they belong, by
 * the addresses of both on the stack.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a writer that is not in use; locks taken: those of stacks.h, for
 * insertion only; errno kept.
 */
#ifndef MEMPROF_PRELOAD_RECORD_MERGE_H
#define MEMPROF_PRELOAD_RECORD_MERGE_H

#include <stddef.h>
#include <stdint.h>

#include "preload/python/language.h"
#include "preload/record/writer.h"
#include "preload/unwind/unwind.h"

/* Of a stack: native ones, the others, and the sign that some are missing. */
#define MP_MERGE_NODES (MP_DEPTH_MAX + MP_LANGUAGE_FRAMES + 1u)

/* The last stack that was put together. All zero is a valid new one. */
struct mp_merge {
	uint32_t base; /* what nodes[0] is a child of; 0: nothing kept */
	size_t depth;
	uint64_t pcs[MP_MERGE_NODES]; /* outermost first */
	uint32_t nodes[MP_MERGE_NODES];
};

/*
 * The node of a stack under a base; 0 when there is no room for it. walk was
 * placed and is the last one of the writer's walker.
 */
uint32_t mp_merge_node(struct mp_merge *merge, struct mp_writer *writer,
		       const struct mp_language *language,
		       const struct mp_language_thread *thread,
		       const struct mp_walk *walk, uint32_t base);

#endif
