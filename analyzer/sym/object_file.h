/* SPDX-License-Identifier: MIT */
/*
 * The files that tell about one recorded object: the object itself, its debug
 * file, the file that debug files share, and the symbols packed inside. Owns
 * the choice between them and the verdict on what they are good for.
 */
#ifndef MEMPROF_ANALYZER_SYM_OBJECT_FILE_H
#define MEMPROF_ANALYZER_SYM_OBJECT_FILE_H

#include <elfutils/libdw.h>

#include "analyzer/sym/debug_search.h"
#include "analyzer/sym/elf_file.h"
#include "analyzer/sym/minidebug.h"
#include "analyzer/sym/sym.h"

/* All zero is an object of which nothing was found. */
struct object_file {
	enum sym_status status;
	struct elf_file *main;	/* NULL: missing, another now, unreadable */
	struct elf_file *debug; /* NULL: none, or main has all */
	struct elf_file *alt;
	struct minidebug *mini;
	struct elf_file *dwarf_source; /* main or debug; not owned */
	Dwarf *dwarf;
	Dwarf *alt_dwarf;
};

/* Looks for everything; sets status. What could not be opened is left out. */
void object_file_open(struct object_file *file,
		      const struct debug_search *search,
		      const struct sym_object *object);
void object_file_close(struct object_file *file);

/* The path of the file that says most; NULL: none. */
const char *object_file_source(const struct object_file *file);

#endif
