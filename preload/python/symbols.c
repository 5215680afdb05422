/* SPDX-License-Identifier: MIT */
/* Exported symbols of a mapped code object. */
#include "config.h"

#include "preload/python/symbols.h"

#include <stddef.h>

#include "preload/unwind/stack.h"

#define PAGE_MASK  ((uintptr_t)4095)
#define PHDRS_MAX  64u
#define TAGS_MAX   256u
#define CHAINS_MAX 65536u /* symbols of one bucket */

static bool is_readable(uintptr_t from, size_t bytes)
{
	return mp_stack_probe(from & ~PAGE_MASK) &&
	       mp_stack_probe((from + bytes - 1) & ~PAGE_MASK);
}

/* The dynamic linker has made addresses of these in most objects. */
static uintptr_t address_of(uintptr_t value, uintptr_t bias)
{
	return value < bias ? value + bias : value;
}

static bool read_dynamic(uintptr_t at, struct mp_symbols *symbols)
{
	for (unsigned i = 0; i < TAGS_MAX; i++, at += sizeof(Elf64_Dyn)) {
		const Elf64_Dyn *dyn = (const Elf64_Dyn *)at;
		uintptr_t value;

		if (!is_readable(at, sizeof(*dyn)) || dyn->d_tag == DT_NULL)
			break;
		value = address_of(dyn->d_un.d_ptr, symbols->bias);
		if (dyn->d_tag == DT_SYMTAB)
			symbols->symbols = (const Elf64_Sym *)value;
		else if (dyn->d_tag == DT_STRTAB)
			symbols->strings = (const char *)value;
		else if (dyn->d_tag == DT_GNU_HASH)
			symbols->hash = (const uint32_t *)value;
	}
	return symbols->symbols && symbols->strings && symbols->hash &&
	       is_readable((uintptr_t)symbols->hash, 16);
}

bool mp_symbols_open(uintptr_t start, uintptr_t end, uintptr_t bias,
		     struct mp_symbols *ret_symbols)
{
	const Elf64_Ehdr *ehdr = (const Elf64_Ehdr *)start;
	const Elf64_Phdr *phdr;

	*ret_symbols = (struct mp_symbols) { .bias = bias };
	if (start & PAGE_MASK || end - start < sizeof(*ehdr) ||
	    !mp_stack_probe(start) ||
	    __builtin_memcmp(ehdr->e_ident, ELFMAG, SELFMAG) != 0 ||
	    ehdr->e_phentsize != sizeof(*phdr) || ehdr->e_phnum > PHDRS_MAX ||
	    ehdr->e_phoff + ehdr->e_phnum * sizeof(*phdr) > PAGE_MASK + 1)
		return false;
	phdr = (const Elf64_Phdr *)(start + ehdr->e_phoff);
	for (unsigned i = 0; i < ehdr->e_phnum; i++)
		if (phdr[i].p_type == PT_DYNAMIC)
			return read_dynamic(bias + phdr[i].p_vaddr,
					    ret_symbols);
	return false;
}

static uint32_t hash_of(const char *name)
{
	uint32_t hash = 5381;

	for (; *name; name++)
		hash = hash * 33 + (unsigned char)*name;
	return hash;
}

static bool is_named(const struct mp_symbols *symbols, const Elf64_Sym *symbol,
		     const char *name)
{
	const char *have = symbols->strings + symbol->st_name;

	while (*name && *name == *have) {
		name++;
		have++;
	}
	return *name == *have;
}

uintptr_t mp_symbols_find(const struct mp_symbols *symbols, const char *name,
			  uint64_t *ret_bytes)
{
	const uint32_t hash = hash_of(name);
	const uint32_t buckets = symbols->hash[0];
	const uint32_t first = symbols->hash[1], masks = symbols->hash[2];
	const uint64_t *bloom = (const uint64_t *)(symbols->hash + 4);
	const uint32_t *bucket = (const uint32_t *)(bloom + masks);
	const uint32_t *chain = bucket + buckets;
	uint64_t word;
	uint32_t i;

	if (buckets == 0 || masks == 0)
		return 0;
	word = bloom[hash / 64 % masks];
	if (!(word >> (hash % 64) & 1) ||
	    !(word >> ((hash >> (symbols->hash[3] & 31)) % 64) & 1))
		return 0;
	i = bucket[hash % buckets];
	if (i < first)
		return 0;
	for (unsigned n = 0; n < CHAINS_MAX; n++, i++) {
		const Elf64_Sym *symbol = &symbols->symbols[i];

		if ((chain[i - first] | 1) == (hash | 1) &&
		    symbol->st_shndx != SHN_UNDEF && symbol->st_value &&
		    is_named(symbols, symbol, name)) {
			if (ret_bytes)
				*ret_bytes = symbol->st_size;
			return symbols->bias + symbol->st_value;
		}
		if (chain[i - first] & 1)
			break;
	}
	return 0;
}
