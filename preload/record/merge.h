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

/* How far a merge was when it had added a native frame. */
struct mp_merge_step {
	uint32_t depth; /* nodes */
	uint32_t end;	/* other frames */
	uint32_t first; /* the next frame that was to be added; or all there
			   were */
};

/* The last stack that was put together. All zero is a valid new one. */
struct mp_merge {
	uint32_t base; /* what nodes[0] is a child of; 0: nothing kept */
	size_t depth;
	/* Since then, frames as they were: see mp_merge_kept_*(). */
	size_t native_kept, others_kept;
	size_t others; /* frames of the other language in it */
	size_t steps;  /* native frames in it; 0: none is kept */
	struct mp_merge_step step[MP_DEPTH_MAX];
	uint64_t pcs[MP_MERGE_NODES]; /* outermost first */
	uint32_t nodes[MP_MERGE_NODES];
};

/*
 * After each walk of the writer's walker, and after each of the language's
 * since the last merge: the outermost frames that are as the walk before had
 * them.
 */
static inline void mp_merge_kept_native(struct mp_merge *merge, size_t kept)
{
	if (kept < merge->native_kept)
		merge->native_kept = kept;
}

static inline void mp_merge_kept_others(struct mp_merge *merge, size_t kept)
{
	if (kept < merge->others_kept)
		merge->others_kept = kept;
}

/*
 * The node of a stack under a base; 0 when there is no room for it. walk was
 * placed and is the last one of the writer's walker.
 */
uint32_t mp_merge_node(struct mp_merge *merge, struct mp_writer *writer,
		       const struct mp_language *language,
		       const struct mp_language_thread *thread,
		       const struct mp_walk *walk, uint32_t base);

#endif
