/* SPDX-License-Identifier: MIT */
/*
 * A rule: how the registers of a caller follow from those of its callee at one
 * pc, in 32 bits. Owns the encoding and nothing else.
 *
 *	bits	field
 *	0-2	kind
 *	3-16	SP, BP: (CFA - register) / 8, at least 1
 *		DEREF: (rbp - address of the word that holds the CFA) / 8
 *		PLT: the literal that pc & 15 is compared with
 *		OTHER: enum mp_rule_other
 *	17-31	SP, BP: saved rbp lies at CFA - 8 * this; 0: rbp is unchanged
 *
 *	BIG (a frame of 128 KiB or more), instead of bits 3-31
 *	3	register: 0 rsp, 1 rbp
 *	4-6	saved rbp lies at CFA - 8 * this; 0: rbp is unchanged
 *	7-31	(CFA - register) / 8
 *
 * The return address is always at CFA - 8 and the caller's rsp is the CFA,
 * except for SIG, where all three lie in the ucontext that rsp points to.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_RULE_H
#define MEMPROF_PRELOAD_UNWIND_RULE_H

#include <stdbool.h>
#include <stdint.h>

typedef uint32_t mp_rule; /* 0: none */

enum mp_rule_kind {
	MP_RULE_SP = 1,
	MP_RULE_BP = 2,
	MP_RULE_OTHER = 3,
	MP_RULE_SIG = 4,
	MP_RULE_PLT = 5,
	MP_RULE_DEREF = 6,
	MP_RULE_BIG = 7,
};

enum mp_rule_other {
	MP_RULE_END = 1,     /* nothing called this code */
	MP_RULE_NO_RULE = 2, /* known code, unwind data absent or beyond us */
	MP_RULE_GUESS = 3,   /* code of no object: try the frame pointer */
	MP_RULE_NOWHERE = 4, /* does not look like code at all */
};

#define MP_RULE_CFA_MAX	 0x3fffu
#define MP_RULE_SAVE_MAX 0x3fffu
#define MP_RULE_BIG_MAX	 0x1ffffffu
#define MP_RULE_MAKE(kind, a, b) \
	((mp_rule)(kind) | (mp_rule)(a) << 3 | (mp_rule)(b) << 17)

/* Where a signal frame keeps them: offsets into the x86-64 ucontext. */
#define MP_UC_BP 120u
#define MP_UC_SP 160u
#define MP_UC_PC 168u

/*
 * What a function may use below rsp. In epilogues (the caller's rbp is popped
 * already, its slot still named) and in leaf functions the slot lies there.
 */
#define MP_RED_ZONE 128u

/* User addresses; a pc outside of them is no pc. */
#define MP_PC_LOWEST 4096u
#define MP_PC_BITS   47

static inline enum mp_rule_kind mp_rule_kind(mp_rule rule)
{
	return (enum mp_rule_kind)(rule & 7);
}

static inline uint32_t mp_rule_cfa(mp_rule rule)
{
	return rule >> 3 & 0x3fff;
}

static inline uint32_t mp_rule_save(mp_rule rule)
{
	return rule >> 17;
}

/* An SP rule whose slot for rbp lies below rsp: interrupted code only. */
static inline bool mp_rule_is_below(mp_rule rule)
{
	return mp_rule_kind(rule) == MP_RULE_SP &&
	       mp_rule_save(rule) > mp_rule_cfa(rule);
}

static inline mp_rule mp_rule_other(enum mp_rule_other what)
{
	return MP_RULE_MAKE(MP_RULE_OTHER, what, 0);
}

static inline mp_rule mp_rule_big(uint32_t is_bp, uint32_t save, uint32_t cfa)
{
	return (mp_rule)MP_RULE_BIG | is_bp << 3 | save << 4 | cfa << 7;
}

#endif
