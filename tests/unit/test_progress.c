/* SPDX-License-Identifier: MIT */
/* What takes long says how far it is, to a terminal only. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <pty.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include "analyzer/base/progress.h"

static int master, slave;

static void set_up(void)
{
	struct termios raw;

	ck_assert_int_eq(openpty(&master, &slave, NULL, NULL, NULL), 0);
	ck_assert_int_eq(tcgetattr(slave, &raw), 0);
	cfmakeraw(&raw);
	ck_assert_int_eq(tcsetattr(slave, TCSANOW, &raw), 0);
	ck_assert_int_eq(fcntl(master, F_SETFL, O_NONBLOCK), 0);
}

static void tear_down(void)
{
	close(master);
	close(slave);
}

/* What came since the last time. */
static const char *seen(void)
{
	static char text[512];
	ssize_t bytes = read(master, text, sizeof(text) - 1);

	text[bytes > 0 ? bytes : 0] = '\0';
	return text;
}

START_TEST(test_progress_waits_a_second_and_is_taken_away)
{
	struct progress progress;

	progress_begin(&progress, "naming code", slave, 5);

	progress_show(&progress, 4 + PROGRESS_DELAY_NS, 1, 8);
	ck_assert_str_eq(seen(), "");
	progress_show(&progress, 5 + PROGRESS_DELAY_NS, 1, 8);
	ck_assert_str_eq(seen(), "\r\033[Kmemprof: naming code: 12%");
	progress_show(&progress, 6 + PROGRESS_DELAY_NS, 2, 8);
	ck_assert_str_eq(seen(), "");
	progress_show(&progress, 5 + PROGRESS_DELAY_NS + PROGRESS_STEP_NS, 8,
		      8);
	ck_assert_str_eq(seen(), "\r\033[Kmemprof: naming code: 100%");
	progress_end(&progress);
	ck_assert_str_eq(seen(), "\r\033[K");
	progress_show(&progress, UINT64_MAX, 8, 8);
	progress_end(&progress);
	ck_assert_str_eq(seen(), "");
}
END_TEST

START_TEST(test_progress_of_what_is_quick_is_never_seen)
{
	struct progress progress;

	progress_begin(&progress, "naming code", slave, 0);
	progress_show(&progress, PROGRESS_DELAY_NS - 1, 1, 1);
	progress_end(&progress);

	ck_assert_str_eq(seen(), "");
}
END_TEST

START_TEST(test_progress_is_for_terminals_only)
{
	struct progress progress;
	int fds[2];
	char byte;

	ck_assert_int_eq(pipe2(fds, O_NONBLOCK), 0);
	progress_begin(&progress, "naming code", fds[1], 0);
	progress_show(&progress, PROGRESS_DELAY_NS, 1, 0);
	progress_end(&progress);

	ck_assert_int_eq(read(fds[0], &byte, 1), -1);
	close(fds[0]);
	close(fds[1]);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("progress");
	TCase *tcase = tcase_create("progress");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_progress_waits_a_second_and_is_taken_away);
	tcase_add_test(tcase, test_progress_of_what_is_quick_is_never_seen);
	tcase_add_test(tcase, test_progress_is_for_terminals_only);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
