/* SPDX-License-Identifier: MIT */
/* What changed from dump to dump, number by number. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/diff.h"
#include "analyzer/model/dump.h"
#include "analyzer/view/text_diff.h"
#include "tests/unit/pair.h"

/* ---- the difference ---- */

START_TEST(test_diff_by_site)
{
	const struct diff_options options = {
		.by = TOP_SITE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct diff diff;

	pair_open_both();
	ck_assert_int_eq(diff_init(&diff, &pair_set, &options), 0);

	ck_assert_uint_eq(diff.count, 2);
	ck_assert_uint_eq(diff.same, 1);
	ck_assert_uint_eq(diff.of_status[DIFF_GROWN], 2);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[0], METRIC_ALLOCATED_BYTES),
		2000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATED_BYTES), 960);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATIONS), 40);
	ck_assert_double_eq(
		diff_change(&diff, DIFF_TOTALS, METRIC_ALLOCATED_BYTES), 2960);
	diff_done(&diff);
}
END_TEST

/* Three times the work, three times the memory: only what is the same in both
 * is less of each unit. */
START_TEST(test_diff_by_unit_of_work)
{
	const double units[] = { 10, 30 };
	const struct diff_options options = {
		.by = TOP_SITE,
		.metric = METRIC_ALLOCATED_BYTES,
		.units = units,
	};
	struct diff diff;

	pair_open_both();
	ck_assert_int_eq(diff_init(&diff, &pair_set, &options), 0);

	ck_assert_uint_eq(diff.count, 1);
	ck_assert_uint_eq(diff.same, 2);
	ck_assert_int_eq(diff_status(&diff, diff.order[0]), DIFF_SHRUNK);
	ck_assert_double_eq(
		diff_value(&diff, diff.order[0], 0, METRIC_ALLOCATED_BYTES),
		500);
	diff_done(&diff);
}
END_TEST

/* What one of the dumps does not have at all. */
START_TEST(test_diff_finds_new_and_gone)
{
	const struct diff_options options = {
		.by = TOP_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct dump_builder builder;
	struct diff diff;
	uint32_t node;

	pair_build(&builder, 0, 10, 2);
	pair_open_dump(&builder);
	dump_builder_init(&builder);
	dump_builder_module(&builder, "/opt/ext.so", EXT, 0x1000);
	node = dump_builder_node(&builder, dump_builder_root(&builder, 1),
				 EXT + 0x10);
	dump_builder_count(
		&builder, dump_builder_thread(&builder, "x", 1),
		dump_builder_class(&builder, node, MPF_CALL_MALLOC, 9000), 9000,
		1, 0);
	pair_open_dump(&builder);
	ck_assert_int_eq(diff_init(&diff, &pair_set, &options), 0);

	ck_assert_uint_eq(diff.count, 3);
	ck_assert_uint_eq(diff.of_status[DIFF_NEW], 1);
	ck_assert_uint_eq(diff.of_status[DIFF_GONE], 2);
	ck_assert_int_eq(diff_status(&diff, diff.order[0]), DIFF_NEW);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[0], METRIC_ALLOCATED_BYTES),
		9000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATED_BYTES),
		-5000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[2], METRIC_ALLOCATED_BYTES),
		-1480);
	diff_done(&diff);
}
END_TEST

START_TEST(test_diff_page)
{
	const struct diff_options options = {
		.by = TOP_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct diff diff;
	struct term term;
	FILE *file;

	pair_open_both();
	file = pair_begin(&term);
	ck_assert_int_eq(diff_init(&diff, &pair_set, &options), 0);
	ck_assert_int_eq(text_diff_print(&term, &pair_set, &diff), 0);
	fclose(file);

	ck_assert_ptr_nonnull(strstr(
		pair_output,
		"\nChanges by module: bytes allocated, 1 of 1 shown: 0 new, "
		"1 grown, 0 shrunk, 0 gone; 1 the same\n"));
	ck_assert_ptr_nonnull(strstr(
		pair_output, "\n     1.4 KiB     4.3 KiB     +2.9 KiB   +200.0%"
			     "           +60  lib.so\n"));
	diff_done(&diff);
}
END_TEST

static Suite *diff_suite(void)
{
	Suite *suite = suite_create("diff");
	TCase *tests = tcase_create("diff");

	tcase_add_checked_fixture(tests, pair_set_up, pair_tear_down);
	tcase_add_test(tests, test_diff_by_site);
	tcase_add_test(tests, test_diff_by_unit_of_work);
	tcase_add_test(tests, test_diff_finds_new_and_gone);
	tcase_add_test(tests, test_diff_page);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(diff_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
