/* SPDX-License-Identifier: MIT */
/*
 * A thread's memory of its last walk. The last walk is kept as the words it
 * read. A new walk steps only through its inner frames, until it stands where
 * the last one stood; from there outwards it is the same walk if every word
 * is as it was, and that is all that is checked.
 *
 * Why that is exact. A walk is a function of the registers it begins with, of
 * the rules and of the words it reads, each at an address that depends on
 * these and on earlier words only. So equal registers and equal words, in the
 * order they were read, give equal pcs, whatever happened in between. No
 * assumption on compilers, stacks or threads is made.
 *
 * Why it is safe. A word is only looked at after those the walk read before it
 * were found equal: a walk would read that address now.
 *
 * Three traps. (1) Return addresses alone are not enough: frames that use rbp
 * have no fixed size, so saved rbp words belong to what is compared, unless
 * nobody further out uses them. (2) After an unsuccessful comparison, go on
 * from the true registers: the kept rbp of a frame may be stale, because it
 * was unused by the old outer frames only. (3) An interrupted pc is not the
 * same as an equal return address: the flags are part of what is compared.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a walker that is not in use; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_MEMO_H
#define MEMPROF_PRELOAD_UNWIND_MEMO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/unwind/stack.h"
#include "preload/unwind/unwind.h"

#define MP_MEMO_WORDS (3u * MP_DEPTH_MAX)

/* A word that a walk read. */
struct mp_word {
	const uintptr_t *addr;
	uintptr_t value;
};

/* The registers on entry to a frame. */
struct mp_joint {
	uint64_t pc; /* with flags */
	uintptr_t sp, bp;
	uint32_t words; /* read by this frame and those further out */
	bool is_live;	/* bp is used by this frame or further out */
	uint8_t flags;	/* MP_PC_* >> 56 of this frame and those further out */
};

/* A frame of the walk under way. */
struct mp_fresh {
	uint64_t pc; /* with flags */
	uintptr_t sp, bp;
	uintptr_t addr[3], value[3];
	uint8_t count;
	uint8_t bp_word; /* which of the words is rbp, if sets_bp */
	bool uses_bp, sets_bp;
};

/*
 * All zero is a valid new one. joints[i] and pcs[i] are of the same frame, 0
 * being outermost. The words of frame i are
 *	words[i > 0 ? joints[i - 1].words : 0 .. joints[i].words)
 * from the last that was read to the first, so that going down from any
 * joint's words meets them in the order in which a walk read them.
 */
struct mp_memo {
	uint32_t generation;
	uint32_t depth; /* 0: nothing is remembered */
	enum mp_walk_end end;
	struct mp_word words[MP_MEMO_WORDS];
	struct mp_joint joints[MP_DEPTH_MAX];
	uint64_t pcs[MP_DEPTH_MAX];
	struct mp_fresh fresh[MP_DEPTH_MAX];
};

/*
 * Walks with at most limit frames. False: this stack cannot be walked with a
 * memory (too deep for the limit, sometimes); nothing is set and nothing is
 * remembered, do a plain walk.
 */
bool mp_memo_walk(struct mp_memo *memo, struct mp_stack *stack,
		  const struct mp_regs *regs, uint32_t generation, size_t limit,
		  struct mp_walk *ret_walk);

/*
 * How many of words[0 .. count) are yet to be looked at when one is found
 * changed, itself included; 0: all are as remembered.
 */
static inline size_t mp_words_changed(const struct mp_word *words, size_t count)
{
	for (size_t i = count; i > 0; i--)
		if (__builtin_expect(
			    *(const volatile uintptr_t *)words[i - 1].addr !=
				    words[i - 1].value,
			    0))
			return i;
	return 0;
}

#endif
