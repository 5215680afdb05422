/* SPDX-License-Identifier: MIT */
/* What pages and pictures are drawn from: the merged tree and its folding, the
 * classes of sizes, the table of frames. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/flame.h"
#include "analyzer/model/frames.h"
#include "analyzer/model/top.h"
#include "tests/unit/dump_sample.h"

static char folder[] = "/tmp/memprof-test-flame-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_sample sample;
static struct analysis analysis;
static struct flame flame;

static void set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_sample_init(&sample);
}

static void tear_down(void)
{
	flame_done(&flame);
	analysis_close(&analysis);
	dump_builder_done(&sample.builder);
	remove(path);
	rmdir(folder);
}

static void open_sample(void)
{
	const struct analysis_options options = { .without_names = true };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(
		analysis_open(&analysis, path, &options, &error, fault, &regex),
		0);
}

static void fold_to(size_t limit)
{
	flame_done(&flame);
	ck_assert_int_eq(flame_init(&flame, &analysis, limit), 0);
}

static void expect(const int64_t *values, int64_t peak, int64_t live,
		   int64_t bytes, int64_t blocks, int64_t temporary)
{
	ck_assert_int_eq(values[0], peak);
	ck_assert_int_eq(values[1], live);
	ck_assert_int_eq(values[2], bytes);
	ck_assert_int_eq(values[3], blocks);
	ck_assert_int_eq(values[4], temporary);
}

START_TEST(test_flame_inverted_has_every_stack_once)
{
	open_sample();
	ck_assert_int_eq(flame_init_inverted(&flame, &analysis, 0), 0);

	expect(flame.nodes[0].total, 9242, 4846, 17342, 1015, 2);
	for (size_t i = 1; i < flame.count; i++)
		ck_assert_uint_lt(flame.nodes[i].parent, i);
	/* Whoever allocates is below the root with what it has itself. */
	ck_assert_uint_eq(flame.nodes[1].parent, 0);
	expect(flame.nodes[1].total, 1050, 750, 1150, 13, 2);
}
END_TEST

START_TEST(test_flame_has_every_stack_once)
{
	open_sample();
	fold_to(0);

	ck_assert_uint_eq(flame.count, 6);
	ck_assert_uint_eq(flame.all_count, 6);
	ck_assert(flame.share == 0);
	expect(flame.nodes[0].total, 9242, 4846, 17342, 1015, 2);
	expect(flame.nodes[0].self, 0, 0, 0, 0, 0);
	expect(flame.nodes[1].self, 0, 0, 0, 0, 0);
	expect(flame.nodes[1].total, 1050, 750, 9150, 1013, 2);
	ck_assert_uint_eq(flame.nodes[2].parent, 1);
	expect(flame.nodes[2].self, 1050, 750, 1150, 13, 2);
	ck_assert_uint_eq(flame.nodes[3].parent, 2);
	expect(flame.nodes[3].self, 0, 0, 8000, 1000, 0);
	ck_assert_int_eq(flame.nodes[4].kind, FLAME_CUT);
	ck_assert_uint_eq(flame.nodes[4].parent, 0);
	ck_assert_uint_eq(flame.nodes[5].parent, 4);
	expect(flame.nodes[5].total, 8192, 4096, 8192, 2, 0);
	/* Without names, functions are told apart by their modules only. */
	ck_assert_uint_eq(flame.nodes[1].key, flame.nodes[2].key);
	ck_assert_uint_ne(flame.nodes[1].key, flame.nodes[3].key);
	ck_assert_uint_eq(flame.nodes[5].module, MODULES_NONE);
}
END_TEST

START_TEST(test_flame_folds_the_smallest_into_their_callers)
{
	open_sample();
	fold_to(3);

	ck_assert_uint_eq(flame.count, 3);
	ck_assert_uint_eq(flame.all_count, 6);
	ck_assert_uint_eq(flame.nodes[0].folded, 2);
	ck_assert_uint_eq(flame.nodes[2].folded, 1);
	/* The greatest of what went: 1000 of 1015 allocations. */
	ck_assert(flame.share == 1000.0 / 1015.0);
	expect(flame.nodes[0].total, 9242, 4846, 17342, 1015, 2);
	expect(flame.nodes[2].total, 1050, 750, 9150, 1013, 2);
	expect(flame.nodes[2].self, 1050, 750, 1150, 13, 2);

	fold_to(1);
	ck_assert_uint_eq(flame.count, 1);
	ck_assert_uint_eq(flame.nodes[0].folded, 5);
}
END_TEST

START_TEST(test_flame_of_no_events_is_its_root)
{
	struct dump_builder *builder = &sample.builder;

	dump_builder_done(builder);
	dump_builder_init(builder);
	open_sample();
	fold_to(1);

	ck_assert_uint_eq(flame.count, 1);
	ck_assert_uint_eq(flame.all_count, 1);
	expect(flame.nodes[0].total, 0, 0, 0, 0, 0);
}
END_TEST

START_TEST(test_flame_of_what_has_no_stack)
{
	struct mpf_header *header = dump_builder_header(&sample.builder);

	header->overflow.allocs = 5;
	header->overflow.alloc_bytes = 500;
	open_sample();
	fold_to(0);

	ck_assert_uint_eq(flame.count, 7);
	ck_assert_int_eq(flame.nodes[6].kind, FLAME_NO_STACK);
	ck_assert_uint_eq(flame.nodes[6].parent, 0);
	ck_assert_int_eq(flame.nodes[6].self[2], 500);
	ck_assert_int_eq(flame.nodes[0].total[2], 17842);
}
END_TEST

START_TEST(test_sizes_are_classes)
{
	static const struct {
		uint64_t first, last;
		int64_t allocations, bytes, live;
	} wanted[] = {
		{ 8, 8, 1000, 8000, 0 },
		{ 33, 64, 3, 150, 150 },
		{ 65, 128, 10, 1000, 600 },
		{ 2049, 4096, 2, 8192, 4096 },
	};
	struct top top;

	open_sample();
	ck_assert_int_eq(top_init(&top, &analysis, TOP_SIZE), 0);
	ck_assert_uint_eq(top.count, 4);
	for (size_t i = 0; i < top.count; i++) {
		const struct counts *counts = &top.rows[i].self;
		uint64_t first, last;

		top_bucket_range(top.rows[i].bucket, &first, &last);
		ck_assert_uint_eq(first, wanted[i].first);
		ck_assert_uint_eq(last, wanted[i].last);
		ck_assert_int_eq(counts->of[METRIC_ALLOCATIONS],
				 wanted[i].allocations);
		ck_assert_int_eq(counts->of[METRIC_ALLOCATED_BYTES],
				 wanted[i].bytes);
		ck_assert_int_eq(counts->of[METRIC_LIVE_BYTES], wanted[i].live);
	}
	top_done(&top);
}
END_TEST

START_TEST(test_frames_are_each_in_the_table_once)
{
	struct frames frames = { 0 };
	const uint32_t *numbers;
	size_t count, total = 0;

	open_sample();
	for (size_t i = 0; i < analysis.sites.count; i++) {
		ck_assert_int_eq(frames_of_site(&frames, &analysis.names,
						&analysis.sites.array[i],
						&numbers, &count),
				 0);
		for (size_t k = 0; k < count; k++)
			ck_assert_uint_lt(numbers[k], frames.count);
		total += count;
	}
	/* a < main, b < a < main, c */
	ck_assert_uint_eq(total, 6);
	ck_assert_uint_eq(frames.count, 4);
	frames_done(&frames);
}
END_TEST

static Suite *flame_suite(void)
{
	Suite *suite = suite_create("flame");
	TCase *tests = tcase_create("flame");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_flame_has_every_stack_once);
	tcase_add_test(tests, test_flame_inverted_has_every_stack_once);
	tcase_add_test(tests, test_flame_folds_the_smallest_into_their_callers);
	tcase_add_test(tests, test_flame_of_no_events_is_its_root);
	tcase_add_test(tests, test_flame_of_what_has_no_stack);
	tcase_add_test(tests, test_sizes_are_classes);
	tcase_add_test(tests, test_frames_are_each_in_the_table_once);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(flame_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
