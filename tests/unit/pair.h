/* SPDX-License-Identifier: MIT */
/*
 * Two dumps of one program as a set: what the tests of tables, trees and
 * differences begin with. One at a time: the state is global.
 */
#ifndef MEMPROF_TESTS_UNIT_PAIR_H
#define MEMPROF_TESTS_UNIT_PAIR_H

#include <stdio.h>

#include "analyzer/base/term.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/set.h"
#include "analyzer/model/top.h"
#include "tests/unit/dump_builder.h"

#define APP UINT64_C(0x400000)
#define LIB UINT64_C(0x7f0000000000)
#define EXT UINT64_C(0x7f1000000000)

extern struct analysis pair_array[2];
extern struct set pair_set; /* of these; as many as are open */
extern char *pair_output;   /* what pair_begin()'s file got, once closed */

/* Before and after each test. */
void pair_set_up(void);
void pair_tear_down(void);

/*
 * app -> lib -> app -> lib: what calls itself through another. shift moves
 * all code, as address randomisation does; times is how often each is called.
 *
 *	app+100 < lib+300 < app+200 < lib+400:	malloc 100, times
 *	app+100 < lib+300:			malloc 24, twice that, all freed
 *	app+100:				malloc 5000, once
 */
void pair_build(struct dump_builder *builder, uint64_t shift, uint64_t times,
		uint8_t id);

/* The next dump of the set; the builder is done. */
void pair_open_dump(struct dump_builder *builder);

/* 10 times, and at other addresses 30 times. */
void pair_open_both(void);

/* Their tables as one. */
void pair_merge(struct top *ret_top, enum top_by by);

void pair_expect_bytes(const struct counts *counts, int64_t allocated,
		       int64_t live, int64_t allocations);

/* A terminal that writes into pair_output. */
FILE *pair_begin(struct term *term);

#endif
