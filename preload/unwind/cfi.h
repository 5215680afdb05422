/* SPDX-License-Identifier: MIT */
/*
 * Evaluates .eh_frame: from an object and a pc to a rule. Reads the object's
 * mapped unwind tables and nothing outside of the object.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_CFI_H
#define MEMPROF_PRELOAD_UNWIND_CFI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/unwind/rule.h"
#include "preload/unwind/unwind.h"

/* Bounded reading: past the end everything is 0 and is_bad. */
struct mp_cursor {
	const uint8_t *at, *end;
	bool is_bad;
};

uint64_t mp_cursor_fixed(struct mp_cursor *cursor, unsigned bytes);
uint64_t mp_cursor_uleb(struct mp_cursor *cursor);
int64_t mp_cursor_sleb(struct mp_cursor *cursor);
void mp_cursor_skip(struct mp_cursor *cursor, uint64_t bytes);

/* A pointer in one of the DW_EH_PE encodings that need no base register. */
uint64_t mp_cursor_pointer(struct mp_cursor *cursor, uint8_t encoding);

/* One function's unwind data. */
struct mp_fde {
	uint64_t start, end; /* addresses */
	struct mp_cursor cie_program, program;
	uint64_t code_align;
	int64_t data_align;
	uint64_t ra_register;
	uint8_t encoding; /* of addresses in the program */
	bool is_signal_frame;
};

/* The FDE that holds pc. */
bool mp_cfi_find(const struct mp_code_object *object, uintptr_t pc,
		 struct mp_fde *ret_fde);

/* Runs its program up to pc; MP_RULE_NO_RULE for what a rule cannot say. */
mp_rule mp_cfi_run(const struct mp_fde *fde, uintptr_t pc);

/* Both, and what is known about code without an FDE. */
mp_rule mp_cfi_rule(const struct mp_code_object *object, uintptr_t pc);

#endif
