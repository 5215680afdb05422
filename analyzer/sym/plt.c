/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/plt.h"

#include <gelf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/elf_file.h"

/* Every kind of stub fits in 16 bytes and starts at a multiple of eight. */
#define STUB_BYTES 16u
#define STUB_ALIGN 8u
#define NAME_LIMIT 4096u

struct plt_slot {
	uint64_t address; /* of the word that is jumped through */
	const char *name;
};

struct plt_slots {
	struct plt_slot *slots;
	size_t count;
};

static int compare(const void *a, const void *b)
{
	const struct plt_slot *x = a;
	const struct plt_slot *y = b;

	return x->address < y->address ? -1 : x->address > y->address;
}

static const char *symbol_name(Elf *elf, Elf_Data *symbols, size_t strings,
			       size_t index)
{
	GElf_Sym symbol;

	if (index == 0 || index > INT32_MAX ||
	    gelf_getsym(symbols, (int)index, &symbol) == NULL)
		return NULL;
	return elf_strptr(elf, strings, symbol.st_name);
}

/* The words that one relocation section fills with functions' addresses. */
static int add_slots(struct plt_slots *slots, Elf *elf, Elf_Scn *section,
		     const GElf_Shdr *header)
{
	Elf_Data *data = elf_getdata(section, NULL);
	Elf_Scn *symbol_section = elf_getscn(elf, header->sh_link);
	Elf_Data *symbols;
	GElf_Shdr symbol_header;
	size_t each = gelf_fsize(elf, ELF_T_RELA, 1, EV_CURRENT);
	size_t count;
	void *larger;

	if (data == NULL || data->d_buf == NULL || symbol_section == NULL ||
	    gelf_getshdr(symbol_section, &symbol_header) == NULL ||
	    symbol_header.sh_type != SHT_DYNSYM || each == 0)
		return 0;
	symbols = elf_getdata(symbol_section, NULL);
	count = data->d_size / each;
	if (symbols == NULL || count == 0 || count > INT32_MAX)
		return 0;
	larger = realloc(slots->slots,
			 (slots->count + count) * sizeof(*slots->slots));
	if (larger == NULL)
		return -1;
	slots->slots = larger;
	for (size_t i = 0; i < count; i++) {
		const char *name;
		GElf_Rela rela;

		if (gelf_getrela(data, (int)i, &rela) == NULL ||
		    (GELF_R_TYPE(rela.r_info) != R_X86_64_JUMP_SLOT &&
		     GELF_R_TYPE(rela.r_info) != R_X86_64_GLOB_DAT))
			continue;
		name = symbol_name(elf, symbols, symbol_header.sh_link,
				   GELF_R_SYM(rela.r_info));
		if (name != NULL && name[0] != '\0')
			slots->slots[slots->count++] =
				(struct plt_slot) { rela.r_offset, name };
	}
	return 0;
}

/* Where the stub jumps through: [endbr64] [bnd] jmp *displacement(%rip). */
static uint64_t slot_of_stub(const unsigned char *code, uint64_t address)
{
	static const unsigned char endbr[] = { 0xf3, 0x0f, 0x1e, 0xfa };
	size_t at = memcmp(code, endbr, sizeof(endbr)) == 0 ? 4 : 0;
	uint32_t displacement = 0;

	if (code[at] == 0xf2)
		at++;
	if (code[at] != 0xff || code[at + 1] != 0x25)
		return 0;
	for (size_t i = 4; i > 0; i--)
		displacement = displacement << 8 | code[at + 1 + i];
	return address + at + 6 + (uint64_t)(int64_t)(int32_t)displacement;
}

static int add_stub(struct symtab *symtab, struct intern *intern,
		    const struct plt_slot *slot, uint64_t address,
		    uint64_t bytes)
{
	struct symtab_symbol symbol = { .address = address,
					.end = address + bytes };
	char name[NAME_LIMIT];

	snprintf(name, sizeof(name), "%.*s@plt", (int)sizeof(name) - 8,
		 slot->name);
	symbol.name = intern_string(intern, name);
	return symbol.name == NULL ? -1 : symtab_add(symtab, &symbol);
}

static int add_stubs(struct symtab *symtab, struct intern *intern,
		     const struct plt_slots *slots, Elf_Scn *section,
		     const GElf_Shdr *header)
{
	Elf_Data *data = elf_rawdata(section, NULL);
	/* .plt.got of older linkers has stubs of half the size. */
	size_t each =
		header->sh_entsize == STUB_ALIGN ? STUB_ALIGN : STUB_BYTES;
	unsigned char code[STUB_BYTES];

	if (data == NULL || data->d_buf == NULL)
		return 0;
	for (size_t at = 0; at + each <= data->d_size; at += each) {
		uint64_t address = header->sh_addr + at;
		const struct plt_slot *slot;
		struct plt_slot key;

		memset(code, 0, sizeof(code));
		memcpy(code, (const unsigned char *)data->d_buf + at, each);
		key.address = slot_of_stub(code, address);
		if (key.address == 0)
			continue;
		slot = bsearch(&key, slots->slots, slots->count, sizeof(key),
			       compare);
		if (slot != NULL &&
		    add_stub(symtab, intern, slot, address, each) != 0)
			return -1;
	}
	return 0;
}

static int add_all(struct symtab *symtab, Elf *elf, struct intern *intern,
		   struct plt_slots *slots)
{
	static const char *const sections[] = { ".plt", ".plt.sec",
						".plt.got" };
	Elf_Scn *section = NULL;
	GElf_Shdr header;

	while ((section = elf_nextscn(elf, section)) != NULL)
		if (gelf_getshdr(section, &header) != NULL &&
		    header.sh_type == SHT_RELA &&
		    add_slots(slots, elf, section, &header) != 0)
			return -1;
	if (slots->count == 0)
		return 0;
	qsort(slots->slots, slots->count, sizeof(*slots->slots), compare);
	for (size_t i = 0; i < sizeof(sections) / sizeof(*sections); i++) {
		section = elf_file_section(elf, sections[i], &header);
		if (section != NULL &&
		    add_stubs(symtab, intern, slots, section, &header) != 0)
			return -1;
	}
	return 0;
}

int plt_add(struct symtab *symtab, Elf *elf, struct intern *intern)
{
	struct plt_slots slots = { 0 };
	GElf_Ehdr header;
	int result = 0;

	if (gelf_getehdr(elf, &header) != NULL && header.e_machine == EM_X86_64)
		result = add_all(symtab, elf, intern, &slots);
	free(slots.slots);
	return result;
}
