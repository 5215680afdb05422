/* SPDX-License-Identifier: MIT */
/* The lock, looked at between any two of its instructions. */
#include "config.h"

#include <check.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>

#include "preload/base/lock.h"

#define TRAP_FLAG 0x100
#define THREADS	  4
#define ROUNDS	  20000

static struct mp_lock lock;
static volatile unsigned traps, refused, taken, waits;

/* At every instruction: whoever interrupts the holder must see that it did. */
static void on_trap(int number)
{
	uint32_t word = atomic_load(&lock.word);

	(void)number;
	traps++;
	if (word && (word & ~MP_LOCK_WAITED) != mp_lock_self())
		waits++;
	else if (!mp_lock_take_soon(&lock))
		refused++;
	else {
		taken++;
		mp_lock_release(&lock);
	}
}

static inline void step(bool is_on)
{
	if (is_on)
		__asm__ volatile(
			"pushfq; orq %0, (%%rsp); popfq" ::"i"(TRAP_FLAG)
			: "cc", "memory");
	else
		__asm__ volatile(
			"pushfq; andq %0, (%%rsp); popfq" ::"i"(~TRAP_FLAG)
			: "cc", "memory");
}

START_TEST(test_a_handler_never_waits_for_what_it_interrupted)
{
	struct sigaction action = { .sa_handler = on_trap };

	ck_assert_int_eq(sigaction(SIGTRAP, &action, NULL), 0);
	step(true);
	mp_lock_take(&lock);
	mp_lock_release(&lock);
	step(false);
	ck_assert_uint_gt(traps, 4);
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_gt(refused, 0);
	ck_assert_uint_eq(waits, 0);
	ck_assert_uint_eq(taken + refused, traps);
	ck_assert_uint_eq(atomic_load(&lock.word), 0);
}
END_TEST

static unsigned long guarded;

static void *add(void *arg)
{
	(void)arg;
	for (unsigned i = 0; i < ROUNDS; i++) {
		mp_lock_take(&lock);
		guarded++;
		mp_lock_release(&lock);
	}
	return NULL;
}

START_TEST(test_one_at_a_time_and_nobody_forgotten)
{
	pthread_t threads[THREADS];

	for (unsigned i = 0; i < THREADS; i++)
		ck_assert_int_eq(pthread_create(&threads[i], NULL, add, NULL),
				 0);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	ck_assert_uint_eq(guarded, THREADS * ROUNDS);
	ck_assert_uint_eq(atomic_load(&lock.word), 0);
}
END_TEST

static void *own_number(void *ret_number)
{
	*(uint32_t *)ret_number = mp_lock_self();
	return NULL;
}

START_TEST(test_two_threads_have_two_numbers)
{
	pthread_t thread;
	uint32_t other = 0;

	ck_assert_int_eq(pthread_create(&thread, NULL, own_number, &other), 0);
	pthread_join(thread, NULL);
	ck_assert_uint_ne(other, 0);
	ck_assert_uint_ne(mp_lock_self(), 0);
	ck_assert_uint_ne(other, mp_lock_self());
	ck_assert_uint_eq((other | mp_lock_self()) & MP_LOCK_WAITED, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lock");
	TCase *cases = tcase_create("lock");
	SRunner *runner;
	int failed;

	tcase_add_test(cases,
		       test_a_handler_never_waits_for_what_it_interrupted);
	tcase_add_test(cases, test_one_at_a_time_and_nobody_forgotten);
	tcase_add_test(cases, test_two_threads_have_two_numbers);
	suite_add_tcase(suite, cases);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
