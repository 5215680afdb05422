/* SPDX-License-Identifier: MIT */
/* The search for a source file, and its lines. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/source.h"

static char folder[] = "/tmp/memprof-test-source-XXXXXX";

static void set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
}

static void tear_down(void)
{
	char command[sizeof(folder) + 16];

	snprintf(command, sizeof(command), "rm -rf %s", folder);
	ck_assert_int_eq(system(command), 0);
}

static const char *in_folder(const char *name)
{
	static char paths[32][256];
	static unsigned next;

	next = (next + 1) % 32;
	snprintf(paths[next], sizeof(paths[next]), "%s/%s", folder, name);
	return paths[next];
}

/* A file whose text is its own name; its folders are made. */
static void make_file(const char *name)
{
	char path[256], *slash;
	FILE *file;

	snprintf(path, sizeof(path), "%s", in_folder(name));
	for (slash = strchr(path + strlen(folder) + 1, '/'); slash;
	     slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		mkdir(path, 0700);
		*slash = '/';
	}
	file = fopen(path, "we");
	ck_assert_ptr_nonnull(file);
	fputs(name, file);
	ck_assert_int_eq(fclose(file), 0);
}

static void expect_found(const struct source_search *search, const char *name)
{
	struct source source;

	ck_assert_int_eq(source_read(&source, search), 0);
	if (!name) {
		ck_assert_ptr_null(source.path);
		ck_assert_uint_eq(source.count, 0);
	} else {
		ck_assert_ptr_nonnull(source.path);
		ck_assert_uint_eq(source.count, 1);
		ck_assert_uint_eq(source.lines[0].bytes, strlen(name));
		ck_assert_mem_eq(source.lines[0].text, name, strlen(name));
	}
	source_done(&source);
}

START_TEST(test_source_is_looked_for_in_order)
{
	const char *dirs[] = { in_folder("none"), in_folder("dirs") };
	char file[256], sysroot[256], directory[256];
	struct source_search search = { .file = file, .directory = "" };

	snprintf(file, sizeof(file), "%s", in_folder("src/lib/a.c"));
	snprintf(sysroot, sizeof(sysroot), "%s", in_folder("root"));
	snprintf(directory, sizeof(directory), "%s", in_folder("cwd"));

	expect_found(&search, NULL);
	make_file("cwd/a.c");
	search.directory = directory;
	expect_found(&search, "cwd/a.c");
	make_file("dirs/a.c");
	search.dirs = dirs;
	search.dir_count = 2;
	expect_found(&search, "dirs/a.c");
	make_file("dirs/lib/a.c"); /* more folders fit */
	expect_found(&search, "dirs/lib/a.c");
	make_file("given/a.c");
	search.given = in_folder("given/a.c");
	expect_found(&search, "given/a.c");
	make_file("src/lib/a.c");
	expect_found(&search, "src/lib/a.c");
	search.sysroot = sysroot;
	expect_found(&search, "src/lib/a.c");
}
END_TEST

START_TEST(test_source_under_the_sysroot_comes_first)
{
	char file[256], command[1024];
	struct source_search search = { .file = file, .directory = "" };

	snprintf(file, sizeof(file), "%s", in_folder("a.c"));
	make_file("a.c");
	search.sysroot = in_folder("root");
	snprintf(command, sizeof(command),
		 "mkdir -p %s/root%s && echo rooted >%s/root%s/a.c", folder,
		 folder, folder, folder);
	ck_assert_int_eq(system(command), 0);

	expect_found(&search, "rooted");
}
END_TEST

START_TEST(test_source_of_another_name_is_not_taken)
{
	struct source_search search = { .file = "/nonexistent/a.c",
					.directory = "" };

	make_file("b.c");
	search.given = in_folder("b.c");
	expect_found(&search, NULL);
}
END_TEST

START_TEST(test_source_that_is_no_file_is_not_waited_for)
{
	struct source_search search = { .directory = "" };

	search.file = in_folder("fifo.c");
	ck_assert_int_eq(mkfifo(search.file, 0600), 0);
	expect_found(&search, NULL);
	search.file = folder;
	expect_found(&search, NULL);
	search.file = "/dev/zero";
	expect_found(&search, NULL);
}
END_TEST

static const struct {
	const char *text;
	size_t bytes, count, last; /* lines; bytes of the last one */
} texts[] = {
	{ "", 0, 0, 0 },	  { "\n", 1, 1, 0 },
	{ "a", 1, 1, 1 },	  { "a\n", 2, 1, 1 },
	{ "a\n\n", 3, 2, 0 },	  { "a\r\nbc\r\n", 7, 2, 2 },
	{ "\0\0\nxyz", 6, 2, 3 }, { "\r\n\r", 3, 2, 0 },
};

START_TEST(test_source_lines_of_any_kind)
{
	const struct source_search search = { .file = in_folder("x.c"),
					      .directory = "" };
	FILE *file = fopen(search.file, "we");
	struct source source;

	ck_assert_uint_eq(fwrite(texts[_i].text, 1, texts[_i].bytes, file),
			  texts[_i].bytes);
	ck_assert_int_eq(fclose(file), 0);

	ck_assert_int_eq(source_read(&source, &search), 0);
	ck_assert_ptr_nonnull(source.path);
	ck_assert_uint_eq(source.count, texts[_i].count);
	if (source.count)
		ck_assert_uint_eq(source.lines[source.count - 1].bytes,
				  texts[_i].last);
	source_done(&source);
}
END_TEST

static Suite *source_suite(void)
{
	Suite *suite = suite_create("source");
	TCase *tests = tcase_create("source");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_source_is_looked_for_in_order);
	tcase_add_test(tests, test_source_under_the_sysroot_comes_first);
	tcase_add_test(tests, test_source_of_another_name_is_not_taken);
	tcase_add_test(tests, test_source_that_is_no_file_is_not_waited_for);
	tcase_add_loop_test(tests, test_source_lines_of_any_kind, 0,
			    (int)(sizeof(texts) / sizeof(texts[0])));
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(source_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
