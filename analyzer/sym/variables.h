/* SPDX-License-Identifier: MIT */
/* The variables that the symbol tables of an ELF file name. */
#ifndef MEMPROF_ANALYZER_SYM_VARIABLES_H
#define MEMPROF_ANALYZER_SYM_VARIABLES_H

#include <libelf.h>
#include <stdint.h>

/*
 * The linkage name of the variable that holds an ELF address, in .symtab or
 * .dynsym, and where it begins; it lives as long as the Elf. NULL: none.
 * Takes as long as the tables are.
 */
const char *variables_find(Elf *elf, uint64_t address, uint64_t *ret_start);

#endif
