/* SPDX-License-Identifier: MIT */
/*
 * The functions that the symbol tables of one object name, sorted by address.
 * Filled from one or more ELF files of that object, then sealed, then asked.
 */
#ifndef MEMPROF_ANALYZER_SYM_SYMTAB_H
#define MEMPROF_ANALYZER_SYM_SYMTAB_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Ranks from here on have no size: the end is the most that it can be. */
#define SYMTAB_RANK_UNSIZED 32

struct symtab_symbol {
	uint64_t address;
	uint64_t end;	  /* first address behind */
	const char *name; /* may have "@VERSION" behind it */
	uint8_t rank;	  /* of those at one address the lowest is shown */
	bool is_label;	  /* assembler's: not known to be a function */
};

/* All zero is an empty table. Names point into the ELF files. */
struct symtab {
	struct symtab_symbol *symbols;
	size_t count;
	size_t capacity;
};

void symtab_done(struct symtab *symtab);

/*
 * Adds the functions of .symtab, or of .dynsym. A table that is damaged gives
 * what can be read of it. -1 when memory is out.
 */
int symtab_add_static(struct symtab *symtab, Elf *elf);
int symtab_add_dynamic(struct symtab *symtab, Elf *elf);

/* A symbol that no table holds, e.g. of a stub; name must outlive symtab. */
int symtab_add(struct symtab *symtab, const struct symtab_symbol *symbol);

void symtab_seal(struct symtab *symtab);

/*
 * The function around address: the nearest one before it whose size covers
 * it. One without a size reaches to the next function or to the end of its
 * section. NULL: none.
 */
const struct symtab_symbol *symtab_find(const struct symtab *symtab,
					uint64_t address);

#endif
