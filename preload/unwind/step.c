/* SPDX-License-Identifier: MIT */
/* Steps of all kinds, with every check. */
#include "config.h"

#include "preload/unwind/step.h"

#include "preload/unwind/rules.h"

/* A frame found by nothing but rbp is not believed to be larger. */
#define GUESSED_FRAME_BYTES (UINT64_C(1) << 20)

/* Reads a word that the step depends on; false: it cannot be read. */
static bool take(struct mp_stack *stack, uintptr_t addr, struct mp_reads *reads,
		 uintptr_t *ret_value)
{
	if (!mp_stack_readable(stack, addr))
		return false;
	*ret_value = mp_step_read(addr);
	reads->addr[reads->count] = addr;
	reads->value[reads->count++] = *ret_value;
	return true;
}

/* A caller's frame must be further out than its callee's. */
static bool is_further(const struct mp_regs *regs, uintptr_t cfa)
{
	return cfa > regs->sp && cfa % 8 == 0;
}

/* CFA known: return address and, where save says so, rbp. */
static enum mp_step step_frame(struct mp_regs *regs, uintptr_t cfa,
			       uintptr_t save, struct mp_stack *stack,
			       struct mp_reads *reads)
{
	struct mp_regs caller = { .sp = cfa, .bp = regs->bp };

	if (!is_further(regs, cfa) || cfa - save < regs->sp - MP_RED_ZONE)
		return MP_STEP_BAD_STACK;
	if (!take(stack, cfa - 8, reads, &caller.pc))
		return MP_STEP_BAD_STACK;
	if (save) {
		reads->sets_bp = true;
		reads->bp = reads->count;
		if (!take(stack, cfa - save, reads, &caller.bp))
			return MP_STEP_BAD_STACK;
	}
	mp_stack_move(stack, cfa - 8);
	*regs = caller;
	return MP_STEP_RETURN;
}

static enum mp_step step_plain(struct mp_regs *regs, mp_rule rule,
			       struct mp_stack *stack, struct mp_reads *reads)
{
	const bool is_fp = mp_rules.method == MP_UNWIND_FP;
	bool uses_bp = mp_rule_kind(rule) == MP_RULE_BP;
	uintptr_t cfa = mp_rule_cfa(rule), save = mp_rule_save(rule);

	if (mp_rule_kind(rule) == MP_RULE_BIG) {
		uses_bp = rule >> 3 & 1;
		save = rule >> 4 & 7;
		cfa = rule >> 7;
	}
	cfa = (uses_bp ? regs->bp : regs->sp) + 8 * cfa;
	reads->uses_bp = uses_bp;
	if (is_fp && regs->bp == 0)
		return MP_STEP_END; /* what the ABI has at the outermost */
	if (is_fp && cfa - regs->sp > GUESSED_FRAME_BYTES)
		return MP_STEP_BAD_STACK;
	return step_frame(regs, cfa, 8 * save, stack, reads);
}

/* An interrupted frame: everything is in the ucontext at sp. */
static enum mp_step step_signal(struct mp_regs *regs, struct mp_stack *stack,
				struct mp_reads *reads)
{
	struct mp_regs caller;

	reads->sets_bp = true;
	reads->bp = 2;
	if (!take(stack, regs->sp + MP_UC_PC, reads, &caller.pc) ||
	    !take(stack, regs->sp + MP_UC_SP, reads, &caller.sp) ||
	    !take(stack, regs->sp + MP_UC_BP, reads, &caller.bp) ||
	    caller.sp % 8)
		return MP_STEP_BAD_STACK;
	/* It may be another stack, so there is no order of addresses. */
	mp_stack_move(stack, caller.sp);
	*regs = caller;
	return MP_STEP_EXACT;
}

/* A realigned frame keeps its CFA in a word below rbp. */
static enum mp_step step_deref(struct mp_regs *regs, mp_rule rule,
			       struct mp_stack *stack, struct mp_reads *reads)
{
	const uintptr_t slot = regs->bp - 8 * (uintptr_t)mp_rule_cfa(rule);
	struct mp_regs caller;

	reads->uses_bp = reads->sets_bp = true;
	reads->bp = 1;
	if (slot < regs->sp || slot > regs->bp ||
	    !take(stack, slot, reads, &caller.sp) ||
	    !take(stack, regs->bp, reads, &caller.bp) ||
	    !is_further(regs, caller.sp) ||
	    !take(stack, caller.sp - 8, reads, &caller.pc))
		return MP_STEP_BAD_STACK;
	mp_stack_move(stack, caller.sp - 8);
	*regs = caller;
	return MP_STEP_RETURN;
}

/* Code that nobody describes: rbp may be a frame pointer. */
static enum mp_step step_guess(struct mp_regs *regs, struct mp_stack *stack,
			       uint32_t generation, struct mp_reads *reads)
{
	const uintptr_t cfa = regs->bp + 16;
	struct mp_regs caller = *regs;

	reads->uses_bp = true;
	if (cfa - regs->sp > GUESSED_FRAME_BYTES ||
	    step_frame(&caller, cfa, 16, stack, reads) != MP_STEP_RETURN)
		return MP_STEP_NO_RULE;
	/* Below the last guessed frame lies what is not code. */
	if (!mp_step_is_pc(caller.pc) ||
	    mp_rules_get(mp_rules.sets, caller.pc, generation) ==
		    mp_rule_other(MP_RULE_NOWHERE))
		return MP_STEP_NO_RULE;
	*regs = caller;
	return MP_STEP_GUESSED;
}

static enum mp_step step_other(struct mp_regs *regs, mp_rule rule,
			       struct mp_stack *stack, uint32_t generation,
			       struct mp_reads *reads)
{
	switch ((enum mp_rule_other)mp_rule_cfa(rule)) {
	case MP_RULE_END:
		return MP_STEP_END;
	case MP_RULE_GUESS:
		return step_guess(regs, stack, generation, reads);
	case MP_RULE_NOWHERE:
		return MP_STEP_NOWHERE;
	case MP_RULE_NO_RULE:
		break;
	}
	return MP_STEP_NO_RULE;
}

static enum mp_step step_by_kind(struct mp_regs *regs, mp_rule rule,
				 bool is_exact, struct mp_stack *stack,
				 uint32_t generation, struct mp_reads *reads)
{
	const uintptr_t at = is_exact ? regs->pc : regs->pc - 1;
	uintptr_t pushed;

	switch (mp_rule_kind(rule)) {
	case MP_RULE_SP:
	case MP_RULE_BP:
	case MP_RULE_BIG:
		return step_plain(regs, rule, stack, reads);
	case MP_RULE_PLT:
		pushed = at % 16 >= mp_rule_cfa(rule) ? 8 : 0;
		return step_frame(regs, regs->sp + 8 + pushed, 0, stack, reads);
	case MP_RULE_SIG:
		return step_signal(regs, stack, reads);
	case MP_RULE_DEREF:
		return step_deref(regs, rule, stack, reads);
	case MP_RULE_OTHER:
		return step_other(regs, rule, stack, generation, reads);
	}
	return MP_STEP_NO_RULE;
}

__attribute__((noinline)) enum mp_step mp_step_any(struct mp_regs *regs,
						   mp_rule rule, bool is_exact,
						   struct mp_stack *stack,
						   uint32_t generation,
						   struct mp_reads *ret_reads)
{
	enum mp_step step;

	*ret_reads = (struct mp_reads) { .count = 0 };
	step = step_by_kind(regs, rule, is_exact, stack, generation, ret_reads);
	if (step >= MP_STEP_NO_RULE && rule != mp_rule_other(MP_RULE_NO_RULE)) {
		mp_stack_distrust(stack);
		ret_reads->is_refused = true;
	}
	return step;
}
