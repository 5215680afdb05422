/* SPDX-License-Identifier: MIT */
/*
 * One object's addresses to names, from its debug information, its symbol
 * tables and, for where functions without a name begin, its unwind tables; each
 * read when it is first needed.
 */
#ifndef MEMPROF_ANALYZER_SYM_OBJECT_NAMES_H
#define MEMPROF_ANALYZER_SYM_OBJECT_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/dwarf_index.h"
#include "analyzer/sym/function_names.h"
#include "analyzer/sym/function_starts.h"
#include "analyzer/sym/object_file.h"
#include "analyzer/sym/symtab.h"

#define OBJECT_NAMES_FRAME_LIMIT DWARF_INDEX_FRAME_LIMIT

/* All zero knows nothing. */
struct object_names {
	struct object_file *file;
	struct function_names *names;
	struct dwarf_index *index; /* NULL: no DWARF */
	struct symtab symtab;
	bool has_symtab; /* was read */
	struct function_starts starts;
	bool has_starts; /* were looked for */
};

/* file is loaded; it and names outlive the result. */
void object_names_init(struct object_names *object, struct object_file *file,
		       struct function_names *names);
void object_names_done(struct object_names *object);

/*
 * Fills the activations at address, innermost first, at most
 * OBJECT_NAMES_FRAME_LIMIT. Returns how many.
 */
size_t object_names_find(struct object_names *object, uint64_t address,
			 struct sym_frame *frames);

#endif
