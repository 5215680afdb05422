/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/dwarf_unit.h"

#include <dwarf.h>
#include <stdlib.h>

/* Bytes of entries that may be passed, per byte of the unit. */
#define BUDGET_PER_BYTE 16u
#define BUDGET_START	(1024u * 1024)

struct walk {
	struct dwarf_unit *unit;
	const char *end; /* of the unit; NULL: unknown */
	uint64_t budget;
	size_t node_capacity;
	/* The entry looked at on each level, and the node it lies in. */
	Dwarf_Die dies[DWARF_UNIT_DEPTH_LIMIT];
	uint32_t parents[DWARF_UNIT_DEPTH_LIMIT];
};

void dwarf_unit_init(struct dwarf_unit *unit, const Dwarf_Die *die)
{
	*unit = (struct dwarf_unit) { .lines = *die, .tree = *die };
}

void dwarf_unit_done(struct dwarf_unit *unit)
{
	free(unit->nodes);
	range_map_done(&unit->map);
}

bool dwarf_unit_add_ranges(struct range_map *map, Dwarf_Die *die,
			   uint32_t value)
{
	Dwarf_Addr base;
	Dwarf_Addr low;
	Dwarf_Addr high;
	ptrdiff_t at = 0;
	bool has_any = false;

	while ((at = dwarf_ranges(die, at, &base, &low, &high)) > 0) {
		/* Linkers leave code that they dropped at address zero. */
		if (low == 0 || high <= low)
			continue;
		if (range_map_add(map, low, high, value) != 0)
			break;
		has_any = true;
	}
	return has_any;
}

static bool has_scopes_inside(int tag)
{
	switch (tag) {
	case DW_TAG_subprogram:
	case DW_TAG_inlined_subroutine:
	case DW_TAG_lexical_block:
	case DW_TAG_try_block:
	case DW_TAG_catch_block:
	case DW_TAG_with_stmt:
	case DW_TAG_namespace:
	case DW_TAG_module:
	case DW_TAG_class_type:
	case DW_TAG_structure_type:
	case DW_TAG_union_type:
	case DW_TAG_interface_type:
		return true;
	default:
		return false;
	}
}

/* The node of the entry, or the one that it lies in. */
static uint32_t add_node(struct walk *walk, Dwarf_Die *die, uint32_t parent)
{
	struct dwarf_unit *unit = walk->unit;
	int tag = dwarf_tag(die);

	if (tag != DW_TAG_subprogram && tag != DW_TAG_inlined_subroutine)
		return parent;
	/* A function is not inlined into what it is declared in. */
	if (tag == DW_TAG_subprogram)
		parent = DWARF_UNIT_NONE;
	if (unit->node_count == walk->node_capacity) {
		size_t capacity =
			walk->node_capacity == 0 ? 64 : walk->node_capacity * 2;
		void *larger;

		if (capacity >= DWARF_UNIT_NONE)
			return parent;
		larger = realloc(unit->nodes, capacity * sizeof(*unit->nodes));
		if (larger == NULL)
			return parent;
		unit->nodes = larger;
		walk->node_capacity = capacity;
	}
	if (!dwarf_unit_add_ranges(&unit->map, die, (uint32_t)unit->node_count))
		return parent;
	unit->nodes[unit->node_count] =
		(struct dwarf_unit_node) { dwarf_dieoffset(die), parent };
	return (uint32_t)unit->node_count++;
}

static void spend(struct walk *walk, uint64_t bytes)
{
	walk->budget -= bytes < walk->budget ? bytes : walk->budget;
}

/*
 * The entry behind the end of the last level that ends at *at, and how far
 * out it is: libdw would pass all of the scope again to get there. Returns the
 * level, -1 at the end of the tree or when it is unknown.
 */
static int step_out(struct walk *walk, int depth, const char *at)
{
	Dwarf *dwarf = dwarf_cu_getdwarf(walk->unit->tree.cu);
	Dwarf_Die *die;
	Dwarf_Off offset;

	while (depth >= 0 && at < walk->end && *at == '\0') {
		at++;
		depth--;
	}
	if (depth < 0 || at >= walk->end)
		return -1;
	die = &walk->dies[depth];
	offset = dwarf_dieoffset(die) +
		 (Dwarf_Off)(at - (const char *)die->addr);
	return dwarf_offdie(dwarf, offset, die) == NULL ? -1 : depth;
}

/* Moves on to the next entry on this level, or on one further out. */
static int walk_on(struct walk *walk, int depth)
{
	for (; depth >= 0; depth--) {
		Dwarf_Die *die = &walk->dies[depth];
		Dwarf_Die next = { 0 };
		int result = dwarf_siblingof(die, &next);
		const char *at = next.addr;

		if (at > (const char *)die->addr)
			spend(walk, (uint64_t)(at - (const char *)die->addr));
		if (result == 0) {
			*die = next;
			return depth;
		}
		/* Where nothing follows libdw leaves the end of the level. */
		if (at > (const char *)die->addr && at < walk->end)
			return step_out(walk, depth, at);
	}
	return -1;
}

static void walk_tree(struct walk *walk)
{
	int depth = 0;

	if (dwarf_child(&walk->unit->tree, &walk->dies[0]) != 0)
		return;
	walk->parents[0] = DWARF_UNIT_NONE;
	while (depth >= 0 && walk->budget > 0) {
		Dwarf_Die *die = &walk->dies[depth];
		uint32_t node = walk->parents[depth];

		spend(walk, 1);
		if (has_scopes_inside(dwarf_tag(die))) {
			node = add_node(walk, die, node);
			if (depth + 1 < DWARF_UNIT_DEPTH_LIMIT &&
			    dwarf_child(die, die + 1) == 0) {
				walk->parents[++depth] = node;
				continue;
			}
		}
		depth = walk_on(walk, depth);
	}
}

static void set_bounds(struct walk *walk)
{
	Dwarf_Die *tree = &walk->unit->tree;
	Dwarf_Off inside = dwarf_cuoffset(tree);
	Dwarf_Off start = dwarf_dieoffset(tree) - inside;
	Dwarf_Off next;
	Dwarf_Half version;
	size_t header_bytes;

	walk->end = NULL;
	walk->budget = BUDGET_START;
	if (dwarf_next_unit(dwarf_cu_getdwarf(tree->cu), start, &next,
			    &header_bytes, &version, NULL, NULL, NULL, NULL,
			    NULL) != 0 ||
	    next <= start + inside)
		return;
	walk->end = (const char *)tree->addr + (next - start - inside);
	walk->budget += (next - start) * BUDGET_PER_BYTE;
}

static bool is_mangling_language(int language)
{
	switch (language) {
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_ObjC_plus_plus:
	case DW_LANG_Rust:
	case DW_LANG_D:
		return true;
	default:
		/* Newer ones of C++ have numbers that libdw has not. */
		return language == 0x2b || language == 0x3a;
	}
}

void dwarf_unit_read(struct dwarf_unit *unit)
{
	Dwarf_Attribute attribute;
	Dwarf_Die split;
	struct walk *walk;
	uint8_t type;

	if (unit->is_read)
		return;
	unit->is_read = true;
	if (dwarf_cu_info(unit->lines.cu, NULL, &type, NULL, &split, NULL, NULL,
			  NULL) == 0 &&
	    type == DW_UT_skeleton && split.addr != NULL)
		unit->tree = split;
	if (dwarf_attr(&unit->lines, DW_AT_comp_dir, &attribute) != NULL)
		unit->directory = dwarf_formstring(&attribute);
	if (dwarf_getsrcfiles(&unit->tree, &unit->files, &unit->file_count) !=
	    0)
		unit->files = NULL;
	unit->is_mangling = is_mangling_language(dwarf_srclang(&unit->tree));

	walk = malloc(sizeof(*walk));
	if (walk == NULL)
		return;
	walk->unit = unit;
	walk->node_capacity = 0;
	set_bounds(walk);
	walk_tree(walk);
	free(walk);
	range_map_seal(&unit->map);
}

uint32_t dwarf_unit_find(const struct dwarf_unit *unit, uint64_t address)
{
	uint32_t node = range_map_find(&unit->map, address);

	return node == RANGE_MAP_NONE ? DWARF_UNIT_NONE : node;
}
