/* SPDX-License-Identifier: MIT */
/*
 * The shortest way through a walk: whether this very stack was met before.
 * Inline, because it is what most events do. mp_unwind_walk() begins with the
 * same, so that the test modes, which never take the short way, prove it.
 *
 * Context: owning thread of the walker; may run inside malloc; may run in a
 * signal handler: yes, with a walker that is not in use; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_KNOWN_H
#define MEMPROF_PRELOAD_UNWIND_KNOWN_H

#include "preload/unwind/rules.h"
#include "preload/unwind/walker.h"

/* What was found out on the way. */
struct mp_known {
	uint32_t generation;
	struct mp_repeat_entry
		*entry;		   /* where this walk is, or may be, kept;
				      NULL: its innermost frame is unusual */
	struct mp_repeat_set *set; /* of the entry */
	struct mp_regs caller;	   /* the second frame's */
	bool is_found;		   /* met before, with a note */
};

static inline bool mp_known_is_in(const struct mp_known *known, uintptr_t pc)
{
	return known->entry->note.tag &&
	       mp_repeat_holds(known->entry, pc, &known->caller,
			       known->generation);
}

static inline bool mp_known_find(struct mp_walker *walker,
				 const struct mp_regs *regs,
				 struct mp_known *known)
{
	uintptr_t ra, bp;
	mp_rule rule;

	known->generation = atomic_load_explicit(&mp_rules.generation,
						 memory_order_acquire);
	known->entry = NULL;
	known->is_found = false;
	if (!mp_step_is_pc(regs->pc))
		return false;
	mp_stack_enter(&walker->stack, regs->sp, known->generation);
	rule = mp_rules_get(mp_rules.sets, regs->pc, known->generation);
	known->caller = *regs;
	if (!mp_step_plain(&known->caller, rule, walker->stack.hi, &ra, &bp))
		return false;
	known->set =
		mp_repeat_set_of(walker->repeats, regs->pc, &known->caller);
	known->entry = &known->set->entries[0];
	known->is_found = mp_known_is_in(known, regs->pc);
	if (__builtin_expect(known->is_found, 1))
		return true;
	known->entry = &known->set->entries[1];
	known->is_found = mp_known_is_in(known, regs->pc);
	if (!known->is_found)
		known->entry = mp_repeat_room(known->set, known->generation);
	return known->is_found;
}

/*
 * The note of a stack that was met before and that there is nothing more to
 * say of: complete, no guess. NULL: ask mp_unwind_walk_unknown(), or, where
 * known->is_found, mp_unwind_walk(). Not where mp_unwind_init() failed.
 */
static inline struct mp_note *mp_unwind_known(struct mp_walker *walker,
					      const struct mp_regs *regs,
					      struct mp_known *known)
{
	if (!mp_known_find(walker, regs, known) ||
	    __builtin_expect(known->entry->end != MP_WALK_COMPLETE ||
				     known->entry->has_guess,
			     0))
		return NULL;
	return &known->entry->note;
}

/* mp_unwind_walk() for what was not found. */
void mp_unwind_walk_unknown(struct mp_walker *walker,
			    const struct mp_regs *regs,
			    const struct mp_known *known,
			    struct mp_walk *ret_walk);

#endif
