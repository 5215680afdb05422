/* SPDX-License-Identifier: MIT */
/*
 * The line tables of CPython: from an instruction to its place in the source.
 * Any bytes may be given: what does not make sense has no line.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CODE_LINES_H
#define MEMPROF_ANALYZER_MODEL_CODE_LINES_H

#include <stddef.h>
#include <stdint.h>

struct code_table {
	uint32_t kind; /* enum mpf_code_lines */
	uint32_t first_line;
	const uint8_t *bytes;
	size_t count;
};

struct code_place {
	uint32_t line;	 /* 0: the instruction has none */
	uint32_t column; /* from 1; 0: unknown */
};

/* unit: the instruction, in units of two bytes; negative: before the first. */
struct code_place code_lines_find(const struct code_table *table, int64_t unit);

#endif
