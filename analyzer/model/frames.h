/* SPDX-License-Identifier: MIT */
/*
 * The activations on many stacks as one table, each once: for outputs that
 * hold stacks as lists of numbers.
 */
#ifndef MEMPROF_ANALYZER_MODEL_FRAMES_H
#define MEMPROF_ANALYZER_MODEL_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/intmap.h"
#include "analyzer/model/stack.h"

struct names;
struct site;

struct frames_entry {
	struct stack_frame frame;
	uint32_t module; /* MODULES_NONE: unknown code */
};

/* All zero: empty. */
struct frames {
	struct frames_entry *array;
	size_t count;

	/* Private. */
	size_t room;
	struct intmap known; /* frame of the tree, which activation: number+1 */
	uint32_t *numbers;
	size_t number_room;
};

/*
 * The numbers of a site's activations, innermost first, the allocator's own
 * left out; the same that stack_read() finds. Valid until the next call. 0, or
 * DUMP_MEMORY.
 */
int frames_of_site(struct frames *frames, struct names *names,
		   const struct site *site, const uint32_t **ret_numbers,
		   size_t *ret_count);
void frames_done(struct frames *frames);

#endif
