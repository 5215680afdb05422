/* SPDX-License-Identifier: MIT */
/* Numbers as people read and write them. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

#include "analyzer/base/units.h"

#define KI UINT64_C(1024)
#define MI (KI * KI)

static const struct {
	enum units units;
	uint64_t bytes;
	const char *text;
} sizes[] = {
	{ UNITS_IEC, 0, "0 B" },
	{ UNITS_IEC, 1, "1 B" },
	{ UNITS_IEC, 1023, "1,023 B" },
	{ UNITS_IEC, 1024, "1.0 KiB" },
	{ UNITS_IEC, 1075, "1.0 KiB" },
	{ UNITS_IEC, 1076, "1.1 KiB" },
	{ UNITS_IEC, 1536, "1.5 KiB" },
	{ UNITS_IEC, 1023 * KI + 921, "1,023.9 KiB" },
	{ UNITS_IEC, MI - 52, "1,023.9 KiB" },
	{ UNITS_IEC, MI - 51, "1.0 MiB" },
	{ UNITS_IEC, MI - 1, "1.0 MiB" },
	{ UNITS_IEC, MI, "1.0 MiB" },
	{ UNITS_IEC, 5 * KI *MI, "5.0 GiB" },
	{ UNITS_IEC, UINT64_MAX, "16.0 EiB" },
	{ UNITS_SI, 999, "999 B" },
	{ UNITS_SI, 1000, "1.0 kB" },
	{ UNITS_SI, 999949, "999.9 kB" },
	{ UNITS_SI, 999950, "1.0 MB" },
	{ UNITS_SI, UINT64_MAX, "18.4 EB" },
	{ UNITS_BYTES, 0, "0 B" },
	{ UNITS_BYTES, 1234567, "1,234,567 B" },
	{ UNITS_BYTES, UINT64_MAX, "18,446,744,073,709,551,615 B" },
};

static const struct {
	enum units units;
	uint64_t bytes, whole;
	const char *text;
} besides[] = {
	{ UNITS_IEC, 900, 1023, "900" },
	{ UNITS_IEC, 900, 1024, "0.9" },
	{ UNITS_IEC, 2097152, 4096, "2,048.0" },
	{ UNITS_IEC, 943718, 12897485, "0.9" },
	/* What is written 1.0 MiB is in MiB. */
	{ UNITS_IEC, 104858, 1048575, "0.1" },
	{ UNITS_IEC, 104858, 1048000, "102.4" },
	{ UNITS_SI, 1500, 1000000, "0.0" },
	{ UNITS_SI, 50000, 1000000, "0.1" },
	{ UNITS_BYTES, 1234567, 5, "1,234,567" },
	{ UNITS_IEC, UINT64_MAX, UINT64_MAX, "16.0" },
	{ UNITS_IEC, UINT64_MAX, 1024, "18,014,398,509,481,984.0" },
};

START_TEST(test_units_size_beside_is_in_the_same_unit)
{
	char buf[UNITS_TEXT_BYTES];

	ck_assert_str_eq(units_size_beside(buf, besides[_i].units,
					   besides[_i].bytes,
					   besides[_i].whole),
			 besides[_i].text);
}
END_TEST

START_TEST(test_units_size_rounds_once)
{
	char buf[UNITS_TEXT_BYTES];

	ck_assert_str_eq(units_size(buf, sizes[_i].units, sizes[_i].bytes),
			 sizes[_i].text);
}
END_TEST

START_TEST(test_units_count_separates_thousands)
{
	char buf[UNITS_TEXT_BYTES];

	ck_assert_str_eq(units_count(buf, 0), "0");
	ck_assert_str_eq(units_count(buf, 999), "999");
	ck_assert_str_eq(units_count(buf, 1000), "1,000");
	ck_assert_str_eq(units_count(buf, 100000), "100,000");
	ck_assert_str_eq(units_count(buf, 1234567), "1,234,567");
	ck_assert_str_eq(units_count(buf, UINT64_MAX),
			 "18,446,744,073,709,551,615");
}
END_TEST

static const struct {
	uint64_t part, whole;
	const char *text;
} shares[] = {
	{ 0, 0, "-" },
	{ 1, 0, "-" },
	{ 0, 7, "0.0%" },
	{ 1, 1, "100.0%" },
	{ 1, 3, "33.3%" },
	{ 2, 3, "66.7%" },
	{ 1, 1000, "0.1%" },
	{ 1, 2000, "0.1%" },
	{ 1, 2001, "<0.1%" },
	{ 9995, 10000, ">99.9%" },
	{ 9994, 10000, "99.9%" },
	{ UINT64_MAX - 1, UINT64_MAX, ">99.9%" },
	{ UINT64_MAX, UINT64_MAX, "100.0%" },
	{ 3, 2, "150.0%" },
};

START_TEST(test_units_percent_never_claims_nothing_or_all)
{
	char buf[UNITS_TEXT_BYTES];

	ck_assert_str_eq(units_percent(buf, shares[_i].part, shares[_i].whole),
			 shares[_i].text);
}
END_TEST

static const struct {
	uint64_t ns;
	const char *text;
} durations[] = {
	{ 0, "0 ns" },
	{ 999, "999 ns" },
	{ 1000, "1.0 us" },
	{ 12345, "12.3 us" },
	{ 999949, "999.9 us" },
	{ 999950, "1.0 ms" },
	{ 1500000, "1.5 ms" },
	{ 999950000, "1.0 s" },
	{ 59949999999, "59.9 s" },
	{ 59950000000, "1 min 00 s" },
	{ 123000000000, "2 min 03 s" },
	{ 3599499999999, "59 min 59 s" },
	{ 3599500000000, "1 h 00 min" },
	{ UINT64_MAX, "5,124,095 h 34 min" },
};

START_TEST(test_units_duration_picks_the_unit)
{
	char buf[UNITS_TEXT_BYTES];

	ck_assert_str_eq(units_duration(buf, durations[_i].ns),
			 durations[_i].text);
}
END_TEST

static const struct {
	const char *text;
	int status;
	uint64_t bytes;
} texts[] = {
	{ "0", 0, 0 },
	{ "64", 0, 64 },
	{ "64B", 0, 64 },
	{ "64 b", 0, 64 },
	{ "4K", 0, 4096 },
	{ "4k", 0, 4096 },
	{ "4KiB", 0, 4096 },
	{ "4 kib", 0, 4096 },
	{ "4Ki", 0, 4096 },
	{ "4kB", 0, 4000 },
	{ "4KB", 0, 4000 },
	{ "2MB", 0, 2000000 },
	{ "1.5MiB", 0, 1572864 },
	{ ".5K", 0, 512 },
	{ "1.", 0, 1 },
	{ "0.0009765625KiB", 0, 1 },
	{ "0.0009K", 0, 0 },
	{ "0.9999999999999999999999999999K", 0, 1023 },
	{ "16E", -ERANGE, 0 },
	{ "15.9E", 0, UINT64_C(18331451923248866918) },
	{ "18446744073709551615", 0, UINT64_MAX },
	{ "18446744073709551616", -ERANGE, 0 },
	{ "99999999999999999999999999999999999999999999", -ERANGE, 0 },
	{ "", -EINVAL, 0 },
	{ ".", -EINVAL, 0 },
	{ "K", -EINVAL, 0 },
	{ "-1", -EINVAL, 0 },
	{ "+1", -EINVAL, 0 },
	{ " 1", -EINVAL, 0 },
	{ "1 ", -EINVAL, 0 },
	{ "1  K", -EINVAL, 0 },
	{ "1X", -EINVAL, 0 },
	{ "1KiX", -EINVAL, 0 },
	{ "1KBB", -EINVAL, 0 },
	{ "1e3", -EINVAL, 0 },
	{ "0x10", -EINVAL, 0 },
	{ "1,000", -EINVAL, 0 },
};

START_TEST(test_units_parse_size_takes_exactly_what_is_promised)
{
	uint64_t bytes = 0;

	ck_assert_int_eq(units_parse_size(texts[_i].text, &bytes),
			 texts[_i].status);
	ck_assert_uint_eq(bytes, texts[_i].bytes);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table[0])))

int main(void)
{
	Suite *suite = suite_create("units");
	TCase *tcase = tcase_create("units");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_units_size_beside_is_in_the_same_unit,
			    0, sizeof(besides) / sizeof(besides[0]));
	tcase_add_loop_test(tcase, test_units_size_rounds_once, 0,
			    COUNT(sizes));
	tcase_add_test(tcase, test_units_count_separates_thousands);
	tcase_add_loop_test(tcase,
			    test_units_percent_never_claims_nothing_or_all, 0,
			    COUNT(shares));
	tcase_add_loop_test(tcase, test_units_duration_picks_the_unit, 0,
			    COUNT(durations));
	tcase_add_loop_test(
		tcase, test_units_parse_size_takes_exactly_what_is_promised, 0,
		COUNT(texts));
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
