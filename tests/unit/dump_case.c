/* SPDX-License-Identifier: MIT */
/* The dump that a case breaks, and what reading it says. */
#include "config.h"

#include "tests/unit/dump_case.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/unit/suite_run.h"

char folder[DUMP_CASE_PATH] = "/tmp/memprof-test-dump-XXXXXX";
char path[2 * DUMP_CASE_PATH];
struct dump_sample sample;

static void set_up(void)
{
	memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_sample_init(&sample);
}

static void tear_down(void)
{
	dump_builder_done(&sample.builder);
	remove(path);
	rmdir(folder);
}

/* Opens the sample as it is now. NULL with the error when it is refused. */
struct dump *open_sample(bool salvage, struct dump_error *ret_error)
{
	const struct dump_options options = { .salvage = salvage };
	struct dump *dump = NULL;
	int ret;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	*ret_error = (struct dump_error) { .code = DUMP_OK };
	ret = dump_open(path, &options, &dump, ret_error);
	ck_assert_int_eq(ret, ret_error->code);
	ck_assert_int_eq(ret == 0, dump != NULL);
	return dump;
}

struct dump_error refusal(void)
{
	struct dump_error error;
	struct dump *dump = open_sample(false, &error);

	ck_assert_ptr_null(dump);
	return error;
}

void expect_corrupt(const char *what, uint64_t offset)
{
	struct dump_error error = refusal();
	struct dump *dump;

	ck_assert_int_eq(error.code, DUMP_CORRUPT);
	ck_assert_str_eq(error.what, what);
	ck_assert_uint_eq(error.offset, offset);

	/* Salvage goes on without it, and says so. */
	dump = open_sample(true, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_uint_ge(dump->dropped_count, 1);
	ck_assert_str_eq(dump->dropped[0].what, what);
	ck_assert_uint_eq(dump->dropped[0].offset, offset);
	dump_close(dump);
}

struct mpf_header *header(void)
{
	return dump_builder_header(&sample.builder);
}

struct mpf_node *node(uint32_t index)
{
	return dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, MPF_SEG_NODES, 0, index));
}

/* The builder puts a link before each node. */
void set_parent(uint32_t index, uint64_t parent)
{
	node(index - 1)->pc = (uint64_t)MPF_NODE_LINK << 60 | parent;
}

uint64_t node_offset(uint32_t index)
{
	return dump_builder_element(&sample.builder, MPF_SEG_NODES, 0, index);
}

struct mpf_segment *segment(uint32_t type, unsigned n)
{
	return dump_builder_at(&sample.builder,
			       dump_builder_find(&sample.builder, type, n));
}

/* The n-th slot of the first writer. */
struct mpf_slot *slot(unsigned n)
{
	return (struct mpf_slot *)segment(MPF_SEG_SLOTS, 0) + 1 + n;
}

uint64_t slot_offset(unsigned n)
{
	return dump_builder_find(&sample.builder, MPF_SEG_SLOTS, 0) +
	       (1 + n) * sizeof(struct mpf_slot);
}

int dump_case_run(const char *name, void (*add)(TCase *tests))
{
	Suite *suite = suite_create(name);
	TCase *tests = tcase_create(name);

	tcase_add_checked_fixture(tests, set_up, tear_down);
	add(tests);
	suite_add_tcase(suite, tests);
	return suite_run(suite);
}
