/* SPDX-License-Identifier: MIT */
/*
 * The code objects of a dump: which one an address belonged to, and what its
 * file is called. One thread at a time for building; then read only.
 */
#ifndef MEMPROF_ANALYZER_MODEL_MODULES_H
#define MEMPROF_ANALYZER_MODEL_MODULES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dump;

#define MODULES_NONE UINT32_MAX /* an address in no known module */

struct module {
	const char *path; /* as recorded, terminated; "" unknown. Any bytes */
	uint64_t start, end, bias;
	const uint8_t *build_id;
	size_t build_id_bytes;
	uint64_t file_bytes, file_mtime_ns; /* 0: unknown */
	bool is_main, is_vdso, is_loader, is_memprof;
	bool is_unloaded;
	bool is_allocator; /* an allocator or a C or C++ runtime library */
};

struct modules {
	struct module *array; /* those in use, in the order of the dump */
	size_t count;

	/* Private: the search by address. */
	uint32_t *by_start;
	uint64_t *greatest_end;
	struct {
		uint32_t first, end;
	} * generations;
	char *paths;
};

/* 0, or DUMP_MEMORY; *ret_modules stays valid only as long as the dump. */
int modules_init(struct modules *ret_modules, const struct dump *dump);
void modules_done(struct modules *modules);

/* The module that held an address in a generation, or MODULES_NONE. */
uint32_t modules_find(const struct modules *modules, uint64_t address,
		      uint32_t generation);

/* Was the module there in a generation? */
bool modules_is_in(const struct modules *modules, uint32_t module,
		   uint32_t generation);

#endif
