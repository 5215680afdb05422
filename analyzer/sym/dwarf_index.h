/* SPDX-License-Identifier: MIT */
/*
 * Addresses of one object to functions, inlined calls and source lines, from
 * its DWARF. A table of the units is made at once; a unit is read when the
 * first address in it is asked for.
 */
#ifndef MEMPROF_ANALYZER_SYM_DWARF_INDEX_H
#define MEMPROF_ANALYZER_SYM_DWARF_INDEX_H

#include <elfutils/libdw.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/dwarf_unit.h"
#include "analyzer/sym/function_names.h"
#include "analyzer/sym/sym.h"

/* No chain is longer: a unit is read to this depth. */
#define DWARF_INDEX_FRAME_LIMIT (DWARF_UNIT_DEPTH_LIMIT + 1)

struct dwarf_index;

/* dwarf and names must outlive the result. NULL when memory is out. */
struct dwarf_index *dwarf_index_new(Dwarf *dwarf, struct function_names *names);
/* NULL is fine. */
void dwarf_index_free(struct dwarf_index *index);

/*
 * Is part of the debug information in files of its own (-gsplit-dwarf)? They
 * are found by libdw, unlike all other files.
 */
bool dwarf_index_is_split(const struct dwarf_index *index);

/*
 * Fills the activations at address, innermost first, at most
 * DWARF_INDEX_FRAME_LIMIT. Returns how many: 0 when no unit covers it. The
 * last one has function NULL when the unit says the line only. *ret_is_plain:
 * its language has linkage names, but this function came without.
 */
size_t dwarf_index_find(struct dwarf_index *index, uint64_t address,
			struct sym_frame *frames, bool *ret_is_plain);

#endif
