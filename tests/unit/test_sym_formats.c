/* SPDX-License-Identifier: MIT */
/*
 * Forms of names and of debug information that need more tools than a C
 * compiler: C++ and its demangled names, debug files shared by dwz, symbols
 * packed by xz, and what the other compiler makes. A case whose tool is not
 * there is named, and the whole is skipped after the others have passed.
 */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sym_fixture.h"

static struct sym *sym;

static uint32_t add(const char *file, const char *debug_dir)
{
	struct sym_options options = { .debug_dirs = &debug_dir,
				       .debug_dir_count = debug_dir != NULL };
	struct fixture_object recorded;

	fixture_record(&recorded, file);
	sym_free(sym);
	sym = sym_new(&options);
	ck_assert_ptr_nonnull(sym);
	return sym_add_object(sym, &recorded.object);
}

static void clear(void)
{
	sym_free(sym);
	sym = NULL;
}

/* lambda and inlined: how these two are called depends on the compiler. */
static void check_template(const char *file, const char *marks,
			   const char *lambda, const char *inlined)
{
	static const char source[] = "sym_template.cc";
	uint32_t object = add(file, NULL);
	const struct sym_frame *frames;

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark(marks, "mark_take"),
				      &frames),
			  2);
	fixture_check(&frames[0], inlined, source, "take", true);
	fixture_check(&frames[1], "shop::box<long>::give(long)", source,
		      "take-call", false);
	ck_assert_str_eq(frames[1].mangled, "_ZN4shop3boxIlE4giveEl");
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark(marks, "mark_secret"),
				      &frames),
			  1);
	fixture_check(&frames[0],
		      "(anonymous namespace)::secret(char const*, int)", source,
		      "secret", false);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark(marks, "mark_lambda"),
				      &frames),
			  1);
	fixture_check(&frames[0], lambda, source, "lambda", false);
}

START_TEST(test_sym_templates_and_lambdas)
{
	static const char *const flags[] = { "-g", "-g -gdwarf-4",
					     "-g -gsplit-dwarf",
					     "-g -gsplit-dwarf -gdwarf-4",
					     "-g -flto" };
	char command[256];

	snprintf(command, sizeof(command),
		 "rm -f *.dwo; $CXX -O1 %s -o cxx $S/sym_template.cc",
		 flags[_i]);
	fixture_run(command);

	check_template("cxx", "cxx",
		       "sym_plain::{lambda(int)#1}::operator()(int) const",
		       "shop::box<long>::take(long)");
}
END_TEST

START_TEST(test_sym_lines_without_the_split_off_part)
{
	const struct sym_frame *frames;
	uint32_t object;

	fixture_run("mkdir -p gone && cd gone && $CXX -O1 -g -gsplit-dwarf"
		    " -o cxx $S/sym_template.cc && rm *.dwo");
	object = add("gone/cxx", NULL);

	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("gone/cxx", "mark_secret"),
				      &frames),
			  1);
	fixture_check(&frames[0],
		      "(anonymous namespace)::secret(char const*, int)",
		      "sym_template.cc", "secret", false);
}
END_TEST

START_TEST(test_sym_other_compiler)
{
	static const struct {
		const char *flags;
		const char *inlined;
	} cases[] = {
		{ "-g", "shop::box<long>::take(long)" },
		{ "-g -gdwarf-4", "shop::box<long>::take(long)" },
		{ "-g -gsplit-dwarf", "shop::box<long>::take(long)" },
		/* Says nothing but this name of what was inlined. */
		{ "-gline-tables-only", "take" },
	};
	char command[256];

	snprintf(command, sizeof(command),
		 "rm -f *.dwo; $CLANG -O1 %s -o cl.o -c $S/sym_template.cc &&"
		 "$CLANG %s -o cl cl.o",
		 cases[_i].flags, cases[_i].flags);
	fixture_run(command);

	check_template("cl", "cl", "sym_plain::$_0::operator()(int) const",
		       cases[_i].inlined);
}
END_TEST

START_TEST(test_sym_symbols_packed_inside)
{
	const struct sym_frame *frames;
	uint32_t object;

	fixture_run("$CC -O2 -o xfull $S/sym_inline.c &&"
		    "objcopy --only-keep-debug xfull mini &&"
		    "strip --strip-debug --remove-section .comment mini &&"
		    "rm -f mini.xz && xz -k mini && strip -o x1 xfull &&"
		    "objcopy --add-section .gnu_debugdata=mini.xz x1 packed");
	object = add("packed", NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_SYMTAB);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("xfull", "mark_hidden"),
				      &frames),
			  1);
	fixture_check(&frames[0], "sym_hidden", NULL, NULL, false);
}
END_TEST

START_TEST(test_sym_packed_symbols_that_are_damaged)
{
	static const char *const damage[] = {
		"head -c 200 mini.xz >bad",
		"echo nothing of the kind >bad",
		/* 600 MiB of zeros, more than any symbol table is. */
		"head -c 629145600 /dev/zero | xz -0 >bad",
		"gzip -c mini >bad",
	};
	const struct sym_frame *frames;
	uint32_t object;

	fixture_run("$CC -O2 -o xfull $S/sym_inline.c && strip -o x1 xfull &&"
		    "objcopy --only-keep-debug xfull mini && rm -f mini.xz &&"
		    "xz -k mini");
	fixture_run(damage[_i]);
	fixture_run("objcopy --add-section .gnu_debugdata=bad x1 packed");
	object = add("packed", NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("xfull", "mark_hidden"),
				      &frames),
			  1);
	ck_assert_ptr_null(frames[0].function);
	ck_assert_uint_eq(frames[0].start, fixture_mark("xfull", "sym_hidden"));
}
END_TEST

START_TEST(test_sym_debug_files_shared_by_dwz)
{
	static const char *const moves[] = {
		":", /* beside the debug file, as it names it */
		"mkdir -p dbg/.dwz && mv common dbg/.dwz/",
	};
	const struct sym_frame *frames;
	char command[1024];
	uint32_t object;

	snprintf(command, sizeof(command),
		 "rm -rf dbg common a b; for p in a b; do"
		 " $CC -O2 -g -gdwarf-%d -Wl,--build-id=none -D$p -o $p.full"
		 " $S/sym_other.c && objcopy --only-keep-debug $p.full $p ||"
		 " exit 1; done; dwz -m common a b && strip -o prog a.full &&"
		 "objcopy --add-gnu-debuglink=a prog && %s",
		 4 + _i / 2, moves[_i % 2]);
	fixture_run(command);
	object = add("prog", fixture_path("dbg"));

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("a.full", "mark_shared"),
				      &frames),
			  2);
	fixture_check(&frames[0], "sym_shared_name_long_enough_to_share",
		      "sym_shared.h", "shared", true);
	fixture_check(&frames[1], "sym_shared_use", "sym_shared.h",
		      "shared-call", false);
}
END_TEST

/* dwz knows DWARF 5 as gcc writes it, not as clang does. */
static bool is_dwarf5_for_dwz(void)
{
	return system("echo | $CC -dM -E - | grep -q __clang__") != 0;
}

static bool needs(const char *tool)
{
	if (fixture_has(tool))
		return true;
	printf("skipped: %s is not installed\n", tool);
	return false;
}

int main(void)
{
	Suite *suite = suite_create("sym_formats");
	TCase *tcase = tcase_create("formats");
	bool has_all = true;
	SRunner *runner;
	int failed;

	fixture_begin();
	fixture_need("objcopy");
	fixture_need("$CC");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, clear);
	if (needs("$CXX")) {
		tcase_add_loop_test(tcase, test_sym_templates_and_lambdas, 0,
				    5);
		tcase_add_test(tcase,
			       test_sym_lines_without_the_split_off_part);
	} else {
		has_all = false;
	}
	if (needs("$CLANG"))
		tcase_add_loop_test(tcase, test_sym_other_compiler, 0, 4);
	else
		has_all = false;
	if (needs("xz")) {
		tcase_add_test(tcase, test_sym_symbols_packed_inside);
		tcase_add_loop_test(
			tcase, test_sym_packed_symbols_that_are_damaged, 0, 4);
	} else {
		has_all = false;
	}
	if (needs("dwz"))
		tcase_add_loop_test(tcase, test_sym_debug_files_shared_by_dwz,
				    0, is_dwarf5_for_dwz() ? 4 : 2);
	else
		has_all = false;
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0 ? 1 : has_all ? 0 : 77;
}
