/* SPDX-License-Identifier: MIT */
/* Rules that say which leaks are not to be reported. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/suppressions.h"

static struct stack_frame frames[] = {
	{ .function = "ns::make(int)",
	  .mangled = "_ZN2ns4makeEi",
	  .file = "/src/app/make.cc",
	  .line = 12,
	  .module = "/usr/lib/libmake.so.3" },
	{ .module = "/usr/lib/libmake.so.3" },
	{ .function = "main",
	  .mangled = "main",
	  .file = "/src/app/main.c",
	  .line = 7,
	  .module = "/src/app/app" },
};
static const struct stack stack = { .frames = frames, .count = 3 };

static struct suppressions rules;
static struct suppressions_error error;

static void set_up(void)
{
	rules = (struct suppressions) { 0 };
}

static void tear_down(void)
{
	suppressions_done(&rules);
}

static enum suppressions_code add(const char *text)
{
	return suppressions_add(&rules, "file", text, strlen(text), &error);
}

static const struct {
	const char *pattern, *text;
	bool has_one, matches;
} globs[] = {
	{ "", "", true, true },
	{ "", "a", true, false },
	{ "*", "", true, true },
	{ "*", "abc", true, true },
	{ "a*c", "abbc", true, true },
	{ "a*c", "abcb", true, false },
	{ "?", "a", true, true },
	{ "?", "", true, false },
	{ "?", "a", false, false },
	{ "?", "?", false, true },
	{ "*a*b*", "xxaxbx", true, true },
	{ "*a*b*", "xxbxax", true, false },
	{ "a**b", "ab", true, true },
	{ "*ab", "aab", true, true },
};

START_TEST(test_suppressions_globs)
{
	ck_assert_int_eq(suppressions_glob(globs[_i].pattern, globs[_i].text,
					   globs[_i].has_one),
			 globs[_i].matches);
}
END_TEST

static const struct {
	const char *line;
	bool matches;
} sanitizer[] = {
	{ "leak:make", true },	      { "leak:ns::make", true },
	{ "leak:_ZN2ns4make", true }, { "leak:^main$", true },
	{ "leak:^ain$", false },      { "leak:mai$", false },
	{ "leak:libmake.so", true },  { "leak:/src/*/main.c", true },
	{ "leak:^/src/app", true },   { "leak:nothing", false },
	{ "leak:m?in", false },	      { "\t leak:main \r", true },
	{ "leak:^$", false },
};

START_TEST(test_suppressions_of_leak_sanitizer)
{
	ck_assert_int_eq(add(sanitizer[_i].line), SUPPRESSIONS_OK);
	ck_assert_uint_eq(rules.count, 1);
	ck_assert_int_eq(suppressions_find(&rules, &stack, MPF_VERDICT_LOST) !=
				 NULL,
			 sanitizer[_i].matches);
}
END_TEST

static const struct {
	const char *lines;
	bool matches;
} memcheck[] = {
	{ "fun:malloc\nfun:_ZN2ns4makeEi", true },
	{ "fun:_ZN2ns4makeEi", true },
	{ "fun:ns::make(int)\nobj:*/libmake.so.3\nfun:main", true },
	{ "fun:*alloc\nfun:_ZN*\nfun:???\nfun:main", true },
	{ "fun:main", false },
	{ "...\nfun:main", true },
	{ "...\nfun:main\n...", true },
	{ "...\nfun:main\nfun:*", false },
	{ "fun:_ZN*\n...\nsrc:main.c:7", true },
	{ "fun:_ZN*\n...\nsrc:main.c:8", false },
	{ "src:make.cc", true },
	{ "...\n...\nobj:/src/app/app", true },
	{ "...", true },
	{ "fun:malloc\nfun:malloc\nfun:_ZN*", false },
	{ "fun:*\nfun:*\nfun:*\nfun:*", true }, /* the first is malloc */
	{ "fun:*\nfun:*\nfun:*\nfun:*\nfun:*", false },
};

START_TEST(test_suppressions_of_memcheck)
{
	char text[512];

	snprintf(text, sizeof(text), "{\n name\n Memcheck:Leak\n%s\n}\n",
		 memcheck[_i].lines);
	ck_assert_int_eq(add(text), SUPPRESSIONS_OK);
	ck_assert_int_eq(suppressions_find(&rules, &stack, MPF_VERDICT_LOST) !=
				 NULL,
			 memcheck[_i].matches);
}
END_TEST

START_TEST(test_suppressions_kinds)
{
	struct suppression *found;

	ck_assert_int_eq(add("{\na\nMemcheck:Leak\nmatch-leak-kinds: "
			     "definite, reachable\n...\n}\n"),
			 SUPPRESSIONS_OK);

	found = suppressions_find(&rules, &stack, MPF_VERDICT_LOST);
	ck_assert_ptr_nonnull(found);
	ck_assert_str_eq(found->name, "a");
	ck_assert_ptr_null(
		suppressions_find(&rules, &stack, MPF_VERDICT_INDIRECT));
	ck_assert_ptr_null(
		suppressions_find(&rules, &stack, MPF_VERDICT_POSSIBLE));
	ck_assert_ptr_nonnull(
		suppressions_find(&rules, &stack, MPF_VERDICT_REACHABLE));
	ck_assert_ptr_nonnull(suppressions_find(&rules, &stack, 0));
}
END_TEST

START_TEST(test_suppressions_of_others_are_passed_over)
{
	ck_assert_int_eq(add("race:x\n{\na\nMemcheck:Addr4\nwhat is this\n}\n"
			     "{\nb\nHelgrind:Race\nfun:*\n}\n# end\n"),
			 SUPPRESSIONS_OK);
	ck_assert_uint_eq(rules.count, 0);
}
END_TEST

static const struct {
	const char *text;
	unsigned line;
} bad[] = {
	{ "leak:a\nx\n", 2 },
	{ "leak:\n", 1 },
	{ "{", 1 },
	{ "{\n}\n", 2 },
	{ "{\na\n}\n", 3 },
	{ "{\na\nMemcheck:Leak\n", 3 },
	{ "{\na\nMemcheck:Leak\n}\n", 4 },
	{ "{\na\nMemcheck:Leak\nfun:\n}\n", 4 },
	{ "{\na\nMemcheck:Leak\nmatch-leak-kinds: some\n...\n}\n", 4 },
	{ "}\n", 1 },
};

START_TEST(test_suppressions_that_are_none)
{
	ck_assert_int_eq(add(bad[_i].text), SUPPRESSIONS_SYNTAX);
	ck_assert_int_eq(error.code, SUPPRESSIONS_SYNTAX);
	ck_assert_uint_eq(error.line, bad[_i].line);
	ck_assert_ptr_nonnull(error.what);
}
END_TEST

START_TEST(test_suppressions_have_limits)
{
	size_t bytes = SUPPRESSIONS_MAX_BYTES + 1;
	char *text = malloc(bytes);

	ck_assert_ptr_nonnull(text);
	memset(text, '#', bytes);
	ck_assert_int_eq(suppressions_add(&rules, "f", text, bytes, &error),
			 SUPPRESSIONS_LARGE);
	ck_assert_int_eq(suppressions_add(&rules, "f", text, bytes - 1, &error),
			 SUPPRESSIONS_OK);
	text[7] = '\0';
	ck_assert_int_eq(suppressions_add(&rules, "f", text, 100, &error),
			 SUPPRESSIONS_SYNTAX);
	for (size_t i = 0; i + 7 <= bytes - 1; i += 7)
		memcpy(text + i, "leak:x\n", 7);
	ck_assert_int_eq(suppressions_add(&rules, "f", text,
					  (bytes - 1) / 7 * 7, &error),
			 SUPPRESSIONS_LARGE);
	ck_assert_uint_eq(rules.count, SUPPRESSIONS_MAX_RULES);
	free(text);
}
END_TEST

START_TEST(test_suppressions_file_that_cannot_be_read)
{
	ck_assert_int_eq(suppressions_read(&rules, "/nowhere/x", &error),
			 SUPPRESSIONS_MISSING);
	ck_assert_int_ne(error.system_errno, 0);
	ck_assert_int_eq(suppressions_read(&rules, "/", &error),
			 SUPPRESSIONS_MISSING);
}
END_TEST

static Suite *suppressions_suite(void)
{
	Suite *suite = suite_create("suppressions");
	TCase *tests = tcase_create("suppressions");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, test_suppressions_globs, 0,
			    (int)(sizeof(globs) / sizeof(globs[0])));
	tcase_add_loop_test(tests, test_suppressions_of_leak_sanitizer, 0,
			    (int)(sizeof(sanitizer) / sizeof(sanitizer[0])));
	tcase_add_loop_test(tests, test_suppressions_of_memcheck, 0,
			    (int)(sizeof(memcheck) / sizeof(memcheck[0])));
	tcase_add_test(tests, test_suppressions_kinds);
	tcase_add_test(tests, test_suppressions_of_others_are_passed_over);
	tcase_add_loop_test(tests, test_suppressions_that_are_none, 0,
			    (int)(sizeof(bad) / sizeof(bad[0])));
	tcase_add_test(tests, test_suppressions_have_limits);
	tcase_add_test(tests, test_suppressions_file_that_cannot_be_read);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(suppressions_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
