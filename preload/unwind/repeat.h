/* SPDX-License-Identifier: MIT */
/*
 * A thread's memory of many walks, for code that goes round between a few
 * sites. A walk is known again by the two innermost pcs, the registers of the
 * second frame, and all words that were read from there outwards; see memo.h
 * for why that is exact and safe. What is known again needs no frames: the
 * caller's tag names it.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a walker that is not in use; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_REPEAT_H
#define MEMPROF_PRELOAD_UNWIND_REPEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/unwind/memo.h"
#include "preload/unwind/unwind.h"

#define MP_REPEAT_ENTRIES 512u /* direct-mapped */
#define MP_REPEAT_WORDS	  60u  /* deeper stacks are not kept here */

/*
 * All zero is an empty one: no frame has the pc 0. Valid while generation is
 * the current one.
 */
struct mp_repeat_entry {
	uint64_t pc;	       /* of the innermost frame */
	struct mp_regs caller; /* one step further out */
	uint64_t digest;       /* of the pcs; in the test mode only */
	uint32_t generation;
	uint32_t tag;
	uint8_t count; /* of words */
	uint8_t end;   /* enum mp_walk_end */
	bool is_live;  /* caller.bp matters */
	bool has_guess;
	struct mp_word words[MP_REPEAT_WORDS]; /* in the order of memo's */
};

_Static_assert(sizeof(struct mp_repeat_entry) <= 1024, "entry");

/* The entry for what begins so, whether or not it holds that. */
static inline struct mp_repeat_entry *
mp_repeat_slot(struct mp_repeat_entry *entries, uint64_t pc,
	       const struct mp_regs *caller)
{
	const uint64_t mixed =
		(pc ^ caller->pc << 21 ^ caller->sp << 42 ^ caller->sp) *
		UINT64_C(0x9e3779b97f4a7c15);

	return &entries[mixed >> 55];
}

/* Whether the walk with these two frames is that of the entry. */
static inline bool mp_repeat_holds(const struct mp_repeat_entry *entry,
				   uint64_t pc, const struct mp_regs *caller,
				   uint32_t generation)
{
	return entry->pc == pc && entry->caller.pc == caller->pc &&
	       entry->caller.sp == caller->sp &&
	       (!entry->is_live || entry->caller.bp == caller->bp) &&
	       entry->generation == generation &&
	       mp_words_changed(entry->words, entry->count) == 0;
}

/*
 * Keeps the memo's walk of which pc and caller are the two innermost frames.
 * Its tag is zero again. False: it is not one that can be kept.
 */
bool mp_repeat_keep(struct mp_repeat_entry *entry, const struct mp_memo *memo,
		    uint64_t pc, const struct mp_regs *caller);

/* Of pcs, for the test mode. */
uint64_t mp_repeat_digest(const uint64_t *pcs, size_t depth);

#endif
