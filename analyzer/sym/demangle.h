/* SPDX-License-Identifier: MIT */
/*
 * Linkage names of C++, Rust (both schemes) and D to what their writers wrote.
 * The names are untrusted: input and output are bounded.
 */
#ifndef MEMPROF_ANALYZER_SYM_DEMANGLE_H
#define MEMPROF_ANALYZER_SYM_DEMANGLE_H

#include <stdbool.h>

/* Has the prefix of a linkage name of one of these languages. */
bool demangle_is_mangled(const char *name);

/*
 * The caller frees the result. NULL: not a mangled name, beyond the limits, or
 * memory is out; show the name as it is then.
 */
char *demangle_name(const char *name);

#endif
