/* SPDX-License-Identifier: MIT */
/* Callers, callees and trees over two dumps, number by number. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/calltree.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/edges.h"
#include "analyzer/view/text_tree.h"
#include "tests/unit/pair.h"

/* ---- callers and callees ---- */

static const struct edges_row *edge_of(const struct edges *edges, size_t place,
				       const char *other)
{
	for (size_t i = 0; i < edges->count; i++) {
		const struct edges_row *row = &edges->rows[i];

		if (row->place != edges->places[place].place)
			continue;
		if (row->other == EDGES_NONE
			    ? !other
			    : other && strcmp(edges->keys.array[row->other]
						      .module,
					      other) == 0)
			return row;
	}
	ck_abort_msg("no such edge");
	return NULL;
}

START_TEST(test_callers_add_up_to_the_whole)
{
	const struct edges_options options = {
		.by = PLACES_MODULE,
		.regex = "lib[.]so",
		.metric = METRIC_ALLOCATED_BYTES,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;

	pair_open_both();
	ck_assert_int_eq(edges_init(&edges, &pair_set, &options, fault), 0);

	ck_assert_uint_eq(edges.place_count, 1);
	ck_assert_uint_eq(edges.count, 1);
	pair_expect_bytes(&edges.places[0].counts, 5920, 4000, 120);
	pair_expect_bytes(&edge_of(&edges, 0, "/opt/app")->counts, 5920, 4000,
			  120);
	edges_done(&edges);
}
END_TEST

/* Of the outermost call of app: what it calls, and what it allocates itself. */
START_TEST(test_callees_add_up_to_the_whole)
{
	const struct edges_options options = {
		.by = PLACES_MODULE,
		.regex = "app$",
		.callees = true,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;

	pair_open_both();
	ck_assert_int_eq(edges_init(&edges, &pair_set, &options, fault), 0);

	ck_assert_uint_eq(edges.place_count, 1);
	ck_assert_uint_eq(edges.count, 2);
	pair_expect_bytes(&edges.places[0].counts, 15920, 14000, 122);
	pair_expect_bytes(&edge_of(&edges, 0, NULL)->counts, 10000, 10000, 2);
	pair_expect_bytes(&edge_of(&edges, 0, "/opt/lib.so")->counts, 5920,
			  4000, 120);
	edges_done(&edges);
}
END_TEST

START_TEST(test_edges_of_a_wrong_expression)
{
	const struct edges_options options = { .regex = "[" };
	char fault[FILTER_FAULT_BYTES] = "";
	struct edges edges;

	pair_open_both();
	ck_assert_int_eq(edges_init(&edges, &pair_set, &options, fault),
			 FILTER_BAD_REGEX);
	ck_assert_str_ne(fault, "");
}
END_TEST

/* ---- the tree ---- */

static const char *module_of(const struct calltree *tree, size_t i)
{
	return tree->keys.array[tree->nodes[i].key].module;
}

START_TEST(test_tree_from_the_top)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct calltree tree;

	pair_open_both();
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options), 0);

	ck_assert_uint_eq(tree.count, 5);
	ck_assert_uint_eq(tree.hidden, 0);
	for (uint32_t i = 1; i < 5; i++) {
		ck_assert_uint_eq(tree.nodes[i].depth, i);
		ck_assert_uint_eq(tree.nodes[i].parent, i - 1);
		ck_assert(tree.nodes[i].is_last);
		ck_assert_str_eq(module_of(&tree, i),
				 i % 2 ? "/opt/app" : "/opt/lib.so");
	}
	pair_expect_bytes(&tree.nodes[0].self, 0, 0, 0);
	pair_expect_bytes(&tree.nodes[0].cumulative, 15920, 14000, 122);
	pair_expect_bytes(&tree.nodes[1].self, 10000, 10000, 2);
	pair_expect_bytes(&tree.nodes[1].cumulative, 15920, 14000, 122);
	pair_expect_bytes(&tree.nodes[2].self, 1920, 0, 80);
	pair_expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	pair_expect_bytes(&tree.nodes[4].cumulative, 4000, 4000, 40);
	calltree_done(&tree);
}
END_TEST

START_TEST(test_tree_folds_recursion)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.folds_recursion = true,
	};
	struct calltree tree;

	pair_open_both();
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options), 0);

	ck_assert_uint_eq(tree.count, 3);
	pair_expect_bytes(&tree.nodes[1].self, 10000, 10000, 2);
	pair_expect_bytes(&tree.nodes[1].cumulative, 15920, 14000, 122);
	pair_expect_bytes(&tree.nodes[2].self, 5920, 4000, 120);
	calltree_done(&tree);
}
END_TEST

/* lib: 5920, called by app; app: 10000, outermost. */
START_TEST(test_tree_inverted)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
	};
	struct calltree tree;

	pair_open_both();
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options), 0);

	ck_assert_uint_eq(tree.count, 6);
	ck_assert_str_eq(module_of(&tree, 1), "/opt/app");
	ck_assert(!tree.nodes[1].is_last);
	pair_expect_bytes(&tree.nodes[1].cumulative, 10000, 10000, 2);
	ck_assert_str_eq(module_of(&tree, 2), "/opt/lib.so");
	ck_assert_uint_eq(tree.nodes[2].depth, 1);
	ck_assert(tree.nodes[2].is_last);
	pair_expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	pair_expect_bytes(&tree.nodes[3].self, 1920, 0, 80);
	pair_expect_bytes(&tree.nodes[3].cumulative, 5920, 4000, 120);
	ck_assert_uint_eq(tree.nodes[5].depth, 4);
	pair_expect_bytes(&tree.nodes[5].self, 4000, 4000, 40);
	calltree_done(&tree);
}
END_TEST

/* 4000 of 15920 are 25.1%. */
START_TEST(test_tree_counts_what_is_left_out)
{
	const struct calltree_options options[] = {
		{ .by = PLACES_MODULE,
		  .metric = METRIC_ALLOCATED_BYTES,
		  .min_percent = 30 },
		{ .by = PLACES_MODULE,
		  .metric = METRIC_ALLOCATED_BYTES,
		  .depth = 2 },
	};
	struct calltree tree;

	pair_open_both();
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options[_i]), 0);

	ck_assert_uint_eq(tree.count, 3);
	ck_assert_uint_eq(tree.hidden, 1);
	ck_assert_uint_eq(tree.nodes[2].hidden, 1);
	ck_assert_uint_eq(tree.nodes[1].hidden, 0);
	pair_expect_bytes(&tree.nodes[2].self, 1920, 0, 80);
	pair_expect_bytes(&tree.nodes[2].below, 4000, 4000, 40);
	pair_expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	calltree_done(&tree);
}
END_TEST

/* lib calls app with 25.1% of it; the 37% of lib itself are shown. */
START_TEST(test_tree_inverted_counts_what_is_left_out)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
		.min_percent = 30,
	};
	struct calltree tree;

	pair_open_both();
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options), 0);

	ck_assert_uint_eq(tree.count, 4);
	ck_assert_uint_eq(tree.hidden, 1);
	ck_assert_uint_eq(tree.nodes[3].hidden, 1);
	pair_expect_bytes(&tree.nodes[3].self, 1920, 0, 80);
	pair_expect_bytes(&tree.nodes[3].below, 4000, 4000, 40);
	pair_expect_bytes(&tree.nodes[3].cumulative, 5920, 4000, 120);
	pair_expect_bytes(&tree.nodes[0].cumulative, 15920, 14000, 122);
	calltree_done(&tree);
}
END_TEST

START_TEST(test_tree_page)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
		.depth = 2,
	};
	struct calltree tree;
	struct term term;
	FILE *file;

	pair_open_both();
	file = pair_begin(&term);
	ck_assert_int_eq(calltree_init(&tree, &pair_set, &options), 0);
	text_tree_print(&term, &pair_set, &tree, &options, 0);
	fclose(file);

	ck_assert_ptr_nonnull(strstr(
		pair_output,
		"   share  cumulative   ends here  allocations  module\n"
		"  100.0%    15.5 KiB         0 B          122  (all)\n"
		"   62.8%     9.8 KiB     9.8 KiB            2  ->app\n"
		"   37.2%     5.8 KiB         0 B          120  ->lib.so\n"
		"   37.2%     5.8 KiB     1.9 KiB          120    ->app\n"
		"   25.1%     3.9 KiB                       40      "
		"->in 1 place not shown\n"));
	calltree_done(&tree);
}
END_TEST

static Suite *calltree_suite(void)
{
	Suite *suite = suite_create("calltree");
	TCase *tests = tcase_create("calltree");

	tcase_add_checked_fixture(tests, pair_set_up, pair_tear_down);
	tcase_add_test(tests, test_callers_add_up_to_the_whole);
	tcase_add_test(tests, test_callees_add_up_to_the_whole);
	tcase_add_test(tests, test_edges_of_a_wrong_expression);
	tcase_add_test(tests, test_tree_from_the_top);
	tcase_add_test(tests, test_tree_folds_recursion);
	tcase_add_test(tests, test_tree_inverted);
	tcase_add_test(tests, test_tree_inverted_counts_what_is_left_out);
	tcase_add_loop_test(tests, test_tree_counts_what_is_left_out, 0, 2);
	tcase_add_test(tests, test_tree_page);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(calltree_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
