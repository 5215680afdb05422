/* SPDX-License-Identifier: MIT */
/* Walks that end where the last one is known to hold. */
#include "config.h"

#include "preload/unwind/memo.h"

#include "preload/unwind/rules.h"
#include "preload/unwind/step.h"
#include "preload/unwind/walker.h"

/* The walk under way. */
struct progress {
	struct mp_regs at;
	uint64_t flags;	  /* of at.pc */
	size_t candidate; /* joints[0 .. candidate) may still be joined */
	size_t fresh;
	enum mp_walk_end end;
	bool is_joined;
	bool is_refused;
};

/*
 * Looks whether the last walk stood where we stand. Joints further in than
 * what is tried or skipped are never looked at again.
 */
static inline bool try_join(const struct mp_memo *memo,
			    const struct mp_regs *at, uint64_t flags,
			    size_t *candidate)
{
	size_t n = *candidate;
	const struct mp_joint *joint;
	size_t changed;

	while (n > 0 && memo->joints[n - 1].sp < at->sp)
		n--;
	*candidate = n;
	if (n == 0)
		return false;
	joint = &memo->joints[n - 1];
	if (joint->sp != at->sp || joint->pc != (at->pc | flags) ||
	    (joint->is_live && joint->bp != at->bp))
		return false;
	changed = mp_words_changed(memo->words, joint->words);
	if (changed == 0)
		return true;
	/* Only what is further out than the frame of that word is left. */
	while (n > 0 && memo->joints[n - 1].words >= changed)
		n--;
	*candidate = n;
	return false;
}

static void note_reads(struct mp_fresh *fresh, const struct mp_reads *reads)
{
	fresh->count = reads->count;
	fresh->bp_word = reads->bp;
	fresh->uses_bp = reads->uses_bp;
	fresh->sets_bp = reads->sets_bp;
	for (unsigned i = 0; i < reads->count; i++) {
		fresh->addr[i] = reads->addr[i];
		fresh->value[i] = reads->value[i];
	}
}

/* A step that is not plain; false: the walk ends with this frame. */
static __attribute__((noinline)) bool
step_odd(struct mp_stack *stack, struct progress *walk, mp_rule rule,
	 uint32_t generation, struct mp_fresh *fresh)
{
	struct mp_reads reads;
	const enum mp_step step =
		mp_step_any(&walk->at, rule, walk->flags & MP_PC_EXACT, stack,
			    generation, &reads);

	note_reads(fresh, &reads);
	walk->flags = mp_plain_flags(step);
	if (step < MP_STEP_END)
		return true;
	walk->is_refused = reads.is_refused;
	walk->end = mp_plain_end(step);
	/* Nothing further out uses rbp. */
	fresh->sets_bp = false;
	if (step == MP_STEP_NOWHERE && mp_rules.method == MP_UNWIND_FP &&
	    walk->fresh > 1)
		walk->fresh--;
	return false;
}

/* Steps outwards until the last walk is joined or there is an end. */
static inline void step_out(struct mp_memo *memo, struct mp_stack *stack,
			    uint32_t generation, size_t limit,
			    struct progress *walk)
{
	struct mp_rules_set *const sets = mp_rules.sets;
	uintptr_t ra, bp;

	for (;;) {
		struct mp_fresh *fresh = &memo->fresh[walk->fresh];
		mp_rule rule;

		if (!mp_step_is_pc(walk->at.pc)) {
			walk->end = mp_plain_end_of_pc(
				walk->at.pc, walk->flags & MP_PC_EXACT);
			walk->is_refused = walk->end == MP_WALK_CUT_BAD_STACK;
			return;
		}
		walk->is_joined = try_join(memo, &walk->at, walk->flags,
					   &walk->candidate);
		if (walk->is_joined)
			return;
		if (walk->fresh == limit) {
			walk->end = MP_WALK_CUT_DEPTH;
			return;
		}
		walk->fresh++;
		fresh->pc = walk->at.pc | walk->flags;
		fresh->sp = walk->at.sp;
		fresh->bp = walk->at.bp;
		if (__builtin_expect(walk->flags & MP_PC_EXACT, 0)) {
			rule = mp_rules_exact(walk->at.pc, generation);
		} else {
			rule = mp_rules_get(sets, walk->at.pc, generation);
			if (mp_step_plain(&walk->at, rule, stack->hi, &ra,
					  &bp)) {
				fresh->addr[0] = ra;
				fresh->value[0] = walk->at.pc;
				fresh->addr[1] = bp;
				fresh->value[1] = walk->at.bp;
				fresh->sets_bp = bp != ra;
				fresh->count = 1 + fresh->sets_bp;
				fresh->bp_word = 1;
				fresh->uses_bp =
					mp_rule_kind(rule) == MP_RULE_BP;
				walk->flags = 0;
				continue;
			}
		}
		if (!step_odd(stack, walk, rule, generation, fresh))
			return;
	}
}

/* Puts the fresh frames, outermost first, in the place of what they replace. */
static inline void store(struct mp_memo *memo, const struct progress *walk)
{
	size_t n = walk->is_joined ? walk->candidate : 0;
	struct mp_joint joint = { .words = 0 };

	if (n > 0)
		joint = memo->joints[n - 1];
	for (size_t i = walk->fresh; i-- > 0;) {
		const struct mp_fresh *fresh = &memo->fresh[i];
		struct mp_word *word = &memo->words[joint.words];

		for (unsigned k = fresh->count; k-- > 0;) {
			/* rbp, where nobody further out uses it */
			if (!joint.is_live && fresh->sets_bp &&
			    k == fresh->bp_word)
				continue;
			word->addr = (const uintptr_t *)fresh->addr[k];
			word->value = fresh->value[k];
			word++;
		}
		joint.words = (uint32_t)(word - memo->words);
		joint.pc = fresh->pc;
		joint.sp = fresh->sp;
		joint.bp = fresh->bp;
		if (fresh->uses_bp)
			joint.is_live = true;
		else if (fresh->sets_bp)
			joint.is_live = false;
		joint.flags |= (uint8_t)(fresh->pc >> 56);
		memo->pcs[n] = fresh->pc;
		memo->joints[n++] = joint;
	}
	memo->depth = (uint32_t)n;
}

bool mp_memo_walk(struct mp_memo *memo, struct mp_stack *stack,
		  const struct mp_regs *regs, uint32_t generation, size_t limit,
		  struct mp_walk *ret_walk)
{
	const enum mp_walk_end last_end = memo->end;
	struct progress walk = { .at = *regs };
	uint64_t flags = 0;
	size_t kept = 0;

	if (memo->generation != generation) {
		memo->generation = generation;
		memo->depth = 0;
	}
	mp_stack_enter(stack, regs->sp, generation);
	walk.candidate = memo->depth;
	step_out(memo, stack, generation, limit, &walk);
	if (walk.is_joined) {
		kept = walk.candidate;
		walk.end = memo->end;
		/* The limit would cut elsewhere now. */
		if (walk.end == MP_WALK_CUT_DEPTH ? kept + walk.fresh != limit
						  : kept + walk.fresh > limit) {
			memo->depth = 0;
			return false;
		}
	}
	store(memo, &walk);
	memo->end = walk.end;
	ret_walk->pcs = memo->pcs;
	ret_walk->depth = memo->depth;
	ret_walk->kept = kept;
	ret_walk->end = walk.end;
	ret_walk->last_end = last_end;
	if (memo->depth > 0)
		flags = memo->joints[memo->depth - 1].flags;
	ret_walk->has_guess = flags & MP_PC_GUESSED >> 56;
	ret_walk->has_exact = flags & MP_PC_EXACT >> 56;
	ret_walk->note = NULL;
	if (walk.is_refused) {
		mp_stack_distrust(stack);
		memo->depth = 0;
	}
	return true;
}
