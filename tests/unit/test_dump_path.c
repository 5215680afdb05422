/* SPDX-License-Identifier: MIT */
/* Which dump is meant, and which one a recorded process has made. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/cmd/cmd.h"
#include "analyzer/cmd/dump_name.h"
#include "tests/unit/capture.h"

#define PID 4711

static char folder[64];

static void set_up(void)
{
	snprintf(folder, sizeof(folder), "/tmp/memprof-test-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(folder));
	ck_assert_int_eq(chdir(folder), 0);
	ck_assert_int_eq(setenv("TMPDIR", "temp", 1), 0);
	ck_assert_int_eq(mkdir("temp", 0700), 0);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

static void tear_down(void)
{
	nftw(folder, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

/* A file that was changed at that many seconds since 1970. */
static void make(const char *name, time_t seconds)
{
	const struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };
	int fd = open(name, O_CREAT | O_WRONLY, 0600);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(futimens(fd, times), 0);
	close(fd);
}

static const struct {
	const char *operand;
	bool is_dump;
} operands[] = {
	{ "a.mp", true },
	{ "x/a b.mp", true },
	{ "a.mp.4711", true },
	{ "x.mp/a.mp.4711.12", true },
	{ "a.mp.mp.1", true },
	{ ".mp", false },
	{ "", false },
	{ "main.c", false },
	{ "a.mp.c", false },
	{ "a.mp.4711.c", false },
	{ "x.mp.1/main.c", false },
	{ "report", false },
	{ "amp", false },
	{ "a.mpx", false },
};

START_TEST(test_dump_path_tells_dumps_from_sources)
{
	ck_assert_int_eq(cmd_is_dump(operands[_i].operand),
			 operands[_i].is_dump);
}
END_TEST

START_TEST(test_dump_path_takes_the_operand)
{
	char *path = cmd_dump_path("no such file");

	ck_assert_pstr_eq(path, "no such file");
	free(path);
}
END_TEST

START_TEST(test_dump_path_takes_the_newest_dump)
{
	struct capture capture;
	char *path;

	make("a.mp", 100);
	make("b.mp", 200);
	make("c.mp", 150);
	make("later.txt", 300);
	make(".hidden.mp", 300);
	ck_assert_int_eq(mkdir("folder.mp", 0700), 0);

	capture_begin(&capture, STDERR_FILENO);
	path = cmd_dump_path(NULL);
	capture_end(&capture);

	ck_assert_pstr_eq(path, "b.mp");
	ck_assert_str_eq(capture.text,
			 "memprof: reading b.mp, the newest dump here\n");
	ck_assert(cmd_has_dump());
	free(path);
}
END_TEST

START_TEST(test_dump_path_says_when_there_is_none)
{
	struct capture capture;
	char *path;

	capture_begin(&capture, STDERR_FILENO);
	path = cmd_dump_path(NULL);
	capture_end(&capture);

	ck_assert_ptr_null(path);
	ck_assert_str_eq(capture.text,
			 "memprof: no dump: there is no *.mp here; record one "
			 "with memprof run, or name a dump\n");
	ck_assert(!cmd_has_dump());
}
END_TEST

static const struct {
	const char *pattern;
	const char *files[4]; /* made at 100, 200, 300, 400 */
	const char *found;
} names[] = {
	{ NULL, { "sh.4711.mp" }, "sh.4711.mp" },
	{ "", { "sh.4711.mp" }, "sh.4711.mp" },
	{ NULL, { "sh.4712.mp" }, NULL },
	/* Replaced itself by another program. */
	{ NULL, { "sh.4711.mp", "ls.4711.mp" }, "ls.4711.mp" },
	{ "x.mp", { "x.mp", "x.mp.4711", "x.mp.4711.1" }, "x.mp.4711.1" },
	/* Children. */
	{ "x.mp", { "x.mp", "x.mp.4712", "x.mp.4712.1" }, "x.mp" },
	{ "x.mp", { "x.mp.47110", "x.mp.471" }, NULL },
	{ "%p-%h-%t", { "4711-host-12345" }, "4711-host-12345" },
	{ "100%%.%p", { "100%.4711" }, "100%.4711" },
	{ "%q%p%", { "%q4711%" }, "%q4711%" },
	{ "[a]*?\\%p", { "a4711", "[a]*?\\4711" }, "[a]*?\\4711" },
	/* What the recorder does where it cannot write. */
	{ "no/such/%e.%p", { "temp/sh.4711" }, "temp/sh.4711" },
};

START_TEST(test_dump_name_is_that_of_the_process)
{
	const struct timespec since = { 100, 0 };
	char *found;

	for (int i = 0; i < 4 && names[_i].files[i]; i++)
		make(names[_i].files[i], 100 * (i + 1));

	found = dump_name_find(names[_i].pattern, PID, &since);

	ck_assert_pstr_eq(found, names[_i].found);
	free(found);
}
END_TEST

START_TEST(test_dump_name_is_not_of_an_earlier_process)
{
	const struct timespec since = { 100, 1 };

	make("sh.4711.mp", 100);
	make("x.mp", 100);

	ck_assert_ptr_null(dump_name_find(NULL, PID, &since));
	ck_assert_ptr_null(dump_name_find("x.mp", PID, &since));
}
END_TEST

START_TEST(test_dump_name_is_no_link)
{
	const struct timespec since = { 100, 0 };

	make("elsewhere", 200);
	ck_assert_int_eq(symlink("elsewhere", "sh.4711.mp"), 0);
	ck_assert_int_eq(mkdir("ls.4711.mp", 0700), 0);

	ck_assert_ptr_null(dump_name_find(NULL, PID, &since));
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table[0])))

int main(void)
{
	Suite *suite = suite_create("dump_path");
	TCase *tcase = tcase_create("dump_path");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_loop_test(tcase, test_dump_path_tells_dumps_from_sources, 0,
			    COUNT(operands));
	tcase_add_test(tcase, test_dump_path_takes_the_operand);
	tcase_add_test(tcase, test_dump_path_takes_the_newest_dump);
	tcase_add_test(tcase, test_dump_path_says_when_there_is_none);
	tcase_add_loop_test(tcase, test_dump_name_is_that_of_the_process, 0,
			    COUNT(names));
	tcase_add_test(tcase, test_dump_name_is_not_of_an_earlier_process);
	tcase_add_test(tcase, test_dump_name_is_no_link);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
