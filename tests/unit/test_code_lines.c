/* SPDX-License-Identifier: MIT */
/* Line tables of CPython, by hand. */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "analyzer/model/code_lines.h"
#include "preload/format/format.h"

#define LINE(kind_, unit, ...)                                                \
	code_lines_find(                                                      \
		&(struct code_table) {                                        \
			.kind = (kind_),                                      \
			.first_line = 10,                                     \
			.bytes = (const uint8_t[]) { __VA_ARGS__ },           \
			.count = sizeof((const uint8_t[]) { __VA_ARGS__ }) }, \
		(unit))                                                       \
		.line

START_TEST(test_code_lines_lnotab)
{
	/* Units 0-2 at line 10, 3-4 at 12, from 5 on at 11. */
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, -1, 6, 2, 4, 255), 10);
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, 2, 6, 2, 4, 255), 10);
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, 3, 6, 2, 4, 255), 12);
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, 4, 6, 2, 4, 255), 12);
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, 5, 6, 2, 4, 255), 11);
	ck_assert_uint_eq(LINE(MPF_CODE_LNOTAB, 1 << 22, 6, 2, 4), 12);
}
END_TEST

START_TEST(test_code_lines_of_3_10)
{
	/* Units 0-1 at line 10, 2 at none, 3 at 9; nothing behind. */
	ck_assert_uint_eq(LINE(MPF_CODE_LINES, 1, 4, 0, 2, 128, 2, 255), 10);
	ck_assert_uint_eq(LINE(MPF_CODE_LINES, 2, 4, 0, 2, 128, 2, 255), 0);
	ck_assert_uint_eq(LINE(MPF_CODE_LINES, 3, 4, 0, 2, 128, 2, 255), 9);
	ck_assert_uint_eq(LINE(MPF_CODE_LINES, 4, 4, 0, 2, 128, 2, 255), 0);
	ck_assert_uint_eq(LINE(MPF_CODE_LINES, 0, 4), 0);
}
END_TEST

START_TEST(test_code_lines_locations)
{
	struct code_table table = {
		.kind = MPF_CODE_LOCATIONS,
		.first_line = 10,
		.bytes =
			(const uint8_t[]) {
				0x80 | 2 << 3 | 1, 0x35, /* 2: 10, column 19 */
				0x80 | 12 << 3, 4, 9,	 /* 1: 12, column 4 */
				0x80 | 13 << 3, 0x03,	 /* 1: 11 */
				0x80 | 15 << 3,		 /* 1: none */
				0x80 | 14 << 3 | 7, 0x48, 0x01, 0, 0x41, 0x01,
				0x02, /* 8: 11 + 36 = 47, column 64 */
			},
		.count = 14,
	};

	ck_assert_uint_eq(code_lines_find(&table, 1).line, 10);
	ck_assert_uint_eq(code_lines_find(&table, 1).column, 20);
	ck_assert_uint_eq(code_lines_find(&table, 2).line, 12);
	ck_assert_uint_eq(code_lines_find(&table, 2).column, 5);
	ck_assert_uint_eq(code_lines_find(&table, 3).line, 11);
	ck_assert_uint_eq(code_lines_find(&table, 3).column, 0);
	ck_assert_uint_eq(code_lines_find(&table, 4).line, 0);
	ck_assert_uint_eq(code_lines_find(&table, 5).line, 47);
	ck_assert_uint_eq(code_lines_find(&table, 12).column, 65);
	ck_assert_uint_eq(code_lines_find(&table, 13).line, 0);
}
END_TEST

/* Any bytes: an answer, and nothing read beyond their end. */
START_TEST(test_code_lines_of_any_bytes)
{
	srandom(4711);
	for (unsigned i = 0; i < 20000; i++) {
		size_t count = (size_t)random() % 40;
		uint8_t *bytes = malloc(count + !count);
		struct code_table table = {
			.kind = (uint32_t)random() % 6,
			.first_line = (uint32_t)random() << (random() & 1),
			.bytes = bytes,
			.count = count,
		};

		for (size_t k = 0; k < count; k++)
			bytes[k] = (uint8_t)random();
		for (int64_t unit = -2; unit < 100; unit += 17)
			ck_assert_uint_le(code_lines_find(&table, unit).line,
					  INT32_MAX);
		free(bytes);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("code_lines");
	TCase *tests = tcase_create("code_lines");
	SRunner *runner;
	int failed;

	tcase_add_test(tests, test_code_lines_lnotab);
	tcase_add_test(tests, test_code_lines_of_3_10);
	tcase_add_test(tests, test_code_lines_locations);
	tcase_add_test(tests, test_code_lines_of_any_bytes);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
