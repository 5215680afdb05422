/* SPDX-License-Identifier: MIT */
/*
 * Addresses of real programs to exact names, files and lines, and the search
 * for debug files. What needs more than a C compiler and binutils is in
 * test_sym_formats.c.
 */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/sym_fixture.h"

#define SOURCE "sym_inline.c"

static struct sym *sym;

static uint32_t add(const struct fixture_object *recorded, const char *sysroot,
		    const char *debug_dir)
{
	struct sym_options options = { .sysroot = sysroot,
				       .debug_dirs = &debug_dir,
				       .debug_dir_count = debug_dir != NULL };

	sym_free(sym);
	sym = sym_new(&options);
	ck_assert_ptr_nonnull(sym);
	return sym_add_object(sym, &recorded->object);
}

static void clear(void)
{
	sym_free(sym);
	sym = NULL;
}

/* Everything that the marks of sym_inline.c promise. */
static void check_all(uint32_t object, const char *marks)
{
	static const char *const plain[] = { "outer", "hidden", "exported",
					     "tail" };
	const struct sym_frame *frames;

	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark(marks, "mark_leaf"),
				      &frames),
			  3);
	fixture_check(&frames[0], "sym_leaf", SOURCE, "leaf", true);
	fixture_check(&frames[1], "sym_middle", SOURCE, "leaf-call", true);
	fixture_check(&frames[2], "sym_outer", SOURCE, "middle-call", false);
	for (size_t i = 0; i < sizeof(plain) / sizeof(*plain); i++) {
		char mark[64];
		char function[64];

		snprintf(mark, sizeof(mark), "mark_%s", plain[i]);
		snprintf(function, sizeof(function), "sym_%s", plain[i]);
		ck_assert_uint_eq(sym_resolve(sym, object,
					      fixture_mark(marks, mark),
					      &frames),
				  1);
		fixture_check(&frames[0], function, SOURCE, plain[i], false);
		ck_assert_ptr_eq(frames[0].mangled, frames[0].function);
	}
}

/* One name and nothing else. */
static void check_name(uint32_t object, const char *marks, const char *mark,
		       const char *function)
{
	const struct sym_frame *frames;

	ck_assert_uint_eq(
		sym_resolve(sym, object, fixture_mark(marks, mark), &frames),
		1);
	fixture_check(&frames[0], function, NULL, NULL, false);
	ck_assert_uint_eq(frames[0].start, 0);
}

static void check_nothing(uint32_t object, const char *marks, const char *mark)
{
	const struct sym_frame *frames;

	ck_assert_uint_eq(
		sym_resolve(sym, object, fixture_mark(marks, mark), &frames),
		0);
}

/* No name, but where the function that marks know begins. */
static void check_unnamed(uint32_t object, const char *marks, const char *mark,
			  const char *function)
{
	const struct sym_frame *frames;
	uint64_t address = fixture_mark(marks, mark);

	ck_assert_uint_eq(sym_resolve(sym, object, address, &frames), 1);
	ck_assert_ptr_null(frames[0].function);
	ck_assert_ptr_null(frames[0].file);
	ck_assert_uint_eq(frames[0].start, fixture_mark(marks, function));
}

START_TEST(test_sym_inlined_calls_have_their_own_lines)
{
	static const char *const flags[] = {
		"-O2 -gdwarf-4", "-O2 -gdwarf-5", "-O2 -gdwarf-5 -no-pie",
		"-O1 -gdwarf-4 -ffunction-sections", "-O2 -g -gz"
	};
	struct fixture_object recorded;
	char command[256];
	uint32_t object;

	snprintf(command, sizeof(command), "$CC %s -o prog $S/sym_inline.c",
		 flags[_i]);
	fixture_run(command);
	fixture_record(&recorded, "prog");
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_str_eq(sym_object_source(sym, object), fixture_path("prog"));
	check_all(object, "prog");
}
END_TEST

START_TEST(test_sym_relative_source_becomes_absolute)
{
	struct fixture_object recorded;
	const struct sym_frame *frames;
	uint32_t object;

	fixture_run("mkdir -p src sub && cp $S/sym_inline.c src/ &&"
		    "cd sub && $CC -O2 -g -o ../rel ../src/./sym_inline.c");
	fixture_record(&recorded, "rel");
	object = add(&recorded, NULL, NULL);

	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("rel", "mark_leaf"),
				      &frames),
			  3);
	ck_assert_str_eq(frames[0].file, fixture_path("src/sym_inline.c"));
	ck_assert_str_eq(frames[2].file, fixture_path("src/sym_inline.c"));
	/* One text for one file, however it came. */
	ck_assert_ptr_eq(frames[0].file, frames[2].file);
}
END_TEST

START_TEST(test_sym_answers_are_kept)
{
	struct fixture_object recorded;
	const struct sym_frame *first;
	const struct sym_frame *again;
	uint64_t address;
	uint32_t object;

	fixture_run("$CC -O2 -g -o prog $S/sym_inline.c");
	fixture_record(&recorded, "prog");
	object = add(&recorded, NULL, NULL);
	address = fixture_mark("prog", "mark_leaf");

	ck_assert_uint_eq(sym_resolve(sym, object, address, &first), 3);
	for (uint64_t a = 0; a < 0x8000; a++)
		sym_resolve(sym, object, a, &again);
	ck_assert_uint_eq(sym_resolve(sym, object, address, &again), 3);

	ck_assert_ptr_eq(first, again);
	ck_assert_uint_eq(sym_resolve(sym, object, 0, &again), 0);
	ck_assert_uint_eq(sym_resolve(sym, object, UINT64_MAX, &again), 0);
	ck_assert_uint_eq(sym_resolve(sym, object + 1, address, &again), 0);
	ck_assert_int_eq(sym_object_status(sym, UINT32_MAX), SYM_MISSING);
}
END_TEST

START_TEST(test_sym_symtab_alone_gives_functions)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("$CC -O2 -o prog $S/sym_inline.c $S/sym_label.s");
	fixture_record(&recorded, "prog");
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_SYMTAB);
	/* The labels inside are not functions. */
	check_name(object, "prog", "mark_leaf", "sym_outer");
	check_name(object, "prog", "mark_hidden", "sym_hidden");
	check_name(object, "prog", "mark_tail", "sym_tail");
	check_name(object, "prog", "sym_unsized", "sym_unsized");
}
END_TEST

START_TEST(test_sym_stripped_library_gives_exports_only)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("$CC -O2 -shared -fPIC -o lib.full $S/sym_inline.c &&"
		    "strip -o lib.so lib.full");
	fixture_record(&recorded, "lib.so");
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
	check_name(object, "lib.full", "mark_exported", "sym_exported");
	check_name(object, "lib.full", "mark_tail", "sym_tail");
	/* Not the exported one that happens to stand before it. */
	check_unnamed(object, "lib.full", "mark_hidden", "sym_hidden");
}
END_TEST

START_TEST(test_sym_without_any_names)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("$CC -O2 -g -no-pie -static -nostdlib -o none.full"
		    " -Wl,-e,main,--no-eh-frame-hdr $S/sym_inline.c &&"
		    "strip -o none none.full");
	fixture_record(&recorded, "none");
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_NONE);
	check_nothing(object, "none.full", "mark_tail");
}
END_TEST

/* The object none of a program without symbols; none.full has them. */
static uint32_t add_stripped(const char *build)
{
	struct fixture_object recorded;
	char command[512];

	snprintf(command, sizeof(command),
		 "%s -o none.full && strip -o none none.full", build);
	fixture_run(command);
	fixture_record(&recorded, "none");
	return add(&recorded, NULL, NULL);
}

/* The forms of unwind tables that compilers and linkers make. */
START_TEST(test_sym_functions_without_names_have_starts)
{
	static const char *const builds[] = {
		"$CC -O2 -static-pie -nostdlib -Wl,-e,main $S/sym_inline.c",
		"$CC -O2 -no-pie -nostdlib -Wl,-e,main $S/sym_inline.c",
		"$CC -O2 -mcmodel=large -no-pie -nostdlib -Wl,-e,main"
		" $S/sym_inline.c",
		"$CC -O2 -fno-dwarf2-cfi-asm -nostdlib -Wl,-e,main"
		" $S/sym_inline.c",
		/* With a personality and a table of handlers. */
		"printf 'extern \"C\" void other(), sym_tail();"
		"void sym_tail() { try { other(); } catch (int) { asm volatile("
		"\".globl mark_tail;.hidden mark_tail;mark_tail: nop\"); }"
		" }' | $CXX -shared -fPIC -fvisibility=hidden -x c++ -",
	};
	const struct sym_frame *frames;
	uint32_t object = add_stripped(builds[_i]);

	check_unnamed(object, "none.full", "mark_tail", "sym_tail");
	ck_assert_uint_eq(sym_resolve(sym, object, 1, &frames), 0);
	ck_assert_uint_eq(sym_resolve(sym, object, UINT64_MAX, &frames), 0);
	/* No function is where the tables themselves are. */
	ck_assert_uint_eq(
		sym_resolve(sym, object,
			    fixture_mark("none.full", "mark_tail") + 0x100000,
			    &frames),
		0);
}
END_TEST

/* Behind a function that has an entry there may be one that has none. */
START_TEST(test_sym_starts_are_not_guessed)
{
	static const char *const builds[] = {
		"printf 'void sym_first(void);void sym_first(void){}"
		"asm(\".globl mark_behind;mark_behind: nop\");' |"
		"$CC -O2 -no-pie -nostdlib -Wl,-e,mark_behind -x c -",
		"$CC -O2 -no-pie -nostdlib -Wl,-e,main -Wl,--no-eh-frame-hdr"
		" -Wl,--defsym=mark_behind=mark_tail $S/sym_inline.c",
		"$CC -O2 -no-pie -nostdlib -Wl,-e,main -fno-unwind-tables"
		" -fno-asynchronous-unwind-tables"
		" -Wl,--defsym=mark_behind=mark_tail $S/sym_inline.c",
	};
	check_nothing(add_stripped(builds[_i]), "none.full", "mark_behind");
}
END_TEST

START_TEST(test_sym_stubs_are_named_for_what_they_call)
{
	static const char *const flags[] = { "-fcf-protection=full",
					     "-fcf-protection=none",
					     "-Wl,-z,now", "-Wl,-z,lazy" };
	struct fixture_object recorded;
	const struct sym_frame *frames;
	bool has_malloc = false;
	bool has_free = false;
	char command[256];
	uint32_t object;

	snprintf(command, sizeof(command),
		 "$CC -O2 -s -shared -fPIC %s -o calls.so $S/sym_calls.c",
		 flags[_i]);
	fixture_run(command);
	fixture_record(&recorded, "calls.so");
	object = add(&recorded, NULL, NULL);

	for (uint64_t a = 0x1000; a < 0x1100; a++) {
		if (sym_resolve(sym, object, a, &frames) == 0 ||
		    frames[0].function == NULL)
			continue;
		has_malloc |= strcmp(frames[0].function, "malloc@plt") == 0;
		has_free |= strcmp(frames[0].function, "free@plt") == 0;
	}
	ck_assert(has_malloc);
	ck_assert(has_free);
}
END_TEST

START_TEST(test_sym_debug_file_by_link)
{
	static const char *const places[] = { "bin/", "bin/.debug/" };
	struct fixture_object recorded;
	char command[512];
	uint32_t object;

	snprintf(
		command, sizeof(command),
		"rm -rf bin && mkdir -p bin/.debug &&"
		"$CC -O2 -g -Wl,--build-id=none -o bin/full $S/sym_inline.c &&"
		"objcopy --only-keep-debug bin/full %sprog.debug &&"
		"objcopy -S --add-gnu-debuglink=%sprog.debug bin/full bin/prog",
		places[_i], places[_i]);
	fixture_run(command);
	fixture_record(&recorded, "bin/prog");
	ck_assert_uint_eq(recorded.object.build_id_bytes, 0);
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "bin/full");
}
END_TEST

START_TEST(test_sym_debug_file_by_link_in_given_directory)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run(
		"rm -rf bin dbg && mkdir -p bin dbg$PWD/bin &&"
		"$CC -O2 -g -Wl,--build-id=none -o bin/full $S/sym_inline.c"
		"&& objcopy --only-keep-debug bin/full prog.debug &&"
		"objcopy -S --add-gnu-debuglink=prog.debug bin/full bin/prog"
		"&& mv prog.debug dbg$PWD/bin/");
	fixture_record(&recorded, "bin/prog");
	object = add(&recorded, NULL, fixture_path("dbg"));

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "bin/full");
}
END_TEST

START_TEST(test_sym_debug_file_of_another_build_is_refused)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("rm -rf bin && mkdir bin &&"
		    "$CC -O2 -g -Wl,--build-id=none -o bin/full $S/sym_inline.c"
		    "&& objcopy --only-keep-debug bin/full bin/prog.debug &&"
		    "objcopy -S --add-gnu-debuglink=bin/prog.debug bin/full"
		    " bin/prog && printf x >>bin/prog.debug");
	fixture_record(&recorded, "bin/prog");
	object = add(&recorded, NULL, NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
	check_unnamed(object, "bin/full", "mark_leaf", "sym_outer");
}
END_TEST

/* prog stripped, its debug file below dbg by its build-id. */
static void build_by_id(struct fixture_object *recorded)
{
	char command[512];

	fixture_run("rm -rf dbg && $CC -O2 -g -Wl,--build-id -o full"
		    " $S/sym_inline.c && strip -o prog full");
	fixture_record(recorded, "prog");
	ck_assert_uint_eq(recorded->object.build_id_bytes, 20);
	snprintf(command, sizeof(command),
		 "f=dbg/.build-id/%s.debug; mkdir -p ${f%%/*} &&"
		 "objcopy --only-keep-debug full $f",
		 fixture_build_id_path(recorded));
	fixture_run(command);
}

START_TEST(test_sym_debug_file_by_build_id)
{
	struct fixture_object recorded;
	uint32_t object;

	build_by_id(&recorded);
	object = add(&recorded, NULL, fixture_path("dbg"));
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "full");
	ck_assert_ptr_nonnull(strstr(sym_object_source(sym, object),
				     fixture_build_id_path(&recorded)));

	/* Where it is missing the exports are left: this has none. */
	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
	check_unnamed(object, "full", "mark_leaf", "sym_outer");
}
END_TEST

START_TEST(test_sym_debug_file_replaces_a_missing_program)
{
	struct fixture_object recorded;
	uint32_t object;

	build_by_id(&recorded);
	fixture_run("rm prog");
	object = add(&recorded, NULL, fixture_path("dbg"));
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "full");

	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_MISSING);
	ck_assert_ptr_null(sym_object_source(sym, object));
	check_nothing(object, "full", "mark_leaf");
}
END_TEST

START_TEST(test_sym_changed_program_is_noticed_by_build_id)
{
	struct fixture_object recorded;
	uint32_t object;

	build_by_id(&recorded);
	fixture_run("$CC -O0 -g -Wl,--build-id -o prog $S/sym_inline.c");

	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_CHANGED);
	ck_assert_ptr_null(sym_object_source(sym, object));
	check_nothing(object, "full", "mark_leaf");

	/* The debug file of what was recorded is still right. */
	object = add(&recorded, NULL, fixture_path("dbg"));
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "full");
}
END_TEST

START_TEST(test_sym_changed_program_is_noticed_by_size_and_time)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("$CC -O2 -g -Wl,--build-id=none -o prog $S/sym_inline.c");
	fixture_record(&recorded, "prog");
	ck_assert_uint_eq(recorded.object.build_id_bytes, 0);
	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);

	recorded.object.file_mtime_ns--;
	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_CHANGED);
	/* A copied system has other times. */
	object = add(&recorded, "/", NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	recorded.object.file_mtime_ns = 0;
	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);

	recorded.object.file_bytes++;
	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_CHANGED);
	object = add(&recorded, "/", NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_CHANGED);
}
END_TEST

START_TEST(test_sym_sysroot_is_put_before_paths)
{
	struct fixture_object recorded;
	uint32_t object;

	fixture_run("rm -rf root && mkdir -p root/opt/real &&"
		    "$CC -O2 -g -o root/opt/real/prog $S/sym_inline.c &&"
		    "ln -s /opt/real root/opt/link");
	fixture_record(&recorded, "root/opt/real/prog");
	recorded.object.path = "/opt/real/prog";
	object = add(&recorded, fixture_path("root"), NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_str_eq(sym_object_source(sym, object),
			 fixture_path("root/opt/real/prog"));
	check_all(object, "root/opt/real/prog");

	/* An absolute link means a place in that system. */
	recorded.object.path = "/opt/link/prog";
	object = add(&recorded, fixture_path("root"), NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);

	object = add(&recorded, NULL, NULL);
	ck_assert_int_eq(sym_object_status(sym, object), SYM_MISSING);
}
END_TEST

START_TEST(test_sym_debug_directory_of_sysroot_is_searched)
{
	struct fixture_object recorded;
	uint32_t object;

	build_by_id(&recorded);
	fixture_run("rm -rf root && mkdir -p root/usr/lib root/opt &&"
		    "cp -r dbg root/usr/lib/debug && cp prog root/opt/");
	recorded.object.path = "/opt/prog";
	object = add(&recorded, fixture_path("root"), NULL);

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	check_all(object, "full");
}
END_TEST

START_TEST(test_sym_what_is_not_a_program)
{
	static const struct {
		const char *command;
		enum sym_status status;
	} cases[] = {
		{ ":", SYM_MISSING },
		{ ": >odd", SYM_UNREADABLE },
		{ "echo not a program >odd", SYM_UNREADABLE },
		{ "mkdir odd", SYM_UNREADABLE },
		{ "mkfifo odd", SYM_UNREADABLE },
		{ "ln -s odd odd", SYM_MISSING },
		{ "$CC -g -c -o odd $S/sym_inline.c", SYM_UNREADABLE },
		{ "$CC -g -o full $S/sym_inline.c && head -c 6000 full >odd",
		  SYM_UNREADABLE },
		{ "$CC -g -o full $S/sym_inline.c && head -c 100 full >odd",
		  SYM_UNREADABLE },
		{ "$CC -c -o a.o $S/sym_inline.c && ar rc odd a.o",
		  SYM_UNREADABLE },
	};
	struct sym_object object = { .path = fixture_path("odd") };
	struct sym_options options = { .use_debuginfod = false };
	const struct sym_frame *frames;
	uint32_t handle;

	fixture_run("rm -rf odd");
	fixture_run(cases[_i].command);
	sym = sym_new(&options);
	handle = sym_add_object(sym, &object);

	ck_assert_int_eq(sym_object_status(sym, handle), cases[_i].status);
	ck_assert_uint_eq(sym_resolve(sym, handle, 0x1000, &frames), 0);
	ck_assert_ptr_null(sym_object_source(sym, handle));
}
END_TEST

START_TEST(test_sym_vdso_has_no_file)
{
	struct sym_object object = { .path = "[vdso]", .is_vdso = true };
	struct sym_options options = { .use_debuginfod = false };
	const struct sym_frame *frames;
	uint32_t handle;

	sym = sym_new(&options);
	handle = sym_add_object(sym, &object);

	ck_assert_int_eq(sym_object_status(sym, handle), SYM_MISSING);
	ck_assert_uint_eq(sym_resolve(sym, handle, 0x600, &frames), 0);
}
END_TEST

START_TEST(test_sym_many_objects_do_not_use_up_descriptors)
{
	struct sym_options options = { .use_debuginfod = false };
	struct fixture_object recorded;
	uint32_t handle = 0;

	fixture_run("$CC -O2 -g -o prog $S/sym_inline.c");
	fixture_record(&recorded, "prog");
	sym = sym_new(&options);
	for (int i = 0; i < 2000; i++) {
		handle = sym_add_object(sym, &recorded.object);
		ck_assert_int_eq(sym_object_status(sym, handle), SYM_FULL);
	}
	check_all(handle, "prog");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sym");
	TCase *tcase = tcase_create("files");
	SRunner *runner;
	int failed;

	fixture_begin();
	fixture_need("objcopy");
	fixture_need("$CC");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, NULL, clear);
	tcase_add_loop_test(tcase, test_sym_inlined_calls_have_their_own_lines,
			    0, 5);
	tcase_add_test(tcase, test_sym_relative_source_becomes_absolute);
	tcase_add_test(tcase, test_sym_answers_are_kept);
	tcase_add_test(tcase, test_sym_symtab_alone_gives_functions);
	tcase_add_test(tcase, test_sym_stripped_library_gives_exports_only);
	tcase_add_test(tcase, test_sym_without_any_names);
	tcase_add_loop_test(tcase, test_sym_functions_without_names_have_starts,
			    0, 5);
	tcase_add_loop_test(tcase, test_sym_starts_are_not_guessed, 0, 3);
	tcase_add_loop_test(tcase, test_sym_stubs_are_named_for_what_they_call,
			    0, 4);
	tcase_add_loop_test(tcase, test_sym_debug_file_by_link, 0, 2);
	tcase_add_test(tcase, test_sym_debug_file_by_link_in_given_directory);
	tcase_add_test(tcase, test_sym_debug_file_of_another_build_is_refused);
	tcase_add_test(tcase, test_sym_debug_file_by_build_id);
	tcase_add_test(tcase, test_sym_debug_file_replaces_a_missing_program);
	tcase_add_test(tcase, test_sym_changed_program_is_noticed_by_build_id);
	tcase_add_test(tcase,
		       test_sym_changed_program_is_noticed_by_size_and_time);
	tcase_add_test(tcase, test_sym_sysroot_is_put_before_paths);
	tcase_add_test(tcase, test_sym_debug_directory_of_sysroot_is_searched);
	tcase_add_loop_test(tcase, test_sym_what_is_not_a_program, 0, 10);
	tcase_add_test(tcase, test_sym_vdso_has_no_file);
	tcase_add_test(tcase, test_sym_many_objects_do_not_use_up_descriptors);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
