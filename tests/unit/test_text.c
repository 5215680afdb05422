/* SPDX-License-Identifier: MIT */
/* What texts and JSON are put together from. */
#include "config.h"

#include <check.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/term.h"
#include "analyzer/model/summary.h"
#include "analyzer/view/json.h"
#include "analyzer/view/text.h"
#include "tests/unit/suite_run.h"

static const struct {
	const char *from, *to;
	unsigned columns;
} functions[] = {
	{ "main", "main", 0 },
	{ "f(int)", "f(int)", 6 },
	{ "f(int)", "f", 5 },
	{ "ns::C<int>::m(std::pair<int, long>) const", "ns::C<int>::m", 20 },
	{ "ns::C<a::b<c>, d>::m(int)", "ns::C<~>::m", 12 },
	{ "ns::C<a::b<c>, d>::m(int)", "ns::C<~>~", 9 },
	{ "(anonymous namespace)::f(int)", "(anonymous namespace)::f", 25 },
	{ "C::operator()(int)", "C::operator()", 14 },
	{ "C::operator()", "C::operator()", 13 },
	{ "C::operator<(C)", "C::operator<", 12 },
	{ "a_very_long_name", "a_very_~", 8 },
	{ ")(", "~", 1 },
	{ "f\x1b(int)", "f?", 3 },
	{ "operator new(unsigned long)", "operator new", 20 },
	{ "ns::(anonymous namespace)::f", "ns::(anonymous namespace):~", 27 },
	{ "make<f(int)::<lambda()> >", "make<~>", 10 },
	{ "f(int)::{lambda(int)#1}", "f(int)::{lambda(int)#~", 22 },
	{ "g(int) [clone .cold]", "g", 7 },
	{ "T<int> h<X>(X const&) [with X = a<b>]", "T<int> h<X>", 12 },
	{ "open<never(", "open<~", 8 },
};

START_TEST(test_text_function_is_cut_where_it_hurts_least)
{
	char buf[TEXT_NAME_BYTES];

	ck_assert_str_eq(
		text_function(buf, functions[_i].from, functions[_i].columns),
		functions[_i].to);
}
END_TEST

START_TEST(test_text_path_keeps_what_tells_most)
{
	const struct summary summary = { .directory = "/src/app" };
	char buf[TEXT_NAME_BYTES];

	ck_assert_str_eq(text_path(buf, "/src/app/x/y.c", &summary), "x/y.c");
	ck_assert_str_eq(text_path(buf, "/src/apple/y.c", &summary),
			 "/src/apple/y.c");
	ck_assert_str_eq(text_path(buf, "/y.c", &summary), "/y.c");
	ck_assert_str_eq(text_path(buf, "/usr/y.c", &summary), "/usr/y.c");
	ck_assert_str_eq(text_path(buf, "/a/b/c/d/y.c", &summary),
			 ".../c/d/y.c");
	ck_assert_str_eq(text_path(buf, "", &summary), "");
}
END_TEST

START_TEST(test_text_numbers_may_be_below_zero)
{
	struct term term;
	char buf[UNITS_TEXT_BYTES];

	term_init(&term, stdout, &(struct term_choice) { .no_pager = true });
	ck_assert_str_eq(text_size(buf, &term, -2048), "-2.0 KiB");
	ck_assert_str_eq(text_size(buf, &term, INT64_MIN), "-8.0 EiB");
	ck_assert_str_eq(text_count(buf, -1234), "-1,234");
}
END_TEST

START_TEST(test_json_escapes_and_nests)
{
	struct json json;
	size_t bytes;
	char *output = NULL;
	FILE *file = open_memstream(&output, &bytes);

	json_init(&json, file);
	json_begin_object(&json, NULL);
	json_text(&json, "a\"", "x\ty\\\x7f\xc3\xa4\xff\xc0\x80\xe2\x82");
	json_begin_array(&json, "list");
	json_begin_array(&json, NULL);
	json_number(&json, NULL, INT64_MIN);
	json_unsigned(&json, NULL, UINT64_MAX);
	json_end(&json);
	json_end(&json);
	json_begin_object(&json, "empty");
	json_end(&json);
	json_hex(&json, "id", (const uint8_t *)"\x01\xab", 2);
	json_null(&json, "n");
	json_bool(&json, "b", true);
	json_end(&json);
	fclose(file);

	ck_assert_str_eq(output,
			 "{\n"
			 "  \"a\\\"\": \"x\\u0009y\\\\\\u007f\xc3\xa4"
			 "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"
			 "\xef\xbf\xbd\xef\xbf\xbd\",\n"
			 "  \"list\": [\n"
			 "    [-9223372036854775808, 18446744073709551615]\n"
			 "  ],\n"
			 "  \"empty\": {},\n"
			 "  \"id\": \"01ab\",\n"
			 "  \"n\": null,\n"
			 "  \"b\": true\n"
			 "}\n");
	free(output);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *text_suite(void)
{
	Suite *suite = suite_create("text");
	TCase *tests = tcase_create("text");

	tcase_add_loop_test(tests,
			    test_text_function_is_cut_where_it_hurts_least, 0,
			    COUNT(functions));
	tcase_add_test(tests, test_text_path_keeps_what_tells_most);
	tcase_add_test(tests, test_text_numbers_may_be_below_zero);
	tcase_add_test(tests, test_json_escapes_and_nests);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	return suite_run(text_suite());
}
