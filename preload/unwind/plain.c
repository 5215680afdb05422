/* SPDX-License-Identifier: MIT */
/* The plain walk: one step after the other, nothing remembered but rules. */
#include "config.h"

#include "preload/unwind/walker.h"

#include "preload/unwind/rules.h"
#include "preload/unwind/step.h"

enum mp_walk_end mp_plain_end_of_pc(uintptr_t pc, bool is_exact)
{
	if (pc >= MP_PC_LOWEST)
		return MP_WALK_CUT_BAD_STACK;
	return is_exact ? MP_WALK_CUT_NO_RULE : MP_WALK_COMPLETE;
}

enum mp_walk_end mp_plain_end(enum mp_step step)
{
	switch (step) {
	case MP_STEP_END:
		return MP_WALK_COMPLETE;
	case MP_STEP_BAD_STACK:
		return MP_WALK_CUT_BAD_STACK;
	default:
		return MP_WALK_CUT_NO_RULE;
	}
}

uint64_t mp_plain_flags(enum mp_step step)
{
	switch (step) {
	case MP_STEP_EXACT:
		return MP_PC_EXACT;
	case MP_STEP_GUESSED:
		return MP_PC_GUESSED;
	default:
		return 0;
	}
}

void mp_plain_walk(struct mp_stack *stack, const struct mp_regs *regs,
		   uint32_t generation, uint64_t *pcs, size_t limit,
		   struct mp_plain *ret_plain)
{
	struct mp_rules_set *const sets = mp_rules.sets;
	struct mp_regs at = *regs;
	struct mp_reads reads;
	uintptr_t ra, bp, hi;
	uint64_t *out = pcs + limit;
	uint64_t flags = 0;
	enum mp_walk_end end;
	uint64_t met = 0; /* flags */

	mp_stack_enter(stack, at.sp, generation);
	hi = stack->hi;
	for (;;) {
		struct mp_regs caller;
		enum mp_step step;
		mp_rule rule;

		if (!mp_step_is_pc(at.pc)) {
			end = mp_plain_end_of_pc(at.pc, flags & MP_PC_EXACT);
			break;
		}
		if (out == pcs) {
			end = MP_WALK_CUT_DEPTH;
			break;
		}
		*--out = at.pc | flags;
		met |= flags;
		if (__builtin_expect(flags & MP_PC_EXACT, 0))
			rule = mp_rules_exact(at.pc, generation);
		else
			rule = mp_rules_get(sets, at.pc, generation);
		if (__builtin_expect(!(flags & MP_PC_EXACT), 1) &&
		    mp_step_plain(&at, rule, hi, &ra, &bp)) {
			flags = 0;
			continue;
		}
		caller = at;
		step = mp_step_any(&caller, rule, flags & MP_PC_EXACT, stack,
				   generation, &reads);
		if (step >= MP_STEP_END) {
			end = mp_plain_end(step);
			if (step == MP_STEP_NOWHERE &&
			    mp_rules.method == MP_UNWIND_FP &&
			    out < pcs + limit - 1)
				out++; /* it was no return address */
			break;
		}
		flags = mp_plain_flags(step);
		at = caller;
		hi = stack->hi;
	}
	if (end == MP_WALK_CUT_BAD_STACK)
		mp_stack_distrust(stack);
	ret_plain->pcs = out;
	ret_plain->depth = (size_t)(pcs + limit - out);
	ret_plain->end = end;
	ret_plain->has_guess = (met & MP_PC_GUESSED) != 0;
	ret_plain->has_exact = (met & MP_PC_EXACT) != 0;
}
