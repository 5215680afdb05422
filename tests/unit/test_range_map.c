/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/range_map.h"

#include <check.h>
#include <stdlib.h>

static struct range_map map;

static void clear(void)
{
	range_map_done(&map);
}

START_TEST(test_range_map_empty_finds_nothing)
{
	ck_assert_int_eq(range_map_add(&map, 10, 10, 0), 0);
	ck_assert_int_eq(range_map_add(&map, 10, 9, 1), 0);
	ck_assert_int_eq(range_map_seal(&map), 0);

	ck_assert_uint_eq(range_map_find(&map, 10), RANGE_MAP_NONE);
	ck_assert_uint_eq(range_map_find(&map, UINT64_MAX), RANGE_MAP_NONE);
}
END_TEST

START_TEST(test_range_map_innermost_wins)
{
	range_map_add(&map, 100, 200, 0);
	range_map_add(&map, 110, 150, 1);
	range_map_add(&map, 110, 120, 2);
	range_map_add(&map, 160, 200, 3);
	range_map_add(&map, 200, 210, 4);
	ck_assert_int_eq(range_map_seal(&map), 0);

	ck_assert_uint_eq(range_map_find(&map, 99), RANGE_MAP_NONE);
	ck_assert_uint_eq(range_map_find(&map, 100), 0);
	ck_assert_uint_eq(range_map_find(&map, 109), 0);
	ck_assert_uint_eq(range_map_find(&map, 110), 2);
	ck_assert_uint_eq(range_map_find(&map, 119), 2);
	ck_assert_uint_eq(range_map_find(&map, 120), 1);
	ck_assert_uint_eq(range_map_find(&map, 150), 0);
	ck_assert_uint_eq(range_map_find(&map, 160), 3);
	ck_assert_uint_eq(range_map_find(&map, 199), 3);
	ck_assert_uint_eq(range_map_find(&map, 200), 4);
	ck_assert_uint_eq(range_map_find(&map, 210), RANGE_MAP_NONE);
}
END_TEST

START_TEST(test_range_map_overlap_without_nesting)
{
	range_map_add(&map, 0, 10, 0);
	range_map_add(&map, 5, 15, 1);
	range_map_add(&map, 12, 13, 2);
	ck_assert_int_eq(range_map_seal(&map), 0);

	ck_assert_uint_eq(range_map_find(&map, 4), 0);
	ck_assert_uint_eq(range_map_find(&map, 5), 1);
	ck_assert_uint_eq(range_map_find(&map, 12), 2);
	ck_assert_uint_eq(range_map_find(&map, 13), 1);
	ck_assert_uint_eq(range_map_find(&map, 15), RANGE_MAP_NONE);
}
END_TEST

START_TEST(test_range_map_up_to_the_last_address)
{
	range_map_add(&map, UINT64_MAX - 1, UINT64_MAX, 7);
	ck_assert_int_eq(range_map_seal(&map), 0);

	ck_assert_uint_eq(range_map_find(&map, UINT64_MAX - 2), RANGE_MAP_NONE);
	ck_assert_uint_eq(range_map_find(&map, UINT64_MAX - 1), 7);
	ck_assert_uint_eq(range_map_find(&map, UINT64_MAX), RANGE_MAP_NONE);
}
END_TEST

/* Against the definition: the one that starts last, then the greatest. */
START_TEST(test_range_map_agrees_with_the_definition)
{
	struct range_map_range ranges[40];

	srand((unsigned int)_i);
	for (uint32_t i = 0; i < 40; i++) {
		uint64_t low = (uint64_t)(rand() % 100);

		ranges[i].low = low;
		ranges[i].high = low + 1 + (uint64_t)(rand() % 30);
		ranges[i].value = i;
		range_map_add(&map, ranges[i].low, ranges[i].high, i);
	}
	ck_assert_int_eq(range_map_seal(&map), 0);

	for (uint64_t a = 0; a < 140; a++) {
		uint32_t want = RANGE_MAP_NONE;

		for (uint32_t i = 0; i < 40; i++)
			if (ranges[i].low <= a && a < ranges[i].high &&
			    (want == RANGE_MAP_NONE ||
			     ranges[i].low >= ranges[want].low))
				want = i;
		ck_assert_msg(range_map_find(&map, a) == want,
			      "seed %d address %u", _i, (unsigned int)a);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("range_map");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, NULL, clear);
	tcase_add_test(tcase, test_range_map_empty_finds_nothing);
	tcase_add_test(tcase, test_range_map_innermost_wins);
	tcase_add_test(tcase, test_range_map_overlap_without_nesting);
	tcase_add_test(tcase, test_range_map_up_to_the_last_address);
	tcase_add_loop_test(tcase, test_range_map_agrees_with_the_definition, 0,
			    50);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
