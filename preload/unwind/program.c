/* SPDX-License-Identifier: MIT */
/*
 * Runs the programs of a CIE and an FDE and says the outcome as a rule. Only
 * what a walk needs is followed: the CFA, rbp, the return address, and
 * whether rsp is anything else than the CFA.
 */
#include "config.h"

#include "preload/unwind/cfi.h"

#include <string.h>

enum { REG_BP = 6, REG_SP = 7, REG_RA = 16 };

#define STATES 8u /* remembered at once; compilers nest one or two */

enum cfa_how { CFA_REG, CFA_DEREF, CFA_PLT, CFA_BAD };
enum where { IS_UNSAID, IS_SAME, IS_UNDEFINED, AT_CFA, AT_BP, AT_SP, IS_BAD };

struct value {
	enum where where;
	int64_t offset;
};

struct state {
	enum cfa_how cfa_how;
	uint32_t cfa_reg;
	int64_t cfa_offset; /* CFA_PLT: the literal */
	struct value bp, ra;
	bool is_sp_odd; /* rsp of the caller has a rule of its own */
};

struct machine {
	const struct mp_fde *fde;
	uint64_t location;
	struct state state;
	const struct state *initial; /* NULL while the CIE's program runs */
	struct state stack[STATES];
	unsigned used;
	bool is_bad;
};

/* The value followed for a register, NULL for one we do not care about. */
static struct value *followed(struct state *state, const struct mp_fde *fde,
			      uint64_t reg)
{
	if (reg == REG_BP)
		return &state->bp;
	if (reg == fde->ra_register)
		return &state->ra;
	return NULL;
}

static void set_value(struct machine *machine, uint64_t reg, enum where where,
		      int64_t offset)
{
	struct value *value = followed(&machine->state, machine->fde, reg);

	if (value)
		*value = (struct value) { where, offset };
	else if (reg == REG_SP)
		machine->state.is_sp_odd = where != IS_SAME;
}

static void restore_value(struct machine *machine, uint64_t reg)
{
	struct value *value = followed(&machine->state, machine->fde, reg);
	struct state initial =
		machine->initial ? *machine->initial : machine->state;

	if (!machine->initial)
		machine->is_bad = true;
	else if (value)
		*value = *followed(&initial, machine->fde, reg);
	else if (reg == REG_SP)
		machine->state.is_sp_odd = initial.is_sp_odd;
}

static void set_cfa(struct machine *machine, uint64_t reg, int64_t offset)
{
	machine->state.cfa_how =
		reg == REG_SP || reg == REG_BP ? CFA_REG : CFA_BAD;
	machine->state.cfa_reg = (uint32_t)reg;
	machine->state.cfa_offset = offset;
}

/* "breg rbp/rsp, N" alone: then true, and the rest is left in the cursor. */
static bool read_breg(struct mp_cursor *expr, uint32_t *ret_reg,
		      int64_t *ret_offset)
{
	const uint64_t op = mp_cursor_fixed(expr, 1);

	*ret_reg = (uint32_t)op - 0x70;
	*ret_offset = mp_cursor_sleb(expr);
	return !expr->is_bad && (*ret_reg == REG_SP || *ret_reg == REG_BP);
}

/*
 * The linkers' PLT: rsp + 8, and 8 more once pc & 15 has passed the push:
 * breg7 8; breg16 0; lit15; and; LIT; ge; lit3; shl; plus.
 */
static bool is_plt_expression(const uint8_t *expr, size_t bytes)
{
	static const uint8_t before[] = { 0x77, 0x08, 0x80, 0x00, 0x3f, 0x1a };
	static const uint8_t after[] = { 0x2a, 0x33, 0x24, 0x22 };

	return bytes == sizeof(before) + 1 + sizeof(after) &&
	       memcmp(expr, before, sizeof(before)) == 0 && expr[6] >= 0x30 &&
	       expr[6] < 0x40 && memcmp(expr + 7, after, sizeof(after)) == 0;
}

static struct mp_cursor read_block(struct mp_cursor *cursor)
{
	const uint64_t bytes = mp_cursor_uleb(cursor);
	struct mp_cursor block = *cursor;

	mp_cursor_skip(cursor, bytes);
	block.end = cursor->at;
	block.is_bad = cursor->is_bad;
	return block;
}

static void set_cfa_expression(struct machine *machine, struct mp_cursor expr)
{
	struct state *state = &machine->state;

	state->cfa_how = CFA_BAD;
	if (is_plt_expression(expr.at, (size_t)(expr.end - expr.at))) {
		state->cfa_how = CFA_PLT;
		state->cfa_offset = expr.at[6] - 0x30;
		return;
	}
	if (read_breg(&expr, &state->cfa_reg, &state->cfa_offset) &&
	    expr.end - expr.at == 1 && *expr.at == 0x06)
		state->cfa_how = CFA_DEREF;
}

static void set_expression(struct machine *machine, uint64_t reg,
			   struct mp_cursor expr)
{
	uint32_t base;
	int64_t offset;

	if (read_breg(&expr, &base, &offset) && expr.at == expr.end)
		set_value(machine, reg, base == REG_BP ? AT_BP : AT_SP, offset);
	else
		set_value(machine, reg, IS_BAD, 0);
}

static void push_state(struct machine *machine)
{
	if (machine->used == STATES)
		machine->is_bad = true;
	else
		machine->stack[machine->used++] = machine->state;
}

static void pop_state(struct machine *machine)
{
	if (machine->used == 0)
		machine->is_bad = true;
	else
		machine->state = machine->stack[--machine->used];
}

/* Advances the location; false when that passes pc. */
static bool advance(struct machine *machine, uint64_t delta, uintptr_t pc)
{
	machine->location += delta * machine->fde->code_align;
	return machine->location <= pc;
}

static int64_t factored(const struct machine *machine, int64_t offset)
{
	return (int64_t)((uint64_t)offset * (uint64_t)machine->fde->data_align);
}

/* The opcodes that define the CFA; false when op is none of them. */
static bool run_cfa_op(struct machine *machine, struct mp_cursor *in,
		       unsigned op)
{
	struct state *state = &machine->state;
	uint64_t reg;

	switch (op) {
	case 0x0c: /* def_cfa */
		reg = mp_cursor_uleb(in);
		set_cfa(machine, reg, (int64_t)mp_cursor_uleb(in));
		return true;
	case 0x12: /* def_cfa_sf */
		reg = mp_cursor_uleb(in);
		set_cfa(machine, reg, factored(machine, mp_cursor_sleb(in)));
		return true;
	case 0x0d: /* def_cfa_register */
		set_cfa(machine, mp_cursor_uleb(in), state->cfa_offset);
		return true;
	case 0x0e: /* def_cfa_offset */
		state->cfa_offset = (int64_t)mp_cursor_uleb(in);
		return true;
	case 0x13: /* def_cfa_offset_sf */
		state->cfa_offset = factored(machine, mp_cursor_sleb(in));
		return true;
	case 0x0f: /* def_cfa_expression */
		set_cfa_expression(machine, read_block(in));
		return true;
	default:
		return false;
	}
}

/* The opcodes that say where a register is. */
static void run_register_op(struct machine *machine, struct mp_cursor *in,
			    unsigned op)
{
	const uint64_t reg = mp_cursor_uleb(in);

	switch (op) {
	case 0x05: /* offset_extended */
		set_value(machine, reg, AT_CFA,
			  factored(machine, (int64_t)mp_cursor_uleb(in)));
		break;
	case 0x11: /* offset_extended_sf */
		set_value(machine, reg, AT_CFA,
			  factored(machine, mp_cursor_sleb(in)));
		break;
	case 0x2f: /* GNU_negative_offset_extended */
		set_value(machine, reg, AT_CFA,
			  -factored(machine, (int64_t)mp_cursor_uleb(in)));
		break;
	case 0x06: /* restore_extended */
		restore_value(machine, reg);
		break;
	case 0x07: /* undefined */
		set_value(machine, reg, IS_UNDEFINED, 0);
		break;
	case 0x08: /* same_value */
		set_value(machine, reg, IS_SAME, 0);
		break;
	case 0x09: /* register */
		mp_cursor_uleb(in);
		set_value(machine, reg, IS_BAD, 0);
		break;
	case 0x10: /* expression */
		set_expression(machine, reg, read_block(in));
		break;
	case 0x14: /* val_offset */
	case 0x15: /* val_offset_sf */
		mp_cursor_uleb(in);
		set_value(machine, reg, IS_BAD, 0);
		break;
	case 0x16: /* val_expression */
		read_block(in);
		set_value(machine, reg, IS_BAD, 0);
		break;
	default:
		machine->is_bad = true;
	}
}

/* One instruction; false when the program has passed pc. */
static bool run_op(struct machine *machine, struct mp_cursor *in, uintptr_t pc)
{
	const unsigned op = (unsigned)mp_cursor_fixed(in, 1);

	switch (op >> 6) {
	case 1: /* advance_loc */
		return advance(machine, op & 0x3f, pc);
	case 2: /* offset */
		set_value(machine, op & 0x3f, AT_CFA,
			  factored(machine, (int64_t)mp_cursor_uleb(in)));
		return true;
	case 3: /* restore */
		restore_value(machine, op & 0x3f);
		return true;
	}
	switch (op) {
	case 0x00: /* nop */
		return true;
	case 0x01: /* set_loc */
		machine->location =
			mp_cursor_pointer(in, machine->fde->encoding);
		return machine->location <= pc;
	case 0x02: /* advance_loc1, 2, 4 */
		return advance(machine, mp_cursor_fixed(in, 1), pc);
	case 0x03:
		return advance(machine, mp_cursor_fixed(in, 2), pc);
	case 0x04:
		return advance(machine, mp_cursor_fixed(in, 4), pc);
	case 0x0a: /* remember_state */
		push_state(machine);
		return true;
	case 0x0b: /* restore_state */
		pop_state(machine);
		return true;
	case 0x2e: /* GNU_args_size */
		mp_cursor_uleb(in);
		return true;
	}
	if (!run_cfa_op(machine, in, op))
		run_register_op(machine, in, op);
	return true;
}

static void run(struct machine *machine, struct mp_cursor in, uintptr_t pc)
{
	while (in.at < in.end && !machine->is_bad) {
		if (!run_op(machine, &in, pc))
			return;
		machine->is_bad |= in.is_bad;
	}
}

/* SP, BP or BIG from a state whose CFA is register + offset. */
static mp_rule plain_rule(const struct state *state, int64_t save)
{
	const uint32_t is_bp = state->cfa_reg == REG_BP;
	const int64_t cfa = state->cfa_offset / 8;

	if (state->cfa_offset % 8 || cfa < 1)
		return 0;
	/* Below the frame there is the red zone, and then nothing. */
	if (!is_bp && save > cfa + MP_RED_ZONE / 8)
		return 0;
	if (cfa <= MP_RULE_CFA_MAX && save <= MP_RULE_SAVE_MAX)
		return MP_RULE_MAKE(is_bp ? MP_RULE_BP : MP_RULE_SP, cfa, save);
	if (cfa <= MP_RULE_BIG_MAX && save <= 7)
		return mp_rule_big(is_bp, (uint32_t)save, (uint32_t)cfa);
	return 0;
}

/* rbp in units of 8 below the CFA, 0 when unchanged; -1 when neither. */
static int64_t saved_bp(const struct state *state)
{
	switch (state->bp.where) {
	case IS_UNSAID:
	case IS_SAME:
	case IS_UNDEFINED:
		return 0;
	case AT_CFA:
		if (state->bp.offset % 8 || state->bp.offset > -16)
			return -1;
		return -state->bp.offset / 8;
	default:
		return -1;
	}
}

static bool is_kernel_frame(const struct state *state)
{
	return state->cfa_how == CFA_DEREF && state->cfa_reg == REG_SP &&
	       state->cfa_offset == MP_UC_SP && state->ra.where == AT_SP &&
	       state->ra.offset == MP_UC_PC && state->bp.where == AT_SP &&
	       state->bp.offset == MP_UC_BP;
}

/* 0 for a state that no rule can express. */
static mp_rule rule_of(const struct state *state, bool is_signal_frame)
{
	if (state->ra.where == IS_UNDEFINED)
		return mp_rule_other(MP_RULE_END);
	if (is_signal_frame)
		return is_kernel_frame(state) ? MP_RULE_MAKE(MP_RULE_SIG, 0, 0)
					      : 0;
	if (state->is_sp_odd || state->ra.where != AT_CFA ||
	    state->ra.offset != -8)
		return 0;
	if (state->cfa_how == CFA_DEREF && state->cfa_reg == REG_BP &&
	    state->cfa_offset < 0 && state->cfa_offset % 8 == 0 &&
	    -state->cfa_offset / 8 <= MP_RULE_CFA_MAX &&
	    state->bp.where == AT_BP && state->bp.offset == 0)
		return MP_RULE_MAKE(MP_RULE_DEREF, -state->cfa_offset / 8, 1);
	if (saved_bp(state) < 0)
		return 0;
	if (state->cfa_how == CFA_PLT && saved_bp(state) == 0)
		return MP_RULE_MAKE(MP_RULE_PLT, state->cfa_offset, 0);
	if (state->cfa_how == CFA_REG)
		return plain_rule(state, saved_bp(state));
	return 0;
}

mp_rule mp_cfi_run(const struct mp_fde *fde, uintptr_t pc)
{
	struct machine machine = {
		.fde = fde,
		.location = fde->start,
		.state = { .cfa_how = CFA_BAD },
	};
	struct state initial;
	mp_rule rule = 0;

	run(&machine, fde->cie_program, UINTPTR_MAX);
	initial = machine.state;
	machine.initial = &initial;
	machine.location = fde->start;
	machine.used = 0;
	run(&machine, fde->program, pc);
	if (!machine.is_bad && fde->ra_register == REG_RA)
		rule = rule_of(&machine.state, fde->is_signal_frame);
	return rule ? rule : mp_rule_other(MP_RULE_NO_RULE);
}
