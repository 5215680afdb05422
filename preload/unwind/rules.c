/* SPDX-License-Identifier: MIT */
/* Rules on a miss, and their cache. */
#include "config.h"

#include "preload/unwind/rules.h"

#include <errno.h>
#include <string.h>

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/unwind/cfi.h"
#include "preload/unwind/objects.h"
#include "preload/unwind/stack.h"

#define LONGEST_CALL 7u /* bytes: opcode, ModRM, SIB, displacement */

struct mp_rules mp_rules;

int mp_rules_init(enum mp_unwind_method method)
{
	mp_rules.method = method;
	if (!mp_rules.sets)
		mp_rules.sets =
			mp_map_new(MP_RULES_SETS * sizeof(*mp_rules.sets));
	return mp_rules.sets ? 0 : -ENOMEM;
}

void mp_rules_clear(void)
{
	const size_t bytes = MP_RULES_SETS * sizeof(*mp_rules.sets);

	/*
	 * First the number, then the entries: who evaluated before the change
	 * and stores after it finds the number changed, see keep().
	 */
	atomic_fetch_add_explicit(&mp_rules.generation, 1,
				  memory_order_seq_cst);
	if (!mp_rules.sets ||
	    mp_sys_madvise(mp_rules.sets, bytes, MADV_DONTNEED) == 0)
		return;
	for (size_t i = 0; i < MP_RULES_SETS; i++)
		for (unsigned w = 0; w < 2; w++)
			atomic_store_explicit(&mp_rules.sets[i].way[w], 0,
					      memory_order_relaxed);
}

/* Copies code; false when some of it cannot be read. */
static bool read_code(uintptr_t pc, size_t bytes, uint8_t *ret_code)
{
	if (!mp_stack_probe(pc) || !mp_stack_probe(pc + bytes - 8))
		return false;
	memcpy(ret_code, (const void *)pc, bytes);
	return true;
}

/* Code that is known by its look where unwind data is missing. */
static const struct pattern {
	uint8_t code[10];
	uint8_t bytes;
	mp_rule rule;
} patterns[] = {
	/* mov $15,%rax; syscall: signal handlers return to it. */
	{ { 0x48, 0xc7, 0xc0, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 },
	  9,
	  MP_RULE_MAKE(MP_RULE_SIG, 0, 0) },
	{ { 0xb8, 0x0f, 0x00, 0x00, 0x00, 0x0f, 0x05 },
	  7,
	  MP_RULE_MAKE(MP_RULE_SIG, 0, 0) },
	/*
	 * mov %rbx,%rsp; mov (%rsp),%rdi; test %rdi,%rdi: what the function
	 * given to makecontext() returns to. It begins there, so that pc - 1
	 * is in no function.
	 */
	{ { 0x48, 0x89, 0xdc, 0x48, 0x8b, 0x3c, 0x24, 0x48, 0x85, 0xff },
	  10,
	  MP_RULE_MAKE(MP_RULE_OTHER, MP_RULE_END, 0) },
};

/* 0: it looks like none of them. */
static mp_rule pattern_rule(uintptr_t pc)
{
	uint8_t code[sizeof(patterns[0].code)];

	if (!read_code(pc, sizeof(code), code))
		return 0;
	for (size_t i = 0; i < sizeof(patterns) / sizeof(patterns[0]); i++)
		if (memcmp(code, patterns[i].code, patterns[i].bytes) == 0)
			return patterns[i].rule;
	return 0;
}

/* Whether an instruction that calls ends at pc. */
static bool follows_call(uintptr_t pc)
{
	uint8_t code[LONGEST_CALL + 1] = { 0 };
	const uint8_t *end = code + sizeof(code);
	const uintptr_t page = (pc - 1) & ~(uintptr_t)(MP_STACK_PAGE - 1);
	uintptr_t from = pc - sizeof(code);

	/* Generated code may begin where a mapping does. */
	if (from < page && !mp_stack_probe(page - 8))
		from = page;
	if (!mp_stack_probe(page))
		return false;
	memcpy(code + sizeof(code) - (pc - from), (const void *)from,
	       pc - from);
	if (end[-5] == 0xe8)
		return true;
	/* ff /2 with every length its addressing can give it. */
	for (unsigned bytes = 2; bytes <= LONGEST_CALL; bytes++)
		if (end[-(int)bytes] == 0xff &&
		    (end[1 - (int)bytes] & 0x38) == 0x10)
			return true;
	return false;
}

/* Generated code, or code of an object that describes it nowhere, such as the
 * builtins in node: their frames are guessed where a call comes before. */
static mp_rule unknown_rule(uintptr_t pc, bool is_exact)
{
	uint8_t code[8];

	if (is_exact)
		return mp_rule_other(read_code(pc, sizeof(code), code)
					     ? MP_RULE_GUESS
					     : MP_RULE_NOWHERE);
	return mp_rule_other(follows_call(pc) ? MP_RULE_GUESS
					      : MP_RULE_NOWHERE);
}

/*
 * By frame pointers every rule is that of "push %rbp; mov %rsp,%rbp", but for
 * the ends of stacks and the frames that the kernel made.
 */
static mp_rule frame_pointer_rule(mp_rule rule)
{
	if (mp_rule_kind(rule) == MP_RULE_SIG ||
	    rule == mp_rule_other(MP_RULE_END) ||
	    rule == mp_rule_other(MP_RULE_NOWHERE))
		return rule;
	return MP_RULE_MAKE(MP_RULE_BP, 2, 2);
}

static mp_rule evaluate(uintptr_t pc, bool is_exact, uint32_t generation)
{
	const uintptr_t at = is_exact ? pc : pc - 1;
	struct mp_code_object object;
	const bool has_object = mp_objects_find(at, generation, &object);
	mp_rule rule = mp_rule_other(MP_RULE_NO_RULE);

	if (has_object)
		rule = mp_cfi_rule(&object, at);
	if (rule == mp_rule_other(MP_RULE_NO_RULE)) {
		const mp_rule known = pattern_rule(pc);

		if (known)
			rule = known;
		else
			rule = unknown_rule(pc, is_exact);
		if (!has_object && rule == mp_rule_other(MP_RULE_GUESS))
			mp_objects_guess(at);
	}
	/* A caller cannot use what its callee's frame covers. */
	if (!is_exact && mp_rule_is_below(rule))
		rule = mp_rule_other(MP_RULE_NO_RULE);
	if (mp_rules.method == MP_UNWIND_FP)
		rule = frame_pointer_rule(rule);
	return rule;
}

static void keep(uintptr_t pc, mp_rule rule, uint32_t generation)
{
	const uint64_t mixed =
		pc * MP_RULES_ODD & ((UINT64_C(1) << MP_PC_BITS) - 1);
	struct mp_rules_set *set = &mp_rules.sets[mixed >> 32];
	uint64_t entry = mixed << 32 | rule;
	uint64_t old;

	old = atomic_load_explicit(&set->way[0], memory_order_relaxed);
	atomic_store_explicit(&set->way[1], old, memory_order_relaxed);
	atomic_store_explicit(&set->way[0], entry, memory_order_seq_cst);
	if (atomic_load_explicit(&mp_rules.generation, memory_order_seq_cst) ==
	    generation)
		return;
	atomic_store_explicit(&set->way[1], 0, memory_order_relaxed);
	atomic_compare_exchange_strong_explicit(&set->way[0], &entry, 0,
						memory_order_relaxed,
						memory_order_relaxed);
}

__attribute__((noinline, cold)) mp_rule mp_rules_miss(uintptr_t pc,
						      uint32_t generation)
{
	const mp_rule rule = evaluate(pc, false, generation);

	keep(pc, rule, generation);
	return rule;
}

__attribute__((noinline, cold)) mp_rule mp_rules_exact(uintptr_t pc,
						       uint32_t generation)
{
	return evaluate(pc, true, generation);
}
