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

/* The file that says most. */
enum object_file_source {
	OBJECT_FILE_NOWHERE,
	OBJECT_FILE_DEBUG,
	OBJECT_FILE_MAIN,
};

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

/*
 * Looks for the files; what could not be opened is left out. Where there is
 * neither main nor debug, status says why; else it is for object_file_load().
 */
void object_file_find(struct object_file *file,
		      const struct debug_search *search,
		      const struct sym_object *object);

/* Makes what was found ready for use; sets status. */
void object_file_load(struct object_file *file);
void object_file_close(struct object_file *file);

enum object_file_source object_file_source(const struct object_file *file);

/* NULL: nowhere. Lives as long as the file is open. */
const char *object_file_path(const struct object_file *file,
			     enum object_file_source source);

#endif
