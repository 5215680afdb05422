/* SPDX-License-Identifier: MIT */
/* Colour, width, the pager, write errors, and text made harmless. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "analyzer/base/diag.h"
#include "analyzer/base/term.h"
#include "tests/unit/capture.h"

static const struct term_choice plain = { .no_pager = true };

static void clear_environment(void)
{
	static const char *const names[] = { "NO_COLOR",    "CLICOLOR_FORCE",
					     "FORCE_COLOR", "COLUMNS",
					     "PAGER",	    "MEMPROF_PAGER",
					     "LESS" };

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
	setenv("TERM", "xterm", 1);
}

/* A new terminal; its slave side. */
static int open_terminal(int *ret_master, unsigned short columns)
{
	struct winsize size = { .ws_row = 24, .ws_col = columns };
	int slave;

	ck_assert_int_eq(openpty(ret_master, &slave, NULL, NULL, &size), 0);
	return slave;
}

static const struct {
	enum term_color color;
	const char *name, *value; /* one variable; NULL: none */
	bool is_terminal;
	bool wants;
} color_cases[] = {
	{ TERM_COLOR_AUTO, NULL, NULL, true, true },
	{ TERM_COLOR_AUTO, NULL, NULL, false, false },
	{ TERM_COLOR_NEVER, "CLICOLOR_FORCE", "1", true, false },
	{ TERM_COLOR_ALWAYS, "NO_COLOR", "1", false, true },
	{ TERM_COLOR_AUTO, "NO_COLOR", "1", true, false },
	{ TERM_COLOR_AUTO, "NO_COLOR", "0", true, false },
	{ TERM_COLOR_AUTO, "NO_COLOR", "", true, true },
	{ TERM_COLOR_AUTO, "CLICOLOR_FORCE", "1", false, true },
	{ TERM_COLOR_AUTO, "CLICOLOR_FORCE", "0", false, false },
	{ TERM_COLOR_AUTO, "CLICOLOR_FORCE", "", false, false },
	{ TERM_COLOR_AUTO, "FORCE_COLOR", "3", false, true },
	{ TERM_COLOR_AUTO, "TERM", "dumb", true, false },
	{ TERM_COLOR_AUTO, "TERM", "", true, false },
};

START_TEST(test_term_color_follows_the_order_of_wishes)
{
	int master, slave, null = open("/dev/null", O_WRONLY);

	clear_environment();
	slave = open_terminal(&master, 80);
	if (color_cases[_i].name)
		setenv(color_cases[_i].name, color_cases[_i].value, 1);

	ck_assert_int_eq(
		term_wants_color(color_cases[_i].color,
				 color_cases[_i].is_terminal ? slave : null),
		color_cases[_i].wants);
}
END_TEST

START_TEST(test_term_no_color_beats_force)
{
	clear_environment();
	setenv("NO_COLOR", "1", 1);
	setenv("FORCE_COLOR", "1", 1);

	ck_assert(!term_wants_color(TERM_COLOR_AUTO, STDOUT_FILENO));
}
END_TEST

START_TEST(test_term_columns_are_bounded)
{
	int master;

	clear_environment();
	ck_assert_uint_eq(term_columns(open_terminal(&master, 132)), 132);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 7)), 40);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 9999)), 1000);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 0)), 80);
	ck_assert_uint_eq(term_columns(open("/dev/null", O_WRONLY)), 80);
	setenv("COLUMNS", "100", 1);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 0)), 100);
	setenv("COLUMNS", "-3", 1);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 0)), 80);
	setenv("COLUMNS", "99999999999999999999999", 1);
	ck_assert_uint_eq(term_columns(open_terminal(&master, 0)), 1000);
}
END_TEST

START_TEST(test_term_styles_are_nothing_without_color)
{
	const struct term_choice never = { .color = TERM_COLOR_NEVER };
	const struct term_choice always = { .color = TERM_COLOR_ALWAYS };
	struct term term;

	term_init(&term, stdout, &never);
	for (int style = 0; style < TERM_STYLES; style++)
		ck_assert_str_eq(term_style(&term, (enum term_style)style), "");
	term_init(&term, stdout, &always);
	ck_assert_str_eq(term_style(&term, TERM_PLAIN), "\033[0m");
	for (int style = 0; style < TERM_STYLES; style++)
		ck_assert_int_eq(*term_style(&term, (enum term_style)style),
				 '\033');
}
END_TEST

static const struct {
	const char *dirty, *clean;
} texts[] = {
	{ "", "" },
	{ "plain ~ text", "plain ~ text" },
	{ "a\033[31mb", "a?[31mb" },
	{ "\a\b\t\n\r\x7f", "??????" },
	{ "\xc2\x9b"
	  "31m",
	  "??31m" },	 /* CSI as C1 in UTF-8 */
	{ "\x9b", "?" }, /* and as a byte */
	{ "na\xc3\xafve", "na\xc3\xafve" },
	{ "\xe2\x82\xac", "\xe2\x82\xac" },
	{ "\xf0\x9f\x90\x9b", "\xf0\x9f\x90\x9b" },
	{ "\xc3", "?" }, /* cut */
	{ "\xe2\x82", "??" },
	{ "\xf0\x9f\x90", "???" },
	{ "\xc0\xaf", "??" }, /* overlong */
	{ "\xe0\x80\xaf", "???" },
	{ "\xf0\x80\x80\xaf", "????" },
	{ "\xed\xa0\x80", "???" },	/* surrogate */
	{ "\xf4\x90\x80\x80", "????" }, /* beyond Unicode */
	{ "\xff\xfe", "??" },
	{ "a\xe2\x80\xae"
	  "b",
	  "a???b" },			/* right-to-left override */
	{ "\xe2\x81\xa6", "???" },	/* isolate */
	{ "\xe2\x80\xa8", "???" },	/* line separator */
	{ "\xf3\xa0\x81\x81", "????" }, /* tag */
};

START_TEST(test_term_clean_passes_nothing_harmful)
{
	char buf[64];

	ck_assert_str_eq(term_clean(buf, sizeof(buf), texts[_i].dirty,
				    strlen(texts[_i].dirty)),
			 texts[_i].clean);
}
END_TEST

START_TEST(test_term_text_equals_clean)
{
	char *text = NULL;
	size_t bytes;
	struct term term;
	FILE *file = open_memstream(&text, &bytes);

	term_init(&term, file, &plain);
	term_text(&term, texts[_i].dirty);
	fclose(file);

	ck_assert_str_eq(text, texts[_i].clean);
	free(text);
}
END_TEST

START_TEST(test_term_clean_cuts_at_characters)
{
	static const char text[] = "ab\xe2\x82\xac"
				   "c";
	char buf[8];

	ck_assert_str_eq(term_clean(buf, 1, text, sizeof(text) - 1), "");
	ck_assert_str_eq(term_clean(buf, 3, text, sizeof(text) - 1), "ab");
	ck_assert_str_eq(term_clean(buf, 5, text, sizeof(text) - 1), "ab");
	ck_assert_str_eq(term_clean(buf, 6, text, sizeof(text) - 1),
			 "ab\xe2\x82\xac");
	ck_assert_str_eq(term_clean(buf, 8, "a\0b", 3), "a?b");
}
END_TEST

START_TEST(test_term_columns_of_text_are_its_characters)
{
	ck_assert_uint_eq(term_text_columns(""), 0);
	ck_assert_uint_eq(term_text_columns("abc"), 3);
	ck_assert_uint_eq(term_text_columns("na\xc3\xafve \xe2\x82\xac"), 7);
}
END_TEST

/* Puts fd in the place of stdout for a term; returns term_close()'s answer. */
static int print_to(int fd, const struct term_choice *choice, size_t lines)
{
	int saved, status;
	struct term term;

	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	ck_assert_int_eq(dup2(fd, STDOUT_FILENO), STDOUT_FILENO);
	term_open(&term, choice);
	for (size_t i = 0; i < lines; i++)
		fprintf(term.file, "line %zu\n", i);
	status = term_close(&term);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	return status;
}

START_TEST(test_term_close_notices_a_full_disk)
{
	int full = open("/dev/full", O_WRONLY);
	struct capture capture;
	int few, many;

	capture_begin(&capture, STDERR_FILENO);
	few = print_to(full, &plain, 1);
	many = print_to(full, &plain, 100000);
	capture_end(&capture);

	ck_assert_int_eq(few, -1);
	ck_assert_int_eq(many, -1);
	ck_assert_str_eq(capture.text,
			 "memprof: stdout: cannot write: No space left on "
			 "device; the output is not complete\n"
			 "memprof: stdout: cannot write: No space left on "
			 "device; the output is not complete\n");
}
END_TEST

START_TEST(test_term_reader_that_left_is_no_error)
{
	struct capture capture;
	int fds[2], few, many;

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);

	capture_begin(&capture, STDERR_FILENO);
	few = print_to(fds[1], &plain, 1);
	many = print_to(fds[1], &plain, 100000);
	capture_end(&capture);

	ck_assert_int_eq(few, 0);
	ck_assert_int_eq(many, 0);
	ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(test_term_is_done_when_nobody_reads)
{
	int fds[2], saved;
	struct term term;
	bool is_done;

	ck_assert_int_eq(pipe(fds), 0);
	close(fds[0]);
	fflush(stdout);
	saved = dup(STDOUT_FILENO);
	dup2(fds[1], STDOUT_FILENO);
	term_open(&term, &plain);
	for (int i = 0; i < 100000 && !term_is_done(&term); i++)
		fputs("some text\n", term.file);
	is_done = term_is_done(&term);
	term_close(&term);
	dup2(saved, STDOUT_FILENO);

	ck_assert(is_done);
}
END_TEST

/* What came out of a terminal, with its line ends; everything was written. */
static void read_terminal(int master, char *buf, size_t size)
{
	size_t used = 0;
	ssize_t bytes;

	fcntl(master, F_SETFL, O_NONBLOCK);
	while (used < size - 1 &&
	       (bytes = read(master, buf + used, size - 1 - used)) > 0)
		used += (size_t)bytes;
	buf[used] = '\0';
}

static const struct {
	const char *memprof_pager, *pager;
	bool no_pager;
	const char *out;
} pager_cases[] = {
	{ "sed s/^/M:/", "sed s/^/P:/", false, "M:line 0\r\nM:line 1\r\n" },
	{ NULL, "sed s/^/P:/", false, "P:line 0\r\nP:line 1\r\n" },
	{ "sed s/^/M:/", NULL, true, "line 0\r\nline 1\r\n" },
	{ "", "sed s/^/P:/", false, "line 0\r\nline 1\r\n" },
	{ "cat", NULL, false, "line 0\r\nline 1\r\n" },
	{ "./no-such-pager", NULL, false, "line 0\r\nline 1\r\n" },
	/* Leaves without reading. */
	{ "true", NULL, false, "" },
};

START_TEST(test_term_pager_is_the_chosen_one)
{
	struct term_choice choice = { .no_pager = pager_cases[_i].no_pager };
	struct capture capture;
	int master, slave, status;
	char out[256];

	clear_environment();
	slave = open_terminal(&master, 80);
	if (pager_cases[_i].memprof_pager)
		setenv("MEMPROF_PAGER", pager_cases[_i].memprof_pager, 1);
	if (pager_cases[_i].pager)
		setenv("PAGER", pager_cases[_i].pager, 1);

	capture_begin(&capture, STDERR_FILENO);
	status = print_to(slave, &choice, 2);
	capture_end(&capture);
	read_terminal(master, out, sizeof(out));

	ck_assert_int_eq(status, 0);
	ck_assert_str_eq(out, pager_cases[_i].out);
	if (_i == 5)
		ck_assert_str_eq(capture.text,
				 "memprof: warning: ./no-such-pager: the pager "
				 "is not found; printing without\n");
	else
		ck_assert_str_eq(capture.text, "");
}
END_TEST

START_TEST(test_term_no_pager_where_no_terminal_is)
{
	struct term_choice choice = { .no_pager = false };
	struct capture capture;

	clear_environment();
	setenv("MEMPROF_PAGER", "sed s/^/M:/", 1);

	capture_begin(&capture, STDOUT_FILENO);
	ck_assert_int_eq(print_to(STDOUT_FILENO, &choice, 1), 0);
	capture_end(&capture);

	ck_assert_str_eq(capture.text, "line 0\n");
}
END_TEST

START_TEST(test_term_guard_keeps_results_out_of_other_files)
{
	struct capture capture;
	int fd, status, saved = dup(STDOUT_FILENO);
	struct term term;
	struct stat st;

	fflush(stdout);
	close(STDIN_FILENO);
	close(STDOUT_FILENO);
	term_guard_descriptors();
	fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	capture_begin(&capture, STDERR_FILENO);
	term_open(&term, &plain);
	fputs("lost\n", term.file);
	status = term_close(&term);
	capture_end(&capture);
	dup2(saved, STDOUT_FILENO);

	ck_assert_int_gt(fd, 2);
	ck_assert_int_eq(fstat(STDIN_FILENO, &st), 0);
	ck_assert_int_eq(fcntl(STDIN_FILENO, F_GETFD), FD_CLOEXEC);
	ck_assert_int_eq(status, -1);
	ck_assert_str_eq(capture.text,
			 "memprof: stdout: cannot write: Bad file descriptor; "
			 "the output is not complete\n");
}
END_TEST

START_TEST(test_diag_lines_are_clean_and_bounded)
{
	static char longest[3 * DIAG_LINE_BYTES];
	struct capture capture;
	size_t len;

	memset(longest, 'x', sizeof(longest) - 1);
	capture_begin(&capture, STDERR_FILENO);
	errno = ENOENT;
	diag_error("%s: is odd", "a\nb\033[0m");
	ck_assert_int_eq(errno, ENOENT);
	diag_warn("%d", 5);
	diag_note("note");
	diag_error("%s", longest);
	capture_end(&capture);

	ck_assert_int_eq(strncmp(capture.text,
				 "memprof: a?b?[0m: is odd\n"
				 "memprof: warning: 5\n"
				 "memprof: note\n"
				 "memprof: xxx",
				 60),
			 0);
	len = strlen(capture.text);
	ck_assert_uint_lt(len, DIAG_LINE_BYTES + 128);
	ck_assert_str_eq(capture.text + len - 6, "xx...\n");
}
END_TEST

START_TEST(test_diag_bug_aborts)
{
	bug("broken: %d", 1);
}
END_TEST

#define COUNT(table) ((int)(sizeof(table) / sizeof(table[0])))

int main(void)
{
	Suite *suite = suite_create("term");
	TCase *tcase = tcase_create("term");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_term_color_follows_the_order_of_wishes,
			    0, COUNT(color_cases));
	tcase_add_test(tcase, test_term_no_color_beats_force);
	tcase_add_test(tcase, test_term_columns_are_bounded);
	tcase_add_test(tcase, test_term_styles_are_nothing_without_color);
	tcase_add_loop_test(tcase, test_term_clean_passes_nothing_harmful, 0,
			    COUNT(texts));
	tcase_add_loop_test(tcase, test_term_text_equals_clean, 0,
			    COUNT(texts));
	tcase_add_test(tcase, test_term_clean_cuts_at_characters);
	tcase_add_test(tcase, test_term_columns_of_text_are_its_characters);
	tcase_add_test(tcase, test_term_close_notices_a_full_disk);
	tcase_add_test(tcase, test_term_reader_that_left_is_no_error);
	tcase_add_test(tcase, test_term_is_done_when_nobody_reads);
	tcase_add_loop_test(tcase, test_term_pager_is_the_chosen_one, 0,
			    COUNT(pager_cases));
	tcase_add_test(tcase, test_term_no_pager_where_no_terminal_is);
	tcase_add_test(tcase, test_term_guard_keeps_results_out_of_other_files);
	tcase_add_test(tcase, test_diag_lines_are_clean_and_bounded);
	tcase_add_test_raise_signal(tcase, test_diag_bug_aborts, SIGABRT);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
