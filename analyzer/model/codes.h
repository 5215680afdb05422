/* SPDX-License-Identifier: MIT */
/* The code of interpreted languages in a dump: its names, files and lines. */
#ifndef MEMPROF_ANALYZER_MODEL_CODES_H
#define MEMPROF_ANALYZER_MODEL_CODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/code_lines.h"

struct dump;

/* Strings are terminated; any bytes. */
struct code {
	const char *function; /* NULL: the code is not known */
	const char *file;     /* made absolute where the interpreter did not */
	struct code_table table;
	bool is_import; /* of the machinery that runs an import statement */
};

struct codes {
	struct code *array; /* by index in the dump; [0] is the unknown one */
	size_t count;	    /* at least 1 */
	char *strings;	    /* private */
};

/* 0, or DUMP_MEMORY. Valid as long as the dump. */
int codes_init(struct codes *ret_codes, const struct dump *dump);
void codes_done(struct codes *codes);

/* The place of a position as MPF_PYTHON_POSITION() gives it. */
struct code_place codes_place(const struct codes *codes, uint32_t code,
			      uint32_t position);

#endif
