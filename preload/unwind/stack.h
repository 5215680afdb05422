/* SPDX-License-Identifier: MIT */
/*
 * Which words of memory a walk may read. Nobody tells us where stacks begin
 * and end (threads, coroutines, signal stacks), so pages are asked of the
 * kernel, once each, and remembered for one thread.
 *
 * Invariant between steps of a walk: lo <= sp <= hi, and [lo, hi) is readable.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a stack that is not in use; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_STACK_H
#define MEMPROF_PRELOAD_UNWIND_STACK_H

#include <stdbool.h>
#include <stdint.h>

#define MP_STACK_PAGE  4096u
#define MP_STACK_PAGES 512u  /* remembered, direct-mapped */
#define MP_STACK_WALKS 1024u /* after so many, pages are asked for anew: */
/* stacks are unmapped behind our back */
#define MP_STACK_EXTEND 64u /* pages by which the window grows at once */

/* All zero is a valid new one. */
struct mp_stack {
	uintptr_t lo, hi; /* the window */
	uint32_t walks;
	uint32_t generation;
	uintptr_t pages[MP_STACK_PAGES]; /* addresses of readable pages */
};

/* Boot only: finds out how the kernel is to be asked. */
void mp_stack_init(void);

/* Asks the kernel whether the 8 bytes at addr can be read. */
bool mp_stack_probe(uintptr_t addr);

/* Whether the aligned word at addr can be read. */
bool mp_stack_readable(struct mp_stack *stack, uintptr_t addr);

/* Moves the window to the word at addr, which need not be readable. */
void mp_stack_move(struct mp_stack *stack, uintptr_t addr);

/* A walk begins at sp. Cold part of mp_stack_enter(). */
void mp_stack_begin(struct mp_stack *stack, uintptr_t sp, uint32_t generation);

/*
 * A walk ended in what is no stack: it may have run into memory that others
 * unmap, so the next walk asks for every page anew.
 */
static inline void mp_stack_distrust(struct mp_stack *stack)
{
	stack->walks = MP_STACK_WALKS;
}

static inline void mp_stack_enter(struct mp_stack *stack, uintptr_t sp,
				  uint32_t generation)
{
	if (__builtin_expect(sp < stack->lo || sp > stack->hi ||
				     stack->generation != generation ||
				     stack->walks++ >= MP_STACK_WALKS,
			     0))
		mp_stack_begin(stack, sp, generation);
}

#endif
