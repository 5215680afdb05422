/* SPDX-License-Identifier: MIT */
/*
 * Texts that are shown, each made once: functions from linkage names, and
 * files from what compilers record.
 */
#ifndef MEMPROF_ANALYZER_SYM_FUNCTION_NAMES_H
#define MEMPROF_ANALYZER_SYM_FUNCTION_NAMES_H

#include <stddef.h>

#include "analyzer/sym/intern.h"
#include "analyzer/sym/sym.h"
#include "analyzer/sym/word_map.h"

/* All zero is good and empty. */
struct function_names {
	struct intern texts;
	struct word_map shown; /* from the interned linkage name */
};

void function_names_done(struct function_names *names);

/*
 * Sets function and mangled of frame from a linkage name or a plain name of
 * at most bytes bytes; both NULL when memory is out or the name is empty.
 */
void function_names_set(struct function_names *names, const char *raw,
			size_t bytes, struct sym_frame *frame);

#endif
