/* SPDX-License-Identifier: MIT */
/* The recorder as a whole: totals, threads, forked children, ends. */
#include "config.h"

#include "preload/record/recorder.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/record/file.h"
#include "preload/record/inner.h"
#include "preload/record/stacks.h"
#include "tests/unit/recording.h"

#define BASE UINT64_C(0x500000000000)

static const void *block(uint64_t i)
{
	return (const void *)(BASE + i * 4096);
}

__attribute__((noinline)) static void alloc_at(uint64_t i, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();

	mp_recorder_alloc(block(i), bytes, MPF_CALL_MALLOC, &regs);
}

static struct recording_sums sums(void)
{
	struct recording_sums ret;

	recording_read((const uint8_t *)mp_file.header,
		       mp_file.header->used_bytes, &ret);
	return ret;
}

/* The child's own view goes through its dump; it ends here. */
static void end_child(void)
{
	mp_recorder_end(MPF_EXITED, 0);
	_exit(0);
}

static void wait_for(pid_t pid)
{
	int status;

	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}

START_TEST(test_recorder_counts_exactly)
{
	struct mp_block taken;

	recording_boot("dump");
	for (uint64_t i = 0; i < 1000; i++)
		alloc_at(i, i);
	for (uint64_t i = 0; i < 1000; i += 2)
		ck_assert(mp_recorder_free(block(i)));
	/* realloc that fails changes nothing; one that succeeds is both. */
	ck_assert(mp_recorder_take(block(1), &taken));
	mp_recorder_restore(block(1), &taken);
	ck_assert(mp_recorder_take(block(3), &taken));
	mp_recorder_free_taken(block(3), &taken);
	alloc_at(3, 5000);
	mp_recorder_failed();
	ck_assert(!mp_recorder_free(block(0)));
	ck_assert(!mp_recorder_free(NULL));

	ck_assert_uint_eq(sums().allocs, 1001);
	ck_assert_uint_eq(sums().alloc_bytes, 499500 + 5000);
	ck_assert_uint_eq(sums().frees, 501);
	ck_assert_uint_eq(sums().free_bytes, 249500 + 3);
	ck_assert(!sums().has_stray_class);
	ck_assert_uint_eq(mp_file.header->overflow.allocs, 0);
	ck_assert_uint_eq(mp_file.header->peak_bytes, 499500);
	ck_assert_int_eq(sums().peak_bytes, 499500);
}
END_TEST

START_TEST(test_recorder_temporary_is_the_last_block_only)
{
	recording_boot("dump");
	alloc_at(0, 1);
	mp_recorder_free(block(0));
	alloc_at(1, 1);
	alloc_at(2, 1);
	mp_recorder_free(block(1));
	mp_recorder_free(block(2));

	ck_assert_uint_eq(sums().temporary, 2);
}
END_TEST

/* Memory that is given back takes its blocks along, and no others. */
START_TEST(test_recorder_forgets_what_lies_in_memory)
{
	recording_boot("dump");
	for (uint64_t i = 0; i < 10; i++)
		alloc_at(i, 1 + i * 16);
	mp_recorder_forget(block(2), 3 * 4096);

	ck_assert_uint_eq(sums().frees, 3);
	ck_assert_uint_eq(sums().free_bytes, 33 + 49 + 65);
	ck_assert(!mp_recorder_free_known(block(2)));
	ck_assert(mp_recorder_free_known(block(1)));
	ck_assert(mp_recorder_free_known(block(5)));
	ck_assert_uint_eq(mp_file.header->overflow.frees, 0);
}
END_TEST

/* What malloc gave inside is the block or holds it; all others count. */
START_TEST(test_recorder_inner_blocks_are_counted_once)
{
	struct mp_regs regs = MP_REGS_CALLER();
	const char *const outer = block(2);

	recording_boot("dump");
	mp_inner_begin(&regs);
	mp_inner_alloc(block(0), 100, MPF_CALL_CALLOC);
	mp_inner_alloc(NULL, 50, MPF_CALL_MALLOC);
	mp_inner_alloc(block(1), 200, MPF_CALL_MALLOC);
	ck_assert(mp_inner_forgets(block(1)));
	ck_assert(mp_inner_forgets(block(9)));
	mp_inner_alloc(outer, 300, MPF_CALL_MALLOC);
	mp_inner_end(outer + 16);
	ck_assert(!mp_inner_forgets(block(9)));
	ck_assert_uint_eq(sums().allocs, 1);
	ck_assert_uint_eq(sums().alloc_bytes, 100);

	/* Books only: the other allocator had room, or none at all. */
	mp_inner_begin(&regs);
	mp_inner_alloc(block(3), 400, MPF_CALL_MALLOC);
	mp_inner_end(block(7));
	mp_inner_begin(&regs);
	mp_inner_alloc(block(4), 500, MPF_CALL_MALLOC);
	mp_inner_end(NULL);
	ck_assert_uint_eq(sums().allocs, 3);
	ck_assert_uint_eq(sums().alloc_bytes, 1000);
	ck_assert(mp_recorder_free_known(block(3)));
	ck_assert(!mp_recorder_free_known(outer));
}
END_TEST

#define THREADS 8
#define ROUNDS	20000u

static _Atomic uint32_t inbox[THREADS];

/* Each allocates, and frees what its neighbour left. */
static void *trade(void *arg)
{
	uint64_t t = (uintptr_t)arg;

	for (uint32_t i = 1; i <= ROUNDS; i++) {
		uint64_t at = t * ROUNDS + i;
		uint32_t got;

		alloc_at(at, at % 100);
		got = atomic_exchange(&inbox[(t + 1) % THREADS], (uint32_t)at);
		if (got)
			ck_assert(mp_recorder_free(block(got)));
	}
	return NULL;
}

START_TEST(test_recorder_totals_of_threads_are_exact)
{
	pthread_t threads[THREADS];
	uint64_t bytes = 0, left_bytes = 0, left = 0;

	recording_boot("dump");
	for (uintptr_t t = 0; t < THREADS; t++)
		pthread_create(&threads[t], NULL, trade, (void *)t);
	for (uintptr_t t = 0; t < THREADS; t++)
		pthread_join(threads[t], NULL);

	for (uint64_t at = 1; at <= THREADS * ROUNDS; at++)
		bytes += at % 100;
	for (unsigned t = 0; t < THREADS; t++) {
		left += inbox[t] != 0;
		left_bytes += inbox[t] % 100;
	}
	ck_assert_uint_eq(sums().allocs, THREADS * ROUNDS);
	ck_assert_uint_eq(sums().alloc_bytes, bytes);
	ck_assert_uint_eq(sums().frees, THREADS * ROUNDS - left);
	ck_assert_uint_eq(sums().free_bytes, bytes - left_bytes);
	ck_assert(sums().is_whole);
}
END_TEST

START_TEST(test_recorder_child_has_a_dump_of_its_own)
{
	struct mpf_header header;
	struct recording_sums read;
	char path[64];
	pid_t pid;

	recording_boot("dump");
	for (uint64_t i = 0; i < 100; i++)
		alloc_at(i, 10);
	for (uint64_t i = 0; i < 40; i++)
		mp_recorder_free(block(i));
	pid = fork();
	if (pid == 0) {
		/* The page is zero however the child began. */
		if (mp_recorder_page.state != MP_STATE_NEW)
			_exit(1);
		mp_recorder_forked();
		if (mp_recorder_page.state != MP_STATE_ON)
			_exit(2);
		mp_recorder_free(block(50));
		alloc_at(200, 1000);
		end_child();
	}
	wait_for(pid);
	alloc_at(300, 7);

	ck_assert_uint_eq(sums().allocs, 101);
	ck_assert_uint_eq(sums().frees, 40);
	snprintf(path, sizeof(path), "dump.%d", pid);
	recording_read_file(path, &header, &read);
	ck_assert_uint_eq(header.pid, (uint32_t)pid);
	ck_assert_uint_eq(header.parent_pid, (uint32_t)getpid());
	ck_assert_uint_eq(header.state, MPF_EXITED);
	ck_assert(header.mode & MPF_MODE_FORKED);
	ck_assert_uint_eq(header.inherited_blocks, 60);
	ck_assert_uint_eq(header.inherited_bytes, 600);
	ck_assert_uint_eq(read.allocs, 61);
	ck_assert_uint_eq(read.alloc_bytes, 1600);
	ck_assert_uint_eq(read.frees, 1);
	ck_assert_uint_eq(read.free_bytes, 10);
	ck_assert(read.is_whole);
	ck_assert(!read.has_stray_class);
}
END_TEST

/* A peak has an instant, also when the parent had a greater one. */
START_TEST(test_recorder_peak_of_a_child_has_a_time)
{
	struct mpf_header header;
	struct recording_sums read;
	char path[64];
	pid_t pid;

	recording_boot("dump");
	alloc_at(0, 1000000);
	alloc_at(1, 10);
	mp_recorder_free(block(1));
	pid = fork();
	if (pid == 0) {
		mp_recorder_forked();
		alloc_at(1, 500);
		mp_recorder_free(block(1));
		end_child();
	}
	wait_for(pid);

	snprintf(path, sizeof(path), "dump.%d", pid);
	recording_read_file(path, &header, &read);
	ck_assert_uint_eq(header.peak_bytes, 1000500);
	ck_assert_uint_ge(header.peak_ns, header.start_ns);
}
END_TEST

/* Its free was not seen, but nobody is given an address twice. */
START_TEST(test_recorder_address_given_again_was_freed)
{
	recording_boot("dump");
	for (unsigned i = 0; i < 1000; i++)
		alloc_at(0, 100);

	ck_assert_uint_eq(sums().allocs, 1000);
	ck_assert_uint_eq(sums().alloc_bytes - sums().free_bytes, 100);
	ck_assert_uint_eq(sums().frees, 999);
}
END_TEST

/* What a fork in the middle of an insertion would leave in the child. */
START_TEST(test_recorder_child_survives_an_entry_without_a_class)
{
	const uint32_t frame = 4;
	struct mpf_header header;
	struct recording_sums read;
	char path[64];
	pid_t pid;

	recording_boot("dump");
	alloc_at(0, 100);
	ck_assert(mp_blocks_reserve(block(9)));
	mp_blocks_add(block(9),
		      (struct mp_block) { .class_node = frame, .bytes = 100 });
	mp_blocks_add(block(8), (struct mp_block) {
					.class_node = mp_stacks_count() + 1000,
					.bytes = 100 });
	pid = fork();
	if (pid == 0) {
		mp_recorder_forked();
		alloc_at(1, 5);
		mp_recorder_free(block(8));
		mp_recorder_free(block(9));
		end_child();
	}
	wait_for(pid);

	snprintf(path, sizeof(path), "dump.%d", pid);
	recording_read_file(path, &header, &read);
	ck_assert(read.is_whole);
	ck_assert(!read.has_stray_class);
	ck_assert_uint_eq(read.allocs - read.frees, 2);
}
END_TEST

START_TEST(test_recorder_pause_is_for_new_blocks_only)
{
	recording_boot("dump");
	alloc_at(0, 10);
	mp_recorder_pause(true);
	ck_assert(!mp_recorder_is_on());
	ck_assert_uint_eq(mp_recorder_page.state, MP_STATE_PAUSED);
	mp_recorder_free(block(0));
	mp_recorder_pause(true);
	mp_recorder_pause(false);

	ck_assert(mp_recorder_is_on());
	ck_assert_uint_eq(sums().frees, 1);
}
END_TEST

START_TEST(test_recorder_end_is_in_the_file)
{
	struct mpf_header header;
	struct recording_sums read;

	recording_boot("dump");
	alloc_at(0, 10);
	mp_recorder_end(MPF_EXITED, -3);

	recording_read_file("dump", &header, &read);
	ck_assert_uint_eq(header.state, MPF_EXITED);
	ck_assert_int_eq(header.exit_status, -3);
	ck_assert_uint_ge(header.end_ns, header.start_ns);
	ck_assert_uint_eq(header.pid, (uint32_t)getpid());
	ck_assert_uint_eq(read.allocs, 1);
	ck_assert(read.is_whole);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("recorder");

	tcase_add_test(tcase, test_recorder_counts_exactly);
	tcase_add_test(tcase, test_recorder_temporary_is_the_last_block_only);
	tcase_add_test(tcase, test_recorder_forgets_what_lies_in_memory);
	tcase_add_test(tcase, test_recorder_inner_blocks_are_counted_once);
	tcase_add_test(tcase, test_recorder_totals_of_threads_are_exact);
	tcase_add_test(tcase, test_recorder_child_has_a_dump_of_its_own);
	tcase_add_test(tcase, test_recorder_peak_of_a_child_has_a_time);
	tcase_add_test(tcase, test_recorder_address_given_again_was_freed);
	tcase_add_test(tcase,
		       test_recorder_child_survives_an_entry_without_a_class);
	tcase_add_test(tcase, test_recorder_pause_is_for_new_blocks_only);
	tcase_add_test(tcase, test_recorder_end_is_in_the_file);
	return recording_run(tcase, "recorder");
}
