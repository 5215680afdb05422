/* SPDX-License-Identifier: MIT */
/*
 * What one thread's walks own, and the plain walk that needs no memory of
 * earlier ones.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a walker that is not in use; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_WALKER_H
#define MEMPROF_PRELOAD_UNWIND_WALKER_H

#include "preload/unwind/memo.h"
#include "preload/unwind/repeat.h"
#include "preload/unwind/stack.h"
#include "preload/unwind/step.h"
#include "preload/unwind/unwind.h"

struct mp_walker {
	struct mp_stack stack;
	uint64_t plain[MP_DEPTH_MAX]; /* filled from its end */
	struct mp_memo memo;
	struct mp_repeat_set repeats[MP_REPEAT_SETS];
};

/* The outcome of a plain walk. */
struct mp_plain {
	const uint64_t *pcs; /* outermost first */
	size_t depth;
	enum mp_walk_end end;
	bool has_guess, has_exact;
};

/*
 * Walks into pcs[0 .. limit), from its end downwards. limit is at least 1.
 */
void mp_plain_walk(struct mp_stack *stack, const struct mp_regs *regs,
		   uint32_t generation, uint64_t *pcs, size_t limit,
		   struct mp_plain *ret_plain);

/* What the outcome of a step that is not plain says of the new pc. */
uint64_t mp_plain_flags(enum mp_step step);

/* Why a walk ends: by a step without a caller, by a pc that is none. */
enum mp_walk_end mp_plain_end(enum mp_step step);
enum mp_walk_end mp_plain_end_of_pc(uintptr_t pc, bool is_exact);

#endif
