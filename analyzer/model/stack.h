/* SPDX-License-Identifier: MIT */
/*
 * The stack of a site as a list of activations to be shown, innermost first,
 * inlined ones included, the allocator's own left out.
 */
#ifndef MEMPROF_ANALYZER_MODEL_STACK_H
#define MEMPROF_ANALYZER_MODEL_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/sites.h"
#include "analyzer/model/tree.h"

struct names;

/* Strings are those of the dump and of the debug information: any bytes. */
struct stack_frame {
	const char *function; /* NULL: unknown */
	const char *mangled;  /* NULL: unknown */
	const char *file;     /* NULL: unknown */
	const char *module;   /* path; NULL: unknown code */
	uint64_t address;     /* in the process, within the call */
	uint64_t offset;      /* ELF address in the module, else 0 */
	uint64_t start;	      /* the same of where the function begins, where
				 only that is known of it */
	uint32_t line;	      /* 0: unknown */
	uint32_t column;
	bool is_inlined; /* into the next one */
	bool is_guessed; /* found by frame pointer, may be wrong */
	bool is_python;
};

/* All zero: empty. Reused by every stack_read(), to spare allocations. */
struct stack {
	struct stack_frame *frames;
	size_t count;
	size_t room;
	enum tree_end end;    /* what is beyond the last frame */
	enum site_kind kind;  /* not SITE_STACK: there is none */
	bool has_more_starts; /* as in struct site */
	size_t start_count;   /* where its threads were started */
	struct stack_frame starts[SITE_STARTS];
};

/* 0, or DUMP_MEMORY. */
int stack_read(struct stack *stack, struct names *names,
	       const struct site *site);

/* Only where the threads of a row of top by thread were started; at most one
 * place. node as in struct site; 0: not known. */
int stack_read_start(struct stack *stack, struct names *names, uint32_t node);
void stack_done(struct stack *stack);

#endif
