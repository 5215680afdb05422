/* SPDX-License-Identifier: MIT */
/*
 * One step of a walk: from the registers of a frame and its rule to those of
 * its caller, with every address checked before it is read.
 *
 * Context: owning thread of the stack; may run inside malloc; may run in a
 * signal handler: yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_STEP_H
#define MEMPROF_PRELOAD_UNWIND_STEP_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/unwind/rule.h"
#include "preload/unwind/stack.h"
#include "preload/unwind/unwind.h"

/* What a step that is not plain found. */
enum mp_step {
	MP_STEP_RETURN,	 /* the new pc is a return address */
	MP_STEP_EXACT,	 /* the new pc is that of an interrupted instruction */
	MP_STEP_GUESSED, /* the new pc is a guess */
	MP_STEP_END,	 /* there is no caller */
	MP_STEP_NO_RULE,
	MP_STEP_BAD_STACK,
	MP_STEP_NOWHERE, /* as NO_RULE, and the frame itself is doubtful */
};

/* The words that a step read, in that order, and what they mean. */
struct mp_reads {
	uintptr_t addr[3], value[3];
	uint8_t count;
	uint8_t bp;	 /* which of them is the caller's rbp, if sets_bp */
	bool sets_bp;	 /* else the caller's rbp is the same */
	bool uses_bp;	 /* what was read or decided depended on rbp */
	bool is_refused; /* it also depended on what is mapped */
};

/*
 * Any rule. is_exact: regs->pc is not a return address. The registers are
 * changed by the first three outcomes only. Whatever the outcome, it is a
 * function of rule, pc, sp, the words in *ret_reads, rbp if uses_bp, and, if
 * is_refused, of what is mapped.
 */
enum mp_step mp_step_any(struct mp_regs *regs, mp_rule rule, bool is_exact,
			 struct mp_stack *stack, uint32_t generation,
			 struct mp_reads *ret_reads);

static inline uintptr_t mp_step_read(uintptr_t addr)
{
	/* Stacks change under us as signal handlers run; read once. */
	return *(const volatile uintptr_t *)addr;
}

static inline bool mp_step_is_pc(uintptr_t pc)
{
	return pc - MP_PC_LOWEST < (UINT64_C(1) << MP_PC_BITS) - MP_PC_LOWEST;
}

/*
 * The step of nearly every frame: SP or BP with all words in the window
 * [lo, hi), hi alone passed because lo <= sp holds. False: nothing was done,
 * take mp_step_any(). *ret_ra and *ret_bp are the addresses of the words
 * read, the same when rbp is unchanged.
 */
static inline __attribute__((always_inline)) bool
mp_step_plain(struct mp_regs *regs, mp_rule rule, uintptr_t hi,
	      uintptr_t *ret_ra, uintptr_t *ret_bp)
{
	const enum mp_rule_kind kind = mp_rule_kind(rule);
	const uintptr_t save = 8 * (uintptr_t)mp_rule_save(rule);
	uintptr_t cfa;

	if (__builtin_expect(kind == MP_RULE_SP, 1)) {
		cfa = regs->sp + 8 * (uintptr_t)mp_rule_cfa(rule);
	} else if (kind == MP_RULE_BP) {
		cfa = regs->bp + 8 * (uintptr_t)mp_rule_cfa(rule);
		if (cfa % 8 || cfa <= regs->sp || cfa - save < regs->sp)
			return false;
	} else {
		return false;
	}
	if (__builtin_expect(cfa > hi, 0))
		return false;
	*ret_ra = *ret_bp = cfa - 8;
	if (save) {
		*ret_bp = cfa - save;
		regs->bp = mp_step_read(cfa - save);
	}
	regs->pc = mp_step_read(cfa - 8);
	regs->sp = cfa;
	return true;
}

#endif
