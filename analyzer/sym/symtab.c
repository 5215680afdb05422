/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/symtab.h"

#include <gelf.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/elf_file.h"

#define FIRST_CAPACITY 256
/* How many smaller neighbours may lie inside the function that covers. */
#define SEARCH_LIMIT 64

void symtab_done(struct symtab *symtab)
{
	free(symtab->symbols);
	*symtab = (struct symtab) { 0 };
}

int symtab_add(struct symtab *symtab, const struct symtab_symbol *symbol)
{
	if (symtab->count == symtab->capacity) {
		size_t capacity = symtab->capacity == 0 ? FIRST_CAPACITY
							: symtab->capacity * 2;
		void *larger = realloc(symtab->symbols,
				       capacity * sizeof(*symtab->symbols));

		if (larger == NULL)
			return -1;
		symtab->symbols = larger;
		symtab->capacity = capacity;
	}
	symtab->symbols[symtab->count++] = *symbol;
	return 0;
}

/* Sized before guessed, public before private, plain before underscored. */
static uint8_t rank_of(const GElf_Sym *symbol, const char *name)
{
	unsigned int rank = 0;

	if (symbol->st_size == 0)
		rank += SYMTAB_RANK_UNSIZED;
	if (GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE)
		rank += 16;
	if (GELF_ST_BIND(symbol->st_info) == STB_LOCAL)
		rank += 8;
	else if (GELF_ST_BIND(symbol->st_info) == STB_WEAK)
		rank += 4;
	if (name[0] == '_' && name[1] != 'Z' && name[1] != 'R' &&
	    name[1] != 'D')
		rank += name[1] == '_' ? 2 : 1;
	return (uint8_t)rank;
}

static bool is_wanted(const GElf_Sym *symbol, const char *name)
{
	switch (GELF_ST_TYPE(symbol->st_info)) {
	case STT_FUNC:
	case STT_GNU_IFUNC:
		break;
	case STT_NOTYPE:
		/* Not the local labels and mapping symbols of assemblers. */
		if (name[0] == '.' || name[0] == '$')
			return false;
		break;
	default:
		return false;
	}
	return symbol->st_shndx != SHN_UNDEF && symbol->st_shndx != SHN_ABS &&
	       symbol->st_shndx != SHN_COMMON && symbol->st_value != 0 &&
	       name[0] != '\0';
}

static int add_one(struct symtab *symtab, Elf *elf, const GElf_Sym *symbol,
		   const char *name)
{
	struct symtab_symbol one = { .address = symbol->st_value,
				     .end = symbol->st_value + symbol->st_size,
				     .name = name };
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	if (!is_wanted(symbol, name))
		return 0;
	if (symbol->st_shndx < SHN_LORESERVE)
		section = elf_getscn(elf, symbol->st_shndx);
	if (section != NULL && gelf_getshdr(section, &header) != NULL) {
		if ((header.sh_flags & SHF_EXECINSTR) == 0)
			return 0;
		if (one.end == one.address)
			one.end = header.sh_addr + header.sh_size;
	} else if (GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE) {
		return 0;
	}
	if (one.end <= one.address)
		return 0;
	one.rank = rank_of(symbol, name);
	one.is_label = GELF_ST_TYPE(symbol->st_info) == STT_NOTYPE;
	return symtab_add(symtab, &one);
}

static int add_table(struct symtab *symtab, Elf *elf, GElf_Word type)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section_of_type(elf, type, &header);
	Elf_Data *data = section == NULL ? NULL : elf_getdata(section, NULL);
	size_t each = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	size_t count;

	if (data == NULL || data->d_buf == NULL || each == 0)
		return 0;
	count = data->d_size / each;
	for (size_t i = 1; i < count && i < INT32_MAX; i++) {
		const char *name;
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol) == NULL)
			continue;
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name != NULL && add_one(symtab, elf, &symbol, name) != 0)
			return -1;
	}
	return 0;
}

int symtab_add_static(struct symtab *symtab, Elf *elf)
{
	return add_table(symtab, elf, SHT_SYMTAB);
}

int symtab_add_dynamic(struct symtab *symtab, Elf *elf)
{
	return add_table(symtab, elf, SHT_DYNSYM);
}

static int compare(const void *a, const void *b)
{
	const struct symtab_symbol *x = a;
	const struct symtab_symbol *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	if (x->rank != y->rank)
		return x->rank < y->rank ? -1 : 1;
	return strcmp(x->name, y->name);
}

void symtab_seal(struct symtab *symtab)
{
	uint64_t covered_until = 0;
	size_t kept = 0;

	if (symtab->count == 0)
		return;
	qsort(symtab->symbols, symtab->count, sizeof(*symtab->symbols),
	      compare);
	for (size_t i = 0; i < symtab->count; i++) {
		const struct symtab_symbol *symbol = &symtab->symbols[i];

		if (kept > 0 &&
		    symtab->symbols[kept - 1].address == symbol->address)
			continue;
		if (symbol->is_label && symbol->address < covered_until)
			continue;
		if (!symbol->is_label && symbol->rank < SYMTAB_RANK_UNSIZED &&
		    symbol->end > covered_until)
			covered_until = symbol->end;
		symtab->symbols[kept++] = *symbol;
	}
	symtab->count = kept;
	for (size_t i = 0; i + 1 < kept; i++) {
		struct symtab_symbol *symbol = &symtab->symbols[i];

		if (symbol->rank >= SYMTAB_RANK_UNSIZED &&
		    symbol->end > symbol[1].address)
			symbol->end = symbol[1].address;
	}
}

const struct symtab_symbol *symtab_find(const struct symtab *symtab,
					uint64_t address)
{
	size_t low = 0;
	size_t high = symtab->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (symtab->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	for (size_t i = 0; i < SEARCH_LIMIT && i < low; i++)
		if (address < symtab->symbols[low - 1 - i].end)
			return &symtab->symbols[low - 1 - i];
	return NULL;
}
