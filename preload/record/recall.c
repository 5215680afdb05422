/* SPDX-License-Identifier: MIT */
/* Classes of events that were met before. */
#include "config.h"

#include "preload/record/recall.h"

#include <stddef.h>

#include "preload/record/mixed_state.h"
#include "preload/record/modules.h"
#include "preload/record/writer.h"
#include "preload/unwind/known.h"

_Static_assert(sizeof(struct mp_recalled) == 64, "one line");

/* The native stack, the bits of the innermost frame, and the leaf: one word, as
 * parts that are written one by one cannot be compared at once soon after. */
static inline uint64_t kind_of(uint32_t tag, uint32_t bits, uint32_t leaf)
{
	return tag | (uint64_t)(uint16_t)bits << 32 |
	       (uint64_t)(uint16_t)leaf << 48;
}

static inline struct mp_recalled_set *set_of(struct mp_mixed *mixed,
					     const struct mp_recalled *key)
{
	const uint64_t hash = (key->position ^ key->number << 44 ^
			       key->kind << 24 ^ key->kind >> 48) *
			      UINT64_C(0x9e3779b97f4a7c15);

	_Static_assert(MP_RECALL_SETS == 1u << (64 - 53), "sets");
	return &mixed->recall.sets[hash >> 53];
}

static inline bool is_same(const struct mp_recalled *a,
			   const struct mp_recalled *b)
{
	return a->number == b->number && a->position == b->position &&
	       a->code == b->code && a->native == b->native &&
	       a->freed == b->freed && a->kind == b->kind &&
	       a->generation == b->generation;
}

static inline uint64_t number_around(const struct mp_mixed *mixed, size_t count)
{
	return count > 0 ? mixed->at[count - 1] : MP_NUMBER_EMPTY;
}

static inline uint32_t generation(void)
{
	return __atomic_load_n(&mp_modules.generation, __ATOMIC_ACQUIRE);
}

void mp_recall_begin(struct mp_writer *writer)
{
	if (writer->mixed)
		writer->mixed->wanted.tag = 0;
}

const struct mp_recalled *mp_recall_find(struct mp_writer *writer,
					 const struct mp_regs *regs,
					 uint32_t leaf,
					 struct mp_known *ret_known)
{
	struct mp_mixed *mixed = writer->mixed;
	const struct mp_recalled_set *set;
	struct mp_language_top top;
	struct mp_recalled key;
	const struct mp_note *note;

	if (!mixed)
		return NULL;
	/* First, as its memory is the larger one, and takes longer to come. */
	note = mp_unwind_known(writer->walker, regs, ret_known);
	if (!note || !(note->tag & MP_TAG_MIXED) ||
	    !mp_python.top(&mixed->thread, &top))
		return NULL;
	key.number = number_around(mixed, top.around);
	key.position = top.position;
	key.code = top.code;
	key.native = top.native;
	key.freed = mixed->thread.freed;
	key.kind = kind_of(note->tag, top.bits, leaf);
	key.generation = generation();
	set = set_of(mixed, &key);
	if (__builtin_expect(is_same(&set->last, &key), 1))
		return &set->last;
	return is_same(&set->other, &key) ? &set->other : NULL;
}

void mp_recall_keep(struct mp_writer *writer, uint32_t leaf, uint32_t id,
		    struct mpf_slot *slot)
{
	struct mp_mixed *mixed = writer->mixed;
	const struct mp_language_thread *thread;
	const struct mp_language_source *top;
	struct mp_recalled_set *set;
	struct mp_recalled key;

	if (!mixed || !mixed->wanted.tag || !mixed->wanted.number || !slot)
		return;
	thread = &mixed->thread;
	if (!thread->is_sure || thread->count == 0)
		return;
	top = &thread->last.sources[thread->count - 1];
	key = (struct mp_recalled) {
		.number = number_around(mixed, thread->count - 1),
		.position = top->position,
		.code = thread->has_positions ? 0 : top->code,
		.native = top->native,
		.freed = thread->freed,
		.kind = kind_of(mixed->wanted.tag, top->bits, leaf),
		.slot = slot,
		.generation = mixed->wanted.generation,
		.id = id,
	};
	set = set_of(mixed, &key);
	set->other = set->last;
	set->last = key;
}
