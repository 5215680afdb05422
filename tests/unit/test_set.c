/* SPDX-License-Identifier: MIT */
/* Tables over one dump and several, number by number. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/order.h"
#include "analyzer/model/top.h"
#include "analyzer/view/text_top.h"
#include "tests/unit/pair.h"

static const struct top_row *row_of(const struct top *top, const char *module)
{
	for (size_t i = 0; i < top->count; i++) {
		const struct top_row *row = &top->rows[i];
		const struct modules *modules =
			&pair_array[row->dump].tree.modules;

		if (strcmp(modules->array[row->place.module].path, module) == 0)
			return row;
	}
	ck_abort_msg("no row for %s", module);
	return NULL;
}

/* ---- several dumps as one ---- */

START_TEST(test_merge_by_module_adds_up)
{
	struct top top;

	pair_open_both();
	pair_merge(&top, TOP_MODULE);

	ck_assert_uint_eq(top.count, 2);
	pair_expect_bytes(&row_of(&top, "/opt/app")->self, 10000, 10000, 2);
	pair_expect_bytes(&row_of(&top, "/opt/app")->cumulative, 15920, 14000,
			  122);
	pair_expect_bytes(&row_of(&top, "/opt/lib.so")->self, 5920, 4000, 120);
	top_done(&top);
}
END_TEST

START_TEST(test_merge_by_site_knows_moved_code)
{
	struct top top;

	pair_open_both();
	pair_merge(&top, TOP_SITE);

	ck_assert_uint_eq(top.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct counts *self = &top.rows[i].self;

		switch (self->of[METRIC_ALLOCATIONS]) {
		case 40:
			pair_expect_bytes(self, 4000, 4000, 40);
			ck_assert_uint_eq(order_greatest(&top.rows[i]), 128);
			break;
		case 80:
			pair_expect_bytes(self, 1920, 0, 80);
			ck_assert_uint_eq(order_greatest(&top.rows[i]), 32);
			break;
		default:
			pair_expect_bytes(self, 10000, 10000, 2);
			break;
		}
	}
	top_done(&top);
}
END_TEST

START_TEST(test_merge_by_thread_and_size)
{
	uint64_t first, last;
	struct top top;

	pair_open_both();
	pair_merge(&top, TOP_THREAD);
	ck_assert_uint_eq(top.count, 1);
	ck_assert_uint_eq(top.rows[0].threads, 2);
	pair_expect_bytes(&top.rows[0].self, 15920, 14000, 122);
	top_done(&top);

	pair_merge(&top, TOP_SIZE);
	ck_assert_uint_eq(top.count, 3);
	top_bucket_range(top.rows[0].bucket, &first, &last);
	ck_assert_uint_eq(first, 17);
	ck_assert_uint_eq(last, 32);
	pair_expect_bytes(&top.rows[0].self, 1920, 0, 80);
	top_done(&top);
}
END_TEST

START_TEST(test_buckets_are_without_gaps)
{
	uint64_t first, last, before = UINT64_MAX;

	for (unsigned i = 0; i < MPF_BUCKETS; i++) {
		top_bucket_range(i, &first, &last);
		ck_assert_uint_eq(first, before + 1);
		ck_assert_uint_eq(mpf_bucket(first), i);
		ck_assert_uint_eq(mpf_bucket(last), i);
		before = last;
	}
	ck_assert_uint_eq(before, UINT64_MAX);
}
END_TEST

/* Of a library that was rebuilt, offsets say nothing. Here nothing has a name,
 * so that they are all there is: equal ones still match. */
START_TEST(test_merge_of_another_build_without_names)
{
	struct dump_builder builder;
	struct top top;

	pair_build(&builder, 0, 10, 2);
	pair_open_dump(&builder);
	pair_build(&builder, 0x5000000, 30, 3);
	pair_open_dump(&builder);
	pair_merge(&top, TOP_SITE);

	ck_assert_uint_eq(top.count, 3);
	top_done(&top);
}
END_TEST

/* ---- order and restrictions ---- */

static const struct {
	const char *restrictions[3];
	size_t shown;
	const char *regex; /* that is wrong */
} restrictions[] = {
	{ { "2" }, 2, NULL },
	{ { "0" }, 0, NULL },
	{ { "7" }, 3, NULL },
	{ { "0.5" }, 2, NULL },
	{ { ".34" }, 1, NULL },
	{ { "1.0" }, 3, NULL },
	{ { "lib" }, 2, NULL },
	{ { "lib", "1" }, 1, NULL },
	{ { "1", "lib" }, 0, NULL },
	{ { "nothing" }, 0, NULL },
	{ { "2", "(" }, 0, "(" },
	{ { "1.5" }, 0, NULL },
	{ { "9999999999999999999" }, 3, NULL },
};

START_TEST(test_order_restricts_step_by_step)
{
	struct order_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.restrictions = restrictions[_i].restrictions,
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex = NULL;
	struct order order;
	struct top top;
	int ret;

	while (options.restriction_count < 3 &&
	       restrictions[_i].restrictions[options.restriction_count])
		options.restriction_count++;
	pair_open_both();
	pair_merge(&top, TOP_SITE);
	ret = order_init(&order, &pair_set, &top, &options, fault, &regex);

	if (restrictions[_i].regex) {
		ck_assert_int_eq(ret, FILTER_BAD_REGEX);
		ck_assert_str_eq(regex, restrictions[_i].regex);
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert_uint_eq(order.count, 3);
		ck_assert_uint_eq(order.shown, restrictions[_i].shown);
		ck_assert_uint_eq(order.step_count, options.restriction_count);
		ck_assert_uint_eq(order.steps[0].before, 3);
		order_done(&order);
	}
	top_done(&top);
}
END_TEST

static int64_t allocations_at(const struct order *order, const struct top *top,
			      size_t i)
{
	return top->rows[order->numbers[i]].self.of[METRIC_ALLOCATIONS];
}

/* Allocations 2, 40, 80; bytes each 5000, 100, 24; live 10000, 4000, 0. */
static const struct {
	struct order_options options;
	int64_t allocations[3];
	size_t shown;
} orders[] = {
	{ { .metric = METRIC_ALLOCATED_BYTES }, { 2, 40, 80 }, 3 },
	{ { .metric = METRIC_ALLOCATIONS }, { 80, 40, 2 }, 3 },
	{ { .metric = METRIC_ALLOCATIONS, .limit = 2 }, { 80, 40 }, 2 },
	{ { .metric = METRIC_ALLOCATIONS, .limit = 1 }, { 80 }, 1 },
	{ { .metric = METRIC_LIVE_BYTES }, { 2, 40 }, 2 },
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_AVERAGE } },
	    .key_count = 1 },
	  { 2, 40, 80 },
	  3 },
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_GREATEST } },
	    .key_count = 1,
	    .limit = 1 },
	  { 2 },
	  1 },
	/* Equal in the first key: none has temporaries. */
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_METRIC, .metric = METRIC_TEMPORARY },
		      { .key = ORDER_SELF } },
	    .key_count = 2 },
	  { 80, 40, 2 },
	  3 },
};

START_TEST(test_order_by_several_keys)
{
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct order order;
	struct top top;

	pair_open_both();
	pair_merge(&top, TOP_SITE);
	ck_assert_int_eq(order_init(&order, &pair_set, &top,
				    &orders[_i].options, fault, &regex),
			 0);

	ck_assert_uint_eq(order.shown, orders[_i].shown);
	for (size_t i = 0; i < order.shown; i++)
		ck_assert_int_eq(allocations_at(&order, &top, i),
				 orders[_i].allocations[i]);
	order_done(&order);
	top_done(&top);
}
END_TEST

/* The heap of those held against sorting all, with a seed. */
START_TEST(test_order_of_many_is_that_of_all)
{
	struct top_row *rows = calloc(5000, sizeof(*rows));
	struct top top = { .by = TOP_SITE, .rows = rows, .count = 5000 };
	struct order_options options = { .metric = METRIC_FREES };
	char fault[FILTER_FAULT_BYTES];
	struct order all, some;
	const char *regex;
	unsigned seed = 4711;

	for (size_t i = 0; i < 5000; i++)
		rows[i].self.of[METRIC_FREES] = 1 + rand_r(&seed) % 1000;
	ck_assert_int_eq(
		order_init(&all, &pair_set, &top, &options, fault, &regex), 0);
	for (size_t limit = 1; limit < 5000; limit += 499) {
		options.limit = limit;
		ck_assert_int_eq(order_init(&some, &pair_set, &top, &options,
					    fault, &regex),
				 0);
		ck_assert_uint_eq(some.shown, limit);
		ck_assert_mem_eq(some.numbers, all.numbers,
				 limit * sizeof(*all.numbers));
		order_done(&some);
	}
	order_done(&all);
	free(rows);
}
END_TEST

/* On a narrow terminal no row is wider than it, and names keep their room. */
START_TEST(test_top_page_fits_a_terminal)
{
	static const unsigned widths[] = { 40, 60, 80, 100, 200 };
	const struct order_options how = { .metric = METRIC_ALLOCATED_BYTES };
	const struct text_top_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.title = "bytes allocated",
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct order order;
	struct term term;
	struct top top;
	FILE *file;

	pair_open_both();
	file = pair_begin(&term);
	term.is_terminal = true;
	term.width = widths[_i];
	pair_merge(&top, TOP_MODULE);
	ck_assert_int_eq(
		order_init(&order, &pair_set, &top, &how, fault, &regex), 0);
	ck_assert_int_eq(
		text_top_print(&term, &pair_set, &top, &order, &options), 0);
	fclose(file);

	for (char *line = strstr(pair_output, "\n\n  "); line && *line;) {
		size_t bytes = strcspn(line, "\n");

		ck_assert_uint_le(bytes, widths[_i]);
		line += bytes + (line[bytes] == '\n');
	}
	ck_assert_ptr_nonnull(strstr(pair_output, "lib.so\n"));
	order_done(&order);
	top_done(&top);
}
END_TEST

#define COUNT(array_) ((int)(sizeof(array_) / sizeof((array_)[0])))

static Suite *set_suite(void)
{
	Suite *suite = suite_create("set");
	TCase *tests = tcase_create("set");

	tcase_add_checked_fixture(tests, pair_set_up, pair_tear_down);
	tcase_add_test(tests, test_merge_by_module_adds_up);
	tcase_add_test(tests, test_merge_by_site_knows_moved_code);
	tcase_add_test(tests, test_merge_by_thread_and_size);
	tcase_add_test(tests, test_merge_of_another_build_without_names);
	tcase_add_test(tests, test_buckets_are_without_gaps);
	tcase_add_loop_test(tests, test_order_restricts_step_by_step, 0,
			    COUNT(restrictions));
	tcase_add_loop_test(tests, test_order_by_several_keys, 0,
			    COUNT(orders));
	tcase_add_test(tests, test_order_of_many_is_that_of_all);
	tcase_add_loop_test(tests, test_top_page_fits_a_terminal, 0, 5);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(set_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
