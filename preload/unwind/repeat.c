/* SPDX-License-Identifier: MIT */
/* Entries of the memory of many walks. */
#include "config.h"

#include "preload/unwind/repeat.h"

#include <string.h>

_Static_assert(MP_REPEAT_ENTRIES == 1u << (64 - 55), "mp_repeat_slot()");

bool mp_repeat_keep(struct mp_repeat_entry *entry, const struct mp_memo *memo,
		    uint64_t pc, const struct mp_regs *caller)
{
	const struct mp_joint *joint;

	if (memo->depth < 2 || memo->joints[memo->depth - 1].pc != pc)
		return false;
	joint = &memo->joints[memo->depth - 2];
	if (joint->pc != caller->pc || joint->sp != caller->sp ||
	    joint->words > MP_REPEAT_WORDS)
		return false;
	entry->pc = pc;
	entry->caller = *caller;
	entry->generation = memo->generation;
	entry->tag = 0;
	entry->count = (uint8_t)joint->words;
	entry->end = (uint8_t)memo->end;
	entry->is_live = joint->is_live;
	entry->has_guess = joint->has_guess;
	memcpy(entry->words, memo->words,
	       joint->words * sizeof(memo->words[0]));
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
