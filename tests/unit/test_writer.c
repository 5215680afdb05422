/* SPDX-License-Identifier: MIT */
/* Writers: whom they serve, one after the other and nested. */
#include "config.h"

#include "preload/record/writer.h"

#include <pthread.h>
#include <string.h>
#include <sys/prctl.h>

#include "preload/record/counters.h"
#include "tests/unit/recording.h"

static struct recording_sums sums(void)
{
	struct recording_sums ret;

	recording_read((const uint8_t *)mp_file.header,
		       mp_file.header->used_bytes, &ret);
	return ret;
}

static void *enter_once(void *arg)
{
	struct mp_writer *writer = mp_writer_enter();

	ck_assert_ptr_nonnull(writer);
	mp_writer_leave(writer);
	*(struct mp_writer **)arg = writer;
	return NULL;
}

START_TEST(test_writer_is_taken_over_when_its_thread_is_gone)
{
	struct mp_writer *main_writer, *writer, *first = NULL;
	pthread_t thread;

	recording_create("dump");
	enter_once(&main_writer);
	for (unsigned i = 0; i < 1000; i++) {
		pthread_create(&thread, NULL, enter_once, &writer);
		pthread_join(thread, NULL);
		ck_assert_ptr_ne(writer, main_writer);
	}

	first = writer;
	ck_assert_uint_le(sums().threads, 4);
	ck_assert_uint_ge(first->record->threads, 300);
	ck_assert_uint_eq(main_writer->record->threads, 1);
}
END_TEST

#define MANY 2000u

static pthread_barrier_t together;

static void *enter_together(void *arg)
{
	enter_once(arg);
	pthread_barrier_wait(&together);
	return NULL;
}

START_TEST(test_writer_each_of_many_threads_has_its_own)
{
	static struct mp_writer *writers[MANY];
	static pthread_t threads[MANY];
	pthread_attr_t attr;
	unsigned n = 0;

	recording_create("dump");
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	pthread_barrier_init(&together, NULL, MANY);
	for (; n < MANY; n++)
		ck_assert_int_eq(pthread_create(&threads[n], &attr,
						enter_together, &writers[n]),
				 0);
	for (n = 0; n < MANY; n++)
		pthread_join(threads[n], NULL);

	ck_assert_uint_eq(sums().threads, MANY);
	ck_assert(sums().is_whole);
	for (n = 1; n < MANY; n++) {
		ck_assert_ptr_ne(writers[n], writers[n - 1]);
		ck_assert_uint_eq(writers[n]->record->threads, 1);
		ck_assert_ptr_eq(writers[n]->record->name - 8,
				 (const char *)writers[n]->record);
	}
}
END_TEST

/* Handlers in handlers; and what a handler jumped out of is not used again. */
START_TEST(test_writer_nests_eight_times)
{
	struct mp_writer *outer, *inner[8];

	recording_create("dump");
	outer = mp_writer_enter();
	for (size_t i = 0; i < 8; i++) {
		inner[i] = mp_writer_enter();
		ck_assert_ptr_nonnull(inner[i]);
		ck_assert(inner[i]->is_nested);
		for (size_t k = 0; k < i; k++)
			ck_assert_ptr_ne(inner[i]->record, inner[k]->record);
		ck_assert_ptr_ne(inner[i]->record, outer->record);
		ck_assert_uint_eq(inner[i]->record->nested, 1);
	}
	ck_assert_ptr_null(mp_writer_enter());
	mp_writer_leave(inner[7]);
	ck_assert_ptr_eq(mp_writer_enter(), inner[7]);
	mp_writer_leave(inner[7]);
	mp_writer_leave(inner[0]);
	ck_assert_ptr_eq(mp_writer_enter(), inner[0]);
	mp_writer_leave(inner[0]);
	mp_writer_leave(outer);
	ck_assert_ptr_eq(mp_writer_enter(), outer);
	ck_assert_uint_eq(inner[7]->record->nested, 2);
}
END_TEST

/* One class after the other: segments grow, and each slot is found again. */
START_TEST(test_writer_finds_the_slot_of_each_class)
{
	static struct mpf_slot *slots[5000];
	struct mp_writer *writer;
	uint32_t root, nodes[5000];

	recording_create("dump");
	writer = mp_writer_enter();
	root = mp_writer_child(writer, 0, (uint64_t)MPF_NODE_ROOT << 60 | 1);
	for (uint32_t i = 0; i < 5000; i++) {
		nodes[i] = mp_writer_child(writer, root,
					   (uint64_t)MPF_NODE_CLASS << 60 | i);
		slots[i] = mp_writer_slot(writer, nodes[i]);
		ck_assert_ptr_nonnull(slots[i]);
		ck_assert_uint_eq(slots[i]->class_node, nodes[i]);
		mp_counters_alloc(writer, slots[i], i);
	}
	for (uint32_t i = 0; i < 5000; i++)
		ck_assert_ptr_eq(mp_writer_slot(writer, nodes[i]), slots[i]);

	ck_assert_uint_eq(sums().slots, 5000);
	ck_assert_uint_eq(sums().allocs, 5000);
	ck_assert_uint_eq(sums().alloc_bytes, 4999u * 5000 / 2);
	ck_assert(!sums().has_stray_class);
	ck_assert(sums().is_whole);
}
END_TEST

START_TEST(test_writer_knows_the_name_of_its_thread)
{
	struct mp_writer *writer;

	recording_create("dump");
	prctl(PR_SET_NAME, "a-worker-thread");
	writer = mp_writer_enter();

	ck_assert_str_eq(writer->record->name, "a-worker-thread");
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("writer");

	tcase_add_test(tcase,
		       test_writer_is_taken_over_when_its_thread_is_gone);
	tcase_add_test(tcase, test_writer_each_of_many_threads_has_its_own);
	tcase_add_test(tcase, test_writer_nests_eight_times);
	tcase_add_test(tcase, test_writer_finds_the_slot_of_each_class);
	tcase_add_test(tcase, test_writer_knows_the_name_of_its_thread);
	return recording_run(tcase, "writer");
}
