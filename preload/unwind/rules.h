/* SPDX-License-Identifier: MIT */
/*
 * The rule of each pc: an exact cache of them shared by all threads, filled on
 * a miss from the object that holds the pc. Keyed by return addresses; the
 * multiplication by an odd number is a bijection on 47 bits, so that set and
 * tag together are the pc and a hit is never false.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. An entry is one word, read and written whole.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_RULES_H
#define MEMPROF_PRELOAD_UNWIND_RULES_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/unwind/rule.h"
#include "preload/unwind/unwind.h"

#define MP_RULES_SETS 32768u
#define MP_RULES_ODD  UINT64_C(0x6a09e667f3bcc909)

struct mp_rules_set {
	_Atomic uint64_t way[2]; /* tag << 32 | rule; 0: empty */
};

struct mp_rules {
	struct mp_rules_set *sets;   /* NULL: not initialised */
	_Atomic uint32_t generation; /* bumped by mp_rules_clear() */
	enum mp_unwind_method method;
};

extern struct mp_rules mp_rules;

/* Boot only. 0 or -ENOMEM. */
int mp_rules_init(enum mp_unwind_method method);

void mp_rules_clear(void);

/* The rule for the return address pc, evaluated at pc - 1, and kept. */
mp_rule mp_rules_miss(uintptr_t pc, uint32_t generation);

/* The rule for an interrupted pc, evaluated at pc, never kept: its key would
 * be that of a return address. */
mp_rule mp_rules_exact(uintptr_t pc, uint32_t generation);

/* As mp_rules_miss(), from the cache where possible. pc has MP_PC_BITS. */
static inline mp_rule mp_rules_get(struct mp_rules_set *sets, uintptr_t pc,
				   uint32_t generation)
{
	const uint64_t mixed =
		pc * MP_RULES_ODD & ((UINT64_C(1) << MP_PC_BITS) - 1);
	struct mp_rules_set *set = &sets[mixed >> 32];
	const uint32_t tag = (uint32_t)mixed;
	uint64_t entry;

	for (unsigned i = 0; i < 2; i++) {
		entry = atomic_load_explicit(&set->way[i],
					     memory_order_relaxed);
		if (__builtin_expect(entry >> 32 == tag && (mp_rule)entry, 1))
			return (mp_rule)entry;
	}
	return mp_rules_miss(pc, generation);
}

#endif
