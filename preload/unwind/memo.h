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

/* A frame that read three words takes two links. */
#define MP_MEMO_LINKS (2u * MP_DEPTH_MAX)

/*
 * Up to two words of the walk: those whose values determine everything further
 * out than the frame. A frame with one word has it twice: no branch then.
 */
struct mp_link {
	const uintptr_t *a, *b;
	uintptr_t a_value, b_value;
};

/* The registers on entry to the frame of a link. */
struct mp_joint {
	uint64_t pc; /* with flags; all ones: not to be joined */
	uintptr_t sp, bp;
	uint16_t real;	/* index of the frame in pcs */
	bool is_live;	/* bp is used by this frame or further out */
	bool has_guess; /* this frame or one further out is a guess */
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
 * All zero is a valid new one. links[0] is outermost.
 * Invariant: count > 0 => joints[count - 1].real + 1 == depth.
 */
struct mp_memo {
	uint32_t generation;
	uint32_t count; /* of links; 0: nothing is remembered */
	uint32_t depth;
	enum mp_walk_end end;
	struct mp_link links[MP_MEMO_LINKS];
	struct mp_joint joints[MP_MEMO_LINKS];
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

/* True when all words of links[0 .. count) are as remembered. */
static inline bool mp_memo_holds(const struct mp_link *links, size_t count,
				 size_t *ret_changed)
{
	for (size_t i = count; i-- > 0;) {
		const struct mp_link *link = &links[i];

		if (__builtin_expect(
			    *(const volatile uintptr_t *)link->a !=
					    link->a_value ||
				    *(const volatile uintptr_t *)link->b !=
					    link->b_value,
			    0)) {
			*ret_changed = i;
			return false;
		}
	}
	return true;
}

#endif
