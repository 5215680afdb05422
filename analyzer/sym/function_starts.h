/* SPDX-License-Identifier: MIT */
/*
 * Where functions begin that no symbol names: the unwind tables of a stripped
 * program still have a range for each (.eh_frame_hdr, which is sorted, and the
 * entries of .eh_frame that it refers to). Only the forms that linkers make
 * are read; whatever else is there, nothing is known.
 */
#ifndef MEMPROF_ANALYZER_SYM_FUNCTION_STARTS_H
#define MEMPROF_ANALYZER_SYM_FUNCTION_STARTS_H

#include <libelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* All zero knows nothing. What it points at is the ELF file's. */
struct function_starts {
	const uint8_t *segment; /* that has the unwind tables */
	uint64_t address;	/* of the segment, as addresses below */
	size_t bytes;
	uint64_t header; /* address of .eh_frame_hdr */
	const uint8_t *table;
	size_t count;
};

void function_starts_init(struct function_starts *ret_starts, Elf *elf);

/* Where the function around an ELF virtual address begins; false: unknown. */
bool function_starts_find(const struct function_starts *starts,
			  uint64_t address, uint64_t *ret_start);

#endif
