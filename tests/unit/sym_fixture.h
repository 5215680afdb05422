/* SPDX-License-Identifier: MIT */
/*
 * Real programs for the tests of symbols: built from tests/unit/fixtures in a
 * temporary directory when the test runs, so that they are what the compiler
 * and the tools of this machine make.
 */
#ifndef MEMPROF_TESTS_UNIT_SYM_FIXTURE_H
#define MEMPROF_TESTS_UNIT_SYM_FIXTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/sym.h"

/*
 * Makes the directory and makes it the current one; $S names the sources, $CC
 * and $CXX the compilers. Exits with status 1 when that fails.
 */
void fixture_begin(void);
void fixture_end(void); /* removes it */

/* Is the program in PATH? */
bool fixture_has(const char *program);
/* The same; otherwise ends the test program as skipped, saying why. */
void fixture_need(const char *program);

/* Runs a shell command there; a failure fails the test with its output. */
void fixture_run(const char *command);

/* Absolute path of a file there; one of few buffers that take turns. */
const char *fixture_path(const char *name);

/* Address of a symbol in .symtab of a file there; the test fails if absent. */
uint64_t fixture_mark(const char *file, const char *symbol);

/* Number of the line in a source that has "LINE:tag". */
uint32_t fixture_line(const char *source, const char *tag);

/* What the file there is now, as a recorder would have written it. */
struct fixture_object {
	struct sym_object object;
	uint8_t build_id[64];
	char path[4096];
};
void fixture_record(struct fixture_object *recorded, const char *file);

/* The build-id as below .build-id: "ab/cdef". */
const char *fixture_build_id_path(const struct fixture_object *recorded);

/* Checks one activation; line_tag NULL: file and line are unknown. */
void fixture_check(const struct sym_frame *frame, const char *function,
		   const char *source, const char *line_tag, bool is_inlined);

#endif
