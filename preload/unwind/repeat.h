/* SPDX-License-Identifier: MIT */
/*
 * A thread's memory of many walks, for code that goes round between a few
 * sites. A walk is known again by the two innermost pcs, the registers of the
 * second frame, and all words that were read from there outwards; see memo.h
 * for why that is exact. What is known again needs no frames: the caller's
 * note stands for it.
 *
 * Why it is safe: words are compared in the order in which a walk reads them,
 * except that those on one page are looked at together. So a page is touched
 * only after all words that the walk read before its first one there were
 * found equal: a walk would read from that page now.
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

#define MP_REPEAT_SETS	256u /* of two: see mp_repeat_set */
#define MP_REPEAT_WORDS 96u  /* deeper stacks are not kept here */
#define MP_REPEAT_RUNS	14u  /* of words on one page; nor those with more */

/*
 * All zero is an empty one: no frame has the pc 0. Valid while generation is
 * the current one.
 */
struct mp_repeat_entry {
	uint64_t pc;	       /* of the innermost frame */
	struct mp_regs caller; /* one step further out */
	uint32_t generation;
	uint32_t wanted; /* of the walk that was not here last; 0: none */
	uint8_t end;	 /* enum mp_walk_end */
	bool is_live;	 /* caller.bp matters */
	bool has_guess;
	uint8_t runs;			 /* how many */
	uint8_t run_end[MP_REPEAT_RUNS]; /* index behind its last word */
	struct mp_note note;
	uintptr_t values[MP_REPEAT_WORDS]; /* innermost first */
	uint16_t places[MP_REPEAT_WORDS];  /* (address - caller.sp) / 8 */
	uint64_t digest; /* of the pcs; in the test mode only */
};

_Static_assert(sizeof(struct mp_repeat_entry) <= 1088, "entry");

/* What may hold a walk. Two busy ones that had to share one entry would drive
 * each other out each time. */
struct mp_repeat_set {
	struct mp_repeat_entry entries[2];
	uint32_t next; /* which is to be given up */
};

/* The set for what begins so. */
static inline struct mp_repeat_set *
mp_repeat_set_of(struct mp_repeat_set *sets, uint64_t pc,
		 const struct mp_regs *caller)
{
	const uint64_t mixed =
		(pc ^ caller->pc << 21 ^ caller->sp << 42 ^ caller->sp) *
		UINT64_C(0x9e3779b97f4a7c15);

	return &sets[mixed >> 56];
}

typedef uintptr_t mp_stack_word __attribute__((may_alias));

static inline bool mp_repeat_words_hold(const struct mp_repeat_entry *entry)
{
	const mp_stack_word *sp = (const mp_stack_word *)entry->caller.sp;
	const uint8_t *run = entry->run_end, *last = run + entry->runs;
	size_t i = 0;

	for (; run < last; run++) {
		const size_t end = *run;
		uintptr_t changed = 0;

		for (; i + 4 <= end; i += 4) {
			changed |= sp[entry->places[i]] ^ entry->values[i];
			changed |=
				sp[entry->places[i + 1]] ^ entry->values[i + 1];
			changed |=
				sp[entry->places[i + 2]] ^ entry->values[i + 2];
			changed |=
				sp[entry->places[i + 3]] ^ entry->values[i + 3];
		}
		for (; i < end; i++)
			changed |= sp[entry->places[i]] ^ entry->values[i];
		if (__builtin_expect(changed != 0, 0))
			return false;
	}
	return true;
}

/* Whether the walk with these two frames is that of the entry. */
static inline bool mp_repeat_holds(const struct mp_repeat_entry *entry,
				   uint64_t pc, const struct mp_regs *caller,
				   uint32_t generation)
{
	return entry->pc == pc && entry->caller.pc == caller->pc &&
	       entry->caller.sp == caller->sp &&
	       (!entry->is_live || entry->caller.bp == caller->bp) &&
	       entry->generation == generation && mp_repeat_words_hold(entry);
}

/* The entry that a walk which was not found may take over. */
static inline struct mp_repeat_entry *mp_repeat_room(struct mp_repeat_set *set,
						     uint32_t generation)
{
	for (unsigned i = 0; i < 2; i++)
		if (!set->entries[i].pc ||
		    set->entries[i].generation != generation)
			return &set->entries[i];
	return &set->entries[set->next];
}

/*
 * Whether a walk that was not found here should take the entry over: when it
 * is free or outdated, or when it comes for the second time running, because
 * copying its words for one that never comes back costs more than it gives.
 */
static inline bool mp_repeat_wants(struct mp_repeat_entry *entry, uint64_t pc,
				   const struct mp_regs *caller,
				   uint32_t generation)
{
	const uint32_t key = (uint32_t)((pc ^ caller->pc << 21 ^ caller->sp) *
						UINT64_C(0x9e3779b97f4a7c15) >>
					32) |
			     1;

	if (!entry->pc || entry->generation != generation ||
	    entry->wanted == key)
		return true;
	entry->wanted = key;
	return false;
}

/*
 * Keeps the memo's walk of which pc and caller are the two innermost frames,
 * in an entry of the set. Its note is zero again. False: it is not one that can
 * be kept.
 */
bool mp_repeat_keep(struct mp_repeat_set *set, struct mp_repeat_entry *entry,
		    const struct mp_memo *memo, uint64_t pc,
		    const struct mp_regs *caller);

/* Of pcs, for the test mode. */
uint64_t mp_repeat_digest(const uint64_t *pcs, size_t depth);

#endif
