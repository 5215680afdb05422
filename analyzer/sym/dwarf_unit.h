/* SPDX-License-Identifier: MIT */
/*
 * One compilation unit: which of its functions, and which calls inlined into
 * them, an address belongs to. Its tree is read once, when the first address
 * in it is asked for; what is kept is one small node for each piece of code.
 */
#ifndef MEMPROF_ANALYZER_SYM_DWARF_UNIT_H
#define MEMPROF_ANALYZER_SYM_DWARF_UNIT_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/range_map.h"

#define DWARF_UNIT_NONE UINT32_MAX
/* Scopes within scopes; what lies deeper belongs to the deepest one seen. */
#define DWARF_UNIT_DEPTH_LIMIT 256

struct dwarf_unit_node {
	Dwarf_Off offset; /* of its entry, in the file of the tree */
	uint32_t parent;  /* it is inlined into; DWARF_UNIT_NONE: nothing */
};

struct dwarf_unit {
	Dwarf_Die lines;       /* has the line table; libdw keeps it */
	Dwarf_Die tree;	       /* has the functions: another with split DWARF */
	const char *directory; /* of the compilation; NULL: unknown */
	Dwarf_Files *files;    /* that calls are numbered by; NULL: none */
	size_t file_count;
	bool is_mangling; /* of a language whose functions have link names */
	bool is_read;
	struct dwarf_unit_node *nodes;
	size_t node_count;
	struct range_map map; /* from addresses to nodes */
};

/* die is the unit's own entry. Reads nothing more. */
void dwarf_unit_init(struct dwarf_unit *unit, const Dwarf_Die *die);
void dwarf_unit_done(struct dwarf_unit *unit);

/*
 * Reads the tree if that was not done. Time is bounded by the size of the
 * unit; whatever stops the reading, what was understood is used.
 */
void dwarf_unit_read(struct dwarf_unit *unit);

/* The innermost node at the address, or DWARF_UNIT_NONE. Of a unit read. */
uint32_t dwarf_unit_find(const struct dwarf_unit *unit, uint64_t address);

/* Adds the code ranges of an entry; returns false when it has none. */
bool dwarf_unit_add_ranges(struct range_map *map, Dwarf_Die *die,
			   uint32_t value);

#endif
