/* SPDX-License-Identifier: MIT */
/*
 * Names the stubs through which an x86-64 object calls others: "malloc@plt".
 * No symbol table holds them; the code of the stub and the relocation of the
 * word that it jumps through do.
 */
#ifndef MEMPROF_ANALYZER_SYM_PLT_H
#define MEMPROF_ANALYZER_SYM_PLT_H

#include <libelf.h>

#include "analyzer/sym/intern.h"
#include "analyzer/sym/symtab.h"

/*
 * Adds the stubs of elf to symtab, which is not yet sealed; the names live in
 * intern. -1 when memory is out.
 */
int plt_add(struct symtab *symtab, Elf *elf, struct intern *intern);

#endif
