/* SPDX-License-Identifier: MIT */
/*
 * What the tests of opening dumps share: a valid dump that each case may break,
 * in a folder of its own, and what reading it as it is now says.
 */
#ifndef MEMPROF_TESTS_UNIT_DUMP_CASE_H
#define MEMPROF_TESTS_UNIT_DUMP_CASE_H

#include <check.h>

#include "analyzer/model/dump.h"
#include "tests/unit/dump_sample.h"

#define DUMP_CASE_PATH 64

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

extern char folder[DUMP_CASE_PATH];
extern char path[2 * DUMP_CASE_PATH]; /* in it: where the sample is saved */
extern struct dump_sample sample;

/* Opens the sample as it is now. NULL with the error when it is refused. */
struct dump *open_sample(bool salvage, struct dump_error *ret_error);

/* It is refused, with this error. */
struct dump_error refusal(void);

/* Refused as corrupt there; salvage goes on without, and says so. */
void expect_corrupt(const char *what, uint64_t offset);

struct mpf_header *header(void);
struct mpf_node *node(uint32_t index);
uint64_t node_offset(uint32_t index);

/* Changes the link that the builder puts before each node. */
void set_parent(uint32_t index, uint64_t parent);

struct mpf_segment *segment(uint32_t type, unsigned n);

/* The n-th slot of the first writer. */
struct mpf_slot *slot(unsigned n);
uint64_t slot_offset(unsigned n);

/* Runs the cases that add() adds; what main() returns. */
int dump_case_run(const char *name, void (*add)(TCase *tests));

#endif
