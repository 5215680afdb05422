/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/perf_map.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST "0 0 memprof 7 9"

static struct perf_map map;

static void clear(void)
{
	perf_map_done(&map);
}

static void parse(const char *text)
{
	perf_map_done(&map);
	ck_assert_int_eq(
		perf_map_parse(&map, strdup(text), strlen(text), FIRST), 0);
}

START_TEST(test_perf_map_names_ranges)
{
	parse(FIRST "\n1000 10 first\n0x1010 0x8 JS:~f a.js:1:2\n2000 1 c\n");

	ck_assert_ptr_null(perf_map_find(&map, 0xfff));
	ck_assert_str_eq(perf_map_find(&map, 0x1000), "first");
	ck_assert_str_eq(perf_map_find(&map, 0x100f), "first");
	ck_assert_str_eq(perf_map_find(&map, 0x1010), "JS:~f a.js:1:2");
	ck_assert_str_eq(perf_map_find(&map, 0x1017), "JS:~f a.js:1:2");
	ck_assert_ptr_null(perf_map_find(&map, 0x1018));
	ck_assert_str_eq(perf_map_find(&map, 0x2000), "c");
	ck_assert_ptr_null(perf_map_find(&map, 0x2001));
	ck_assert_ptr_null(perf_map_find(&map, UINT64_MAX));
}
END_TEST

START_TEST(test_perf_map_later_lines_hide_earlier_ones)
{
	parse(FIRST "\n100 80 inner\n80 200 outer\n"
		    "300 100 whole\n340 40 part\n380 10 tail\n");

	ck_assert_str_eq(perf_map_find(&map, 0x100), "outer");
	ck_assert_str_eq(perf_map_find(&map, 0x27f), "outer");
	ck_assert_ptr_null(perf_map_find(&map, 0x280));
	ck_assert_str_eq(perf_map_find(&map, 0x33f), "whole");
	ck_assert_str_eq(perf_map_find(&map, 0x340), "part");
	ck_assert_str_eq(perf_map_find(&map, 0x380), "tail");
	ck_assert_str_eq(perf_map_find(&map, 0x390), "whole");
	ck_assert_str_eq(perf_map_find(&map, 0x3ff), "whole");
	ck_assert_ptr_null(perf_map_find(&map, 0x400));
}
END_TEST

static const char *const others[] = {
	"",
	"0 0 memprof 7 9",
	"0 0 memprof 7 90\n1000 10 a\n",
	"0 0 memprof 8 9\n1000 10 a\n",
	"1000 10 a\n",
	"0 0 memprof 7 9 ",
};

START_TEST(test_perf_map_of_another_recording_names_nothing)
{
	parse(others[_i]);

	ck_assert_ptr_null(perf_map_find(&map, 0x1000));
}
END_TEST

static const char *const bad_lines[] = {
	"1000",
	"1000 10",
	"1000 10 ",
	" 1000 10 a",
	"1000  10 a",
	"1000 0 a",
	"g000 10 a",
	"-1000 10 a",
	"10000000000001000 10 a",
	"1000 ffffffffffffffff a",
	"1000\t10\ta",
	"0x 10 a",
	"",
};

START_TEST(test_perf_map_leaves_out_what_is_no_line)
{
	char text[256];

	snprintf(text, sizeof(text), FIRST "\n%s\n3000 10 good\n",
		 bad_lines[_i]);
	parse(text);
	ck_assert_ptr_null(perf_map_find(&map, 0x1000));
	ck_assert_str_eq(perf_map_find(&map, 0x3000), "good");

	/* A last line without an end was cut. */
	parse(FIRST "\n3000 10 good\n1000 10 cu");
	ck_assert_ptr_null(perf_map_find(&map, 0x1000));
	ck_assert_str_eq(perf_map_find(&map, 0x3000), "good");
}
END_TEST

START_TEST(test_perf_map_cuts_long_names)
{
	const size_t length = 3 * PERF_MAP_NAME_LIMIT;
	char *text = malloc(length + 64);
	int head = snprintf(text, 64, FIRST "\n1000 10 ");

	memset(text + head, 'x', length);
	snprintf(text + head + length, 32, "\n2000 10 next\n");
	ck_assert_int_eq(perf_map_parse(&map, text, strlen(text), FIRST), 0);

	ck_assert_uint_eq(strlen(perf_map_find(&map, 0x1000)),
			  PERF_MAP_NAME_LIMIT);
	ck_assert_str_eq(perf_map_find(&map, 0x2000), "next");
}
END_TEST

static uint32_t next_random(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

START_TEST(test_perf_map_is_as_looking_from_the_end)
{
	uint32_t random = 1 + (uint32_t)_i;
	const unsigned lines = next_random(&random) % 40;
	struct {
		unsigned start, end;
	} line[40];
	char text[40 * 32] = FIRST "\n";
	size_t used = strlen(text);

	for (unsigned i = 0; i < lines; i++) {
		line[i].start = next_random(&random) % 64;
		line[i].end = line[i].start + 1 + next_random(&random) % 24;
		used += (size_t)snprintf(text + used, sizeof(text) - used,
					 "%x %x %u\n", line[i].start,
					 line[i].end - line[i].start, i);
	}
	parse(text);

	for (unsigned at = 0; at < 100; at++) {
		const char *name = perf_map_find(&map, at);
		unsigned i = lines;

		while (i > 0 &&
		       (at < line[i - 1].start || at >= line[i - 1].end))
			i--;
		ck_assert_msg(i > 0 ? name && (unsigned)atoi(name) == i - 1
				    : !name,
			      "seed %d, address %u", 1 + _i, at);
	}
}
END_TEST

START_TEST(test_perf_map_takes_any_bytes)
{
	static const char sample[] =
		FIRST "\n1000 10 first\n0x1010 0x8 JS:~f a.js\n2000 1 c\n";
	uint32_t random = 1 + (uint32_t)_i;
	char *text = malloc(sizeof(sample) - 1);
	const size_t bytes =
		sizeof(FIRST) +
		next_random(&random) % (sizeof(sample) - sizeof(FIRST));

	memcpy(text, sample, sizeof(sample) - 1);
	for (unsigned i = 0; i < 8; i++)
		text[sizeof(FIRST) +
		     next_random(&random) %
			     (sizeof(sample) - 1 - sizeof(FIRST))] =
			(char)(i % 2 ? "\n 0xf\0"[next_random(&random) % 6]
				     : (char)next_random(&random));
	perf_map_done(&map);
	ck_assert_int_eq(perf_map_parse(&map, text, bytes, FIRST), 0);

	for (unsigned at = 0xff0; at < 0x2010; at++)
		(void)perf_map_find(&map, at);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("perf_map");
	TCase *tcase = tcase_create("map");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_checked_fixture(tcase, NULL, clear);
	tcase_add_test(tcase, test_perf_map_names_ranges);
	tcase_add_test(tcase, test_perf_map_later_lines_hide_earlier_ones);
	tcase_add_loop_test(tcase,
			    test_perf_map_of_another_recording_names_nothing, 0,
			    sizeof(others) / sizeof(others[0]));
	tcase_add_loop_test(tcase, test_perf_map_leaves_out_what_is_no_line, 0,
			    sizeof(bad_lines) / sizeof(bad_lines[0]));
	tcase_add_test(tcase, test_perf_map_cuts_long_names);
	tcase_add_loop_test(tcase, test_perf_map_is_as_looking_from_the_end, 0,
			    100);
	tcase_add_loop_test(tcase, test_perf_map_takes_any_bytes, 0, 200);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
