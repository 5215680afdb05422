/* SPDX-License-Identifier: MIT */
/* Asking a copy of the process: what it answers, and that nothing else of what
 * happens to it is felt. */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/base/map.h"
#include "preload/leak/copy.h"
#include "preload/record/recorder.h"

#define LIMIT_NS UINT64_C(60000000000)

static volatile sig_atomic_t signals;
static int touched;

static void on_signal(int number)
{
	(void)number;
	signals++;
}

static void answer(void *ret)
{
	touched = 1;
	*(int *)ret = 42;
}

static void fault(void *ret)
{
	*(volatile int *)(uintptr_t)(touched + 8) = 1;
	*(int *)ret = 1;
}

static void abort_there(void *ret)
{
	(void)ret;
	abort();
}

static void never(void *ret)
{
	(void)ret;
	for (;;)
		pause();
}

START_TEST(test_a_copy_answers_and_changes_nothing)
{
	int ret = 0;

	errno = 7;
	atomic_store(&mp_recorder_page.state, MP_STATE_ON);
	ck_assert_int_eq(mp_copy_ask(answer, &ret, sizeof(ret), LIMIT_NS),
			 MP_COPY_DONE);
	ck_assert_int_eq(ret, 42);
	ck_assert_int_eq(touched, 0);
	ck_assert_int_eq(errno, 7);
	/* It is off in the copy only. */
	ck_assert_uint_eq(atomic_load(&mp_recorder_page.state), MP_STATE_ON);
}
END_TEST

START_TEST(test_a_copy_that_dies_is_not_noticed)
{
	static const int numbers[] = { SIGCHLD, SIGSEGV, SIGABRT };
	int ret = 0;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], on_signal);
	ck_assert_int_eq(mp_copy_ask(fault, &ret, sizeof(ret), LIMIT_NS),
			 MP_COPY_DIED);
	ck_assert_int_eq(mp_copy_ask(abort_there, &ret, sizeof(ret), LIMIT_NS),
			 MP_COPY_DIED);
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(signals, 0);
	ck_assert_int_eq(wait(NULL), -1);
	ck_assert_int_eq(errno, ECHILD);
}
END_TEST

START_TEST(test_a_copy_without_an_answer_is_given_up)
{
	int ret = 0;

	ck_assert_int_eq(mp_copy_ask(never, &ret, sizeof(ret), 1),
			 MP_COPY_NO_TIME);
	ck_assert_int_eq(ret, 0);
	ck_assert_int_eq(wait(NULL), -1);
}
END_TEST

START_TEST(test_memory_counts_once_it_is_touched)
{
	const size_t bytes = (size_t)64 << 20;
	uint64_t before = mp_map_resident(), after;
	char *memory = mp_map_new(bytes);

	ck_assert_ptr_nonnull(memory);
	ck_assert_uint_eq(mp_map_resident(), before);
	memset(memory + bytes / 2, 1, 3 * MPF_PAGE);
	after = mp_map_resident();
	/* The kernel may give more at once. */
	ck_assert_uint_ge(after - before, 3 * MPF_PAGE);
	mp_map_free(memory, bytes);
	ck_assert_uint_eq(mp_map_resident(), before);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("copy");
	TCase *cases = tcase_create("copy");
	SRunner *runner;
	int failed;

	tcase_add_test(cases, test_a_copy_answers_and_changes_nothing);
	tcase_add_test(cases, test_a_copy_that_dies_is_not_noticed);
	tcase_add_test(cases, test_a_copy_without_an_answer_is_given_up);
	tcase_add_test(cases, test_memory_counts_once_it_is_touched);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
