/* SPDX-License-Identifier: MIT */
/*
 * The dump that the tests of the reader and of the views begin with: a
 * program of two modules and two threads, with one stack each for what
 * follows. Freed and live blocks, a peak before the end, temporaries.
 *
 *	node	stack (innermost first)		class	  thread  blocks
 *	leaf_a	a.c:a < main < root		malloc 100	0  10, 4 freed
 *						realloc 50	0  3, 0 freed
 *	leaf_b	b < a < main < root		new 8		1  1000 of 1,
 *							all freed by thread 0
 *	leaf_c	c < (cut)			calloc 4096	1  2, 1 freed
 */
#ifndef MEMPROF_TESTS_UNIT_DUMP_SAMPLE_H
#define MEMPROF_TESTS_UNIT_DUMP_SAMPLE_H

#include "tests/unit/dump_builder.h"

#define SAMPLE_MAIN_START UINT64_C(0x400000)
#define SAMPLE_LIB_START  UINT64_C(0x7f0000000000)

struct dump_sample {
	struct dump_builder builder;
	uint32_t root, main, a, b, cut, c; /* nodes */
	uint32_t class_malloc, class_realloc, class_new, class_calloc;
	uint32_t thread0, thread1;
};

void dump_sample_init(struct dump_sample *sample);

/*
 * Adds a reachability scan: of class_malloc 1 block lost and 2 possibly, of
 * class_calloc 3 indirectly through the lost one, of class_new 1 reachable
 * through a variable. Offsets of the two segments.
 */
void dump_sample_add_leaks(struct dump_sample *sample, uint64_t *ret_leaks,
			   uint64_t *ret_roots);

/*
 * Adds lifetimes and ages: of class_malloc 4 blocks of thread 0 that lived for
 * 1, 2, 3 and 10,000 us (at 1,000 ticks each), and 0, 1, 2 and 5 allocations,
 * with 112 usable bytes each; of class_new 1000 of nothing. 6 of class_malloc
 * live for 1 s. Offsets of the two segments.
 */
void dump_sample_add_ages(struct dump_sample *sample, uint64_t *ret_lifetimes,
			  uint64_t *ret_live);

#endif
