/* SPDX-License-Identifier: MIT */
/* Entries of the memory of many walks. */
#include "config.h"

#include "preload/unwind/repeat.h"

_Static_assert(MP_REPEAT_SETS == 1u << (64 - 56), "mp_repeat_set_of()");

/* The memo's words, which are outermost first, in runs by page. */
static bool set_words(struct mp_repeat_entry *entry, uintptr_t sp,
		      const struct mp_word *words, uint32_t count)
{
	uintptr_t page = 0, unfit = 0;
	unsigned runs = 0;

	for (uint32_t i = 0; i < count; i++) {
		const struct mp_word *word = &words[count - 1 - i];
		const uintptr_t addr = (uintptr_t)word->addr;
		const uintptr_t distance = addr - sp;

		if (addr / MP_STACK_PAGE != page) {
			if (runs == MP_REPEAT_RUNS)
				return false;
			if (runs > 0)
				entry->run_end[runs - 1] = (uint8_t)i;
			runs++;
			page = addr / MP_STACK_PAGE;
		}
		/* Below sp it is a great number. */
		unfit |= distance % 8 | distance / 8 >> 16;
		entry->places[i] = (uint16_t)(distance / 8);
		entry->values[i] = word->value;
	}
	if (runs > 0)
		entry->run_end[runs - 1] = (uint8_t)count;
	entry->runs = (uint8_t)runs;
	return unfit == 0;
}

bool mp_repeat_keep(struct mp_repeat_set *set, struct mp_repeat_entry *entry,
		    const struct mp_memo *memo, uint64_t pc,
		    const struct mp_regs *caller)
{
	const struct mp_joint *joint;

	if (memo->depth < 2 || memo->joints[memo->depth - 1].pc != pc)
		return false;
	joint = &memo->joints[memo->depth - 2];
	if (joint->pc != caller->pc || joint->sp != caller->sp ||
	    joint->words > MP_REPEAT_WORDS)
		return false;
	/* Empty while it is half of one and half of another. */
	entry->pc = 0;
	entry->wanted = 0;
	entry->note = (struct mp_note) { .tag = 0 };
	if (!set_words(entry, caller->sp, memo->words, joint->words))
		return false;
	set->next = entry == &set->entries[0];
	entry->pc = pc;
	entry->caller = *caller;
	entry->generation = memo->generation;
	entry->end = (uint8_t)memo->end;
	entry->is_live = joint->is_live;
	entry->has_guess = joint->flags & MP_PC_GUESSED >> 56;
	return true;
}

uint64_t mp_repeat_digest(const uint64_t *pcs, size_t depth)
{
	uint64_t digest = depth;

	for (size_t i = 0; i < depth; i++) {
		digest = (digest ^ pcs[i]) * UINT64_C(0x9e3779b97f4a7c15);
		digest ^= digest >> 29;
	}
	return digest;
}
