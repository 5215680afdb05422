/* SPDX-License-Identifier: MIT */
/* Texts and tables that need no files: names, paths, symbols, packed sizes. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/demangle.h"
#include "analyzer/sym/intern.h"
#include "analyzer/sym/minidebug.h"
#include "analyzer/sym/source_path.h"
#include "analyzer/sym/symtab.h"
#include "analyzer/sym/word_map.h"

static struct intern intern;

static void clear(void)
{
	intern_done(&intern);
}

START_TEST(test_demangle_each_language)
{
	static const char *const cases[][2] = {
		{ "_Z3fooi", "foo(int)" },
		{ "_ZN3FooC4Ev", "Foo::Foo()" },
		{ "_ZN3Foo3barEi.cold", "Foo::bar(int) [clone .cold]" },
		{ "_ZNSt6vectorIiSaIiEE9push_backERKi",
		  "std::vector<int, std::allocator<int> >::"
		  "push_back(int const&)" },
		{ "_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE",
		  "core::fmt::Write::write_fmt" },
		{ "_RNvCskwGfYPst2Cb_3foo16example_function",
		  "foo::example_function" },
		{ "_D8demangle4testFZv", "demangle.test()" },
		{ "main", NULL },
		{ "_Z", NULL },
		{ "_Zyzzyva", NULL },
		{ "_Rust", NULL },
		{ "_Default", NULL },
		{ "", NULL },
		{ "_", NULL },
	};
	char *text = demangle_name(cases[_i][0]);

	ck_assert_pstr_eq(text, cases[_i][1]);
	free(text);
}
END_TEST

/* Each argument holds the one before it twice: gigabytes from few letters. */
START_TEST(test_demangle_bombs_are_refused)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	char name[1024] = "_Z1fSt4pairIiiE";
	char *end = name + strlen(name);
	char *text;

	for (int i = 0; i < _i; i++)
		end += snprintf(end, 16, "S_IS%c_S%c_E", digits[i], digits[i]);
	text = demangle_name(name);

	if (_i < 8)
		ck_assert_ptr_nonnull(text);
	if (_i > 12)
		ck_assert_ptr_null(text);
	free(text);
}
END_TEST

START_TEST(test_demangle_long_names)
{
	/* One that templates really reach, and one that nobody writes. */
	static const size_t depths[] = { 600, 100000 };
	size_t depth = depths[_i];
	char *name = malloc(2 * depth + 64);
	char *text;
	char *end;

	ck_assert_ptr_nonnull(name);
	end = stpcpy(name, "_Z1f");
	for (size_t i = 0; i < depth; i++)
		end = stpcpy(end, "P");
	stpcpy(end, "i");
	text = demangle_name(name);
	if (_i == 0)
		ck_assert_ptr_nonnull(text);
	else
		ck_assert_ptr_null(text);
	free(text);
	free(name);
}
END_TEST

START_TEST(test_source_path_spellings)
{
	static const char *const cases[][3] = {
		{ "/b", "a.c", "/b/a.c" },
		{ "/b/", "./a.c", "/b/a.c" },
		{ "/b/c", "../d//a.c", "/b/d/a.c" },
		{ "/b", "../../../a.c", "/a.c" },
		{ "/b", "/x/./y/../a.c", "/x/a.c" },
		{ NULL, "a.c", "a.c" },
		{ NULL, "../a.c", "../a.c" },
		{ NULL, "x/../../a.c", "../a.c" },
		{ NULL, "../../a.c", "../../a.c" },
		{ "./posix", "../sysdeps/a.c", "sysdeps/a.c" },
		{ "/", "..", "/" },
		{ NULL, "/", "/" },
		{ NULL, "", "" },
		{ "/b", "a..c/...", "/b/a..c/..." },
	};

	ck_assert_str_eq(source_path_clean(&intern, cases[_i][0], cases[_i][1]),
			 cases[_i][2]);
}
END_TEST

START_TEST(test_source_path_too_long)
{
	char name[6000];

	memset(name, 'a', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert_ptr_null(source_path_clean(&intern, "/b", name));
	memset(name, '.', 2);
	for (size_t i = 0; i + 3 < sizeof(name); i += 3)
		memcpy(name + i, "../", 3);
	name[5997] = '\0';
	ck_assert_ptr_null(source_path_clean(&intern, NULL, name));
	ck_assert_str_eq(source_path_clean(&intern, "/b", name), "/");
}
END_TEST

START_TEST(test_intern_keeps_each_text_once)
{
	char text[32];
	const char *first[3000];
	char *large = malloc(200000);

	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "name %d", i);
		first[i] = intern_string(&intern, text);
	}
	for (int i = 0; i < 3000; i++) {
		snprintf(text, sizeof(text), "name %d and more", i);
		ck_assert_ptr_eq(intern_bytes(&intern, text, strlen(text) - 9),
				 first[i]);
	}
	ck_assert_str_eq(first[2999], "name 2999");
	ck_assert_ptr_null(intern_string(&intern, NULL));
	ck_assert_ptr_nonnull(large);
	memset(large, 'x', 199999);
	large[199999] = '\0';
	ck_assert_uint_eq(strlen(intern_string(&intern, large)),
			  INTERN_STRING_LIMIT);
	free(large);
}
END_TEST

START_TEST(test_word_map_finds_what_was_added)
{
	static const char values[5000];
	struct word_map map = { 0 };

	ck_assert_ptr_null(word_map_get(&map, 0));
	for (uint64_t i = 0; i < 5000; i++)
		ck_assert_int_eq(word_map_add(&map, i * 4096, &values[i]), 0);
	for (uint64_t i = 0; i < 5000; i++)
		ck_assert_ptr_eq(word_map_get(&map, i * 4096), &values[i]);
	ck_assert_ptr_null(word_map_get(&map, 1));
	word_map_done(&map);
}
END_TEST

START_TEST(test_symtab_sizes_decide)
{
	static const struct symtab_symbol symbols[] = {
		{ 100, 200, "big", 0, false },
		{ 120, 130, "inner", 0, false },
		{ 110, 1000, "label", SYMTAB_RANK_UNSIZED + 16, true },
		{ 300, 1000, "unsized", SYMTAB_RANK_UNSIZED, false },
		{ 400, 410, "weak", 4, false },
		{ 400, 410, "public", 0, false },
		{ 500, 510, "last", 0, false },
	};
	static const struct {
		uint64_t address;
		const char *name;
	} cases[] = {
		{ 99, NULL },	   { 100, "big" },     { 115, "big" },
		{ 120, "inner" },  { 130, "big" },     { 199, "big" },
		{ 200, NULL },	   { 300, "unsized" }, { 399, "unsized" },
		{ 400, "public" }, { 410, NULL },      { 509, "last" },
		{ 510, NULL },
	};
	struct symtab symtab = { 0 };

	for (size_t i = 0; i < sizeof(symbols) / sizeof(*symbols); i++)
		ck_assert_int_eq(symtab_add(&symtab, &symbols[i]), 0);
	symtab_seal(&symtab);
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		const struct symtab_symbol *found =
			symtab_find(&symtab, cases[i].address);

		ck_assert_pstr_eq(found == NULL ? NULL : found->name,
				  cases[i].name);
	}
	symtab_done(&symtab);
}
END_TEST

START_TEST(test_minidebug_size_is_read_without_unpacking)
{
	/* "hello\n" by xz --check=crc32. */
	static const uint8_t hello[] = {
		0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00, 0x00, 0x01, 0x69, 0x22,
		0xde, 0x36, 0x02, 0x00, 0x21, 0x01, 0x16, 0x00, 0x00, 0x00,
		0x74, 0x2f, 0xe5, 0xa3, 0x01, 0x00, 0x05, 0x68, 0x65, 0x6c,
		0x6c, 0x6f, 0x0a, 0x00, 0x00, 0x00, 0x20, 0x30, 0x3a, 0x36,
		0x00, 0x01, 0x1a, 0x06, 0xc5, 0xea, 0xc8, 0x79, 0x90, 0x42,
		0x99, 0x0d, 0x01, 0x00, 0x00, 0x00, 0x00, 0x01, 0x59, 0x5a
	};
	uint8_t changed[sizeof(hello)];

	ck_assert_uint_eq(minidebug_unpacked_bytes(hello, sizeof(hello)), 6);
	for (size_t bytes = 0; bytes <= 40; bytes++)
		ck_assert_uint_eq(minidebug_unpacked_bytes(hello, bytes),
				  UINT64_MAX);
	/* A packed chunk that claims 2 MiB. */
	memcpy(changed, hello, sizeof(hello));
	changed[24] = 0xff;
	changed[25] = changed[26] = 0xff;
	changed[27] = changed[28] = 0;
	changed[31] = 0;
	memset(changed + 32, 0, sizeof(changed) - 32);
	ck_assert_uint_eq(minidebug_unpacked_bytes(changed, sizeof(changed)),
			  2u << 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sym_names");
	TCase *tcase = tcase_create("all");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, NULL, clear);
	tcase_add_loop_test(tcase, test_demangle_each_language, 0, 14);
	tcase_add_loop_test(tcase, test_demangle_bombs_are_refused, 0, 34);
	tcase_add_loop_test(tcase, test_demangle_long_names, 0, 2);
	tcase_add_loop_test(tcase, test_source_path_spellings, 0, 14);
	tcase_add_test(tcase, test_source_path_too_long);
	tcase_add_test(tcase, test_intern_keeps_each_text_once);
	tcase_add_test(tcase, test_word_map_finds_what_was_added);
	tcase_add_test(tcase, test_symtab_sizes_decide);
	tcase_add_test(tcase, test_minidebug_size_is_read_without_unpacking);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
