/* SPDX-License-Identifier: MIT */
/*
 * Exported symbols of a mapped code object, looked up in its own tables: the
 * dynamic linker's functions lock and allocate, and do not see what was loaded
 * with RTLD_LOCAL.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none; errno kept.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_SYMBOLS_H
#define MEMPROF_PRELOAD_PYTHON_SYMBOLS_H

#include <elf.h>
#include <stdbool.h>
#include <stdint.h>

struct mp_symbols {
	uintptr_t bias;
	const Elf64_Sym *symbols;
	const char *strings;
	const uint32_t *hash; /* GNU */
};

/* The object mapped at [start, end). False: it has no tables to look in. */
bool mp_symbols_open(uintptr_t start, uintptr_t end, uintptr_t bias,
		     struct mp_symbols *ret_symbols);

/* 0: there is none. *ret_bytes may be NULL. */
uintptr_t mp_symbols_find(const struct mp_symbols *symbols, const char *name,
			  uint64_t *ret_bytes);

#endif
