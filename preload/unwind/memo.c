/* SPDX-License-Identifier: MIT */
/* Walks that end where the last one is known to hold. */
#include "config.h"

#include "preload/unwind/memo.h"

#include "preload/unwind/rules.h"
#include "preload/unwind/step.h"
#include "preload/unwind/walker.h"

#define NOT_JOINED UINT64_MAX

/* What a frame reads that reads nothing. */
static const uintptr_t nothing;

/* The walk under way. */
struct progress {
	struct mp_regs at;
	uint64_t flags;	  /* of at.pc */
	size_t candidate; /* links[0 .. candidate) may still be joined */
	size_t fresh;
	enum mp_walk_end end;
	bool is_joined;
	bool is_refused;
};

/*
 * Looks whether the last walk stood where we stand. Links further in than
 * what is tried or skipped are never looked at again.
 */
static inline bool try_join(const struct mp_memo *memo,
			    const struct mp_regs *at, uint64_t flags,
			    size_t *candidate)
{
	size_t n = *candidate;
	const struct mp_joint *joint;

	while (n > 0 && memo->joints[n - 1].sp < at->sp)
		n--;
	*candidate = n;
	if (n == 0)
		return false;
	joint = &memo->joints[n - 1];
	if (joint->sp != at->sp || joint->pc != (at->pc | flags) ||
	    (joint->is_live && joint->bp != at->bp))
		return false;
	return mp_memo_holds(memo->links, n, candidate);
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

/* The words worth comparing: not rbp where nobody further out uses it. */
static inline unsigned needed_words(const struct mp_fresh *fresh, bool is_live,
				    unsigned *words)
{
	unsigned count = 0;

	for (unsigned i = 0; i < fresh->count; i++)
		if (is_live || !fresh->sets_bp || i != fresh->bp_word)
			words[count++] = i;
	return count;
}

static inline void set_link(struct mp_link *link, const struct mp_fresh *fresh,
			    unsigned a, unsigned b)
{
	link->a = (const uintptr_t *)fresh->addr[a];
	link->a_value = fresh->value[a];
	link->b = (const uintptr_t *)fresh->addr[b];
	link->b_value = fresh->value[b];
}

/* Puts the fresh frames, outermost first, in the place of what they replace. */
static inline void store(struct mp_memo *memo, const struct progress *walk)
{
	size_t n = walk->is_joined ? walk->candidate : 0;
	struct mp_joint outer = { .real = UINT16_MAX };

	if (n > 0)
		outer = memo->joints[n - 1];
	for (size_t i = walk->fresh; i-- > 0;) {
		const struct mp_fresh *fresh = &memo->fresh[i];
		unsigned words[3] = { 0, 0, 0 };
		const unsigned count =
			needed_words(fresh, outer.is_live, words);

		outer.sp = fresh->sp;
		if (__builtin_expect(count == 3, 0)) {
			set_link(&memo->links[n], fresh, words[2], words[2]);
			outer.pc = NOT_JOINED;
			memo->joints[n++] = outer;
		}
		if (__builtin_expect(count == 0, 0))
			memo->links[n] = (struct mp_link) { .a = &nothing,
							    .b = &nothing };
		else
			set_link(&memo->links[n], fresh, words[0],
				 words[count > 1]);
		outer.pc = fresh->pc;
		outer.bp = fresh->bp;
		outer.real++;
		if (fresh->uses_bp)
			outer.is_live = true;
		else if (fresh->sets_bp)
			outer.is_live = false;
		outer.has_guess |= (fresh->pc & MP_PC_GUESSED) != 0;
		memo->pcs[outer.real] = fresh->pc;
		memo->joints[n++] = outer;
	}
	memo->count = (uint32_t)n;
}

bool mp_memo_walk(struct mp_memo *memo, struct mp_stack *stack,
		  const struct mp_regs *regs, uint32_t generation, size_t limit,
		  struct mp_walk *ret_walk)
{
	const enum mp_walk_end last_end = memo->end;
	struct progress walk = { .at = *regs };
	size_t kept = 0;

	if (memo->generation != generation) {
		memo->generation = generation;
		memo->count = 0;
	}
	mp_stack_enter(stack, regs->sp, generation);
	walk.candidate = memo->count;
	step_out(memo, stack, generation, limit, &walk);
	if (walk.is_joined) {
		kept = memo->joints[walk.candidate - 1].real + 1u;
		walk.end = memo->end;
		/* The limit would cut elsewhere now. */
		if (walk.end == MP_WALK_CUT_DEPTH ? kept + walk.fresh != limit
						  : kept + walk.fresh > limit) {
			memo->count = 0;
			return false;
		}
	}
	store(memo, &walk);
	memo->depth = (uint32_t)(kept + walk.fresh);
	memo->end = walk.end;
	ret_walk->pcs = memo->pcs;
	ret_walk->depth = memo->depth;
	ret_walk->kept = kept;
	ret_walk->end = walk.end;
	ret_walk->last_end = last_end;
	ret_walk->has_guess =
		memo->count > 0 && memo->joints[memo->count - 1].has_guess;
	ret_walk->tag = NULL;
	if (walk.is_refused)
		memo->count = 0;
	return true;
}
