/* SPDX-License-Identifier: MIT */
/* The variables that the symbol tables of an ELF file name. */
#include "config.h"

#include "analyzer/sym/variables.h"

#include <gelf.h>

#include "analyzer/sym/elf_file.h"

static const char *find(Elf *elf, GElf_Word type, uint64_t address,
			uint64_t *ret_start)
{
	GElf_Shdr header;
	Elf_Scn *section = elf_file_section_of_type(elf, type, &header);
	Elf_Data *data = section == NULL ? NULL : elf_getdata(section, NULL);
	size_t each = gelf_fsize(elf, ELF_T_SYM, 1, EV_CURRENT);
	size_t count;

	if (data == NULL || data->d_buf == NULL || each == 0)
		return NULL;
	count = data->d_size / each;
	for (size_t i = 1; i < count && i < INT32_MAX; i++) {
		const char *name;
		GElf_Sym symbol;

		if (gelf_getsym(data, (int)i, &symbol) == NULL ||
		    GELF_ST_TYPE(symbol.st_info) != STT_OBJECT ||
		    symbol.st_shndx == SHN_UNDEF ||
		    address - symbol.st_value >= symbol.st_size)
			continue;
		name = elf_strptr(elf, header.sh_link, symbol.st_name);
		if (name == NULL || name[0] == '\0')
			continue;
		*ret_start = symbol.st_value;
		return name;
	}
	return NULL;
}

const char *variables_find(Elf *elf, uint64_t address, uint64_t *ret_start)
{
	const char *name = find(elf, SHT_SYMTAB, address, ret_start);

	return name ? name : find(elf, SHT_DYNSYM, address, ret_start);
}
