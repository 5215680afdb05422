/* SPDX-License-Identifier: MIT */
/* What was answered for one address of an object. */
#ifndef MEMPROF_ANALYZER_SYM_ANSWER_H
#define MEMPROF_ANALYZER_SYM_ANSWER_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/sym/intern.h"
#include "analyzer/sym/sym.h"

struct answer {
	size_t count; /* 0: nothing is known of the address */
	struct sym_frame frames[];
};

/* An answer of count frames that are all zero; NULL when memory is out. */
static inline struct answer *answer_new(struct intern *intern, size_t count)
{
	struct answer *answer = intern_alloc(
		intern, sizeof(*answer) + count * sizeof(*answer->frames));

	if (answer != NULL)
		answer->count = count;
	return answer;
}

#endif
