/* SPDX-License-Identifier: MIT */
/* Blocks of pools: addresses of any kind, resets, chunks, many threads. */
#include "config.h"

#include "preload/record/pools.h"

#include <pthread.h>

#include "preload/record/file.h"
#include "tests/unit/recording.h"

/* Nobody reads or writes where these point. */
static const void *at(uintptr_t addr)
{
	return (const void *)addr;
}

static struct recording_sums sums(void)
{
	struct recording_sums ret;

	recording_read((const uint8_t *)mp_file.header,
		       mp_file.header->used_bytes, &ret);
	return ret;
}

__attribute__((noinline)) static void give_out(uintptr_t addr, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();

	mp_pools_alloc(at(addr), bytes, &regs);
}

/* Shards grow many times, and entries come forward over the tables' ends. */
START_TEST(test_pools_every_block_is_found_again)
{
	const uintptr_t base = 0x7000000, count = 200000;
	uint64_t bytes = 0;

	recording_boot("dump");
	for (uintptr_t i = 0; i < count; i++) {
		give_out(base + i * 3, i % 100);
		bytes += i % 100;
	}
	for (uintptr_t i = 0; i < count; i += 2)
		mp_pools_free(at(base + i * 3));
	for (uintptr_t i = count - 1; i < count; i -= 2)
		mp_pools_free(at(base + i * 3));

	ck_assert_uint_eq(sums().allocs, count);
	ck_assert_uint_eq(sums().alloc_bytes, bytes);
	ck_assert_uint_eq(sums().frees, count);
	ck_assert_uint_eq(sums().free_bytes, bytes);
}
END_TEST

START_TEST(test_pools_unknown_blocks_change_nothing)
{
	recording_boot("dump");
	mp_pools_free(NULL);
	mp_pools_free(at(0x5000));
	mp_pools_reset(at(0), SIZE_MAX);
	mp_pools_chunk(NULL);
	mp_pools_chunk(at(0x5000));

	ck_assert(!mp_pools_dissolve(at(0x5000)));
	ck_assert_uint_eq(sums().allocs, 0);
	ck_assert_uint_eq(sums().frees, 0);
}
END_TEST

START_TEST(test_pools_same_address_again_is_a_free_not_told)
{
	recording_boot("dump");
	give_out(0x5000, 10);
	give_out(0x5000, 20);

	ck_assert_uint_eq(sums().allocs, 2);
	ck_assert_uint_eq(sums().frees, 1);
	ck_assert_uint_eq(sums().free_bytes, 10);
}
END_TEST

START_TEST(test_pools_reset_takes_what_begins_in_the_range)
{
	recording_boot("dump");
	for (uintptr_t i = 0; i < 10000; i++)
		give_out(0x10000 + i, 1);
	mp_pools_reset(at(0x10000 + 100), 9000);

	ck_assert_uint_eq(sums().frees, 9000);
	mp_pools_free(at(0x10000 + 99));
	mp_pools_free(at(0x10000 + 9100));
	ck_assert_uint_eq(sums().frees, 9002);
	mp_pools_free(at(0x10000 + 100));
	mp_pools_free(at(0x10000 + 9099));
	ck_assert_uint_eq(sums().frees, 9002);
}
END_TEST

START_TEST(test_pools_chunk_gives_way_to_its_blocks)
{
	struct mp_regs regs = MP_REGS_CALLER();

	recording_boot("dump");
	mp_recorder_alloc(at(0x40000), 1000, MPF_CALL_MALLOC, &regs);
	mp_pools_chunk(at(0x40000));
	ck_assert_uint_eq(sums().frees, 1);
	ck_assert_uint_eq(sums().temporary, 0);

	for (uintptr_t i = 0; i < 10; i++)
		give_out(0x40000 + i * 100, 100);
	give_out(0x40000 + 1000, 100);
	ck_assert(!mp_recorder_free(at(0x40000)));

	ck_assert_uint_eq(sums().allocs, 12);
	ck_assert_uint_eq(sums().frees, 11);
	ck_assert_uint_eq(sums().free_bytes, 2000);
	ck_assert(!mp_pools_dissolve(at(0x40000)));
}
END_TEST

#define THREADS 8u
#define ROUNDS	20000u

static void *come_and_go(void *arg)
{
	uintptr_t base = 0x100000 + (uintptr_t)arg * 0x1000;

	for (unsigned i = 0; i < ROUNDS; i++) {
		give_out(base + i % 64, 10);
		if (i % 64 == 63)
			mp_pools_reset(at(base), 64);
	}
	for (unsigned i = 0; i < 64; i++)
		mp_pools_free(at(base + i));
	return NULL;
}

START_TEST(test_pools_threads_in_the_same_shards)
{
	pthread_t threads[THREADS];

	recording_boot("dump");
	for (uintptr_t i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, come_and_go, (void *)i);
	for (unsigned i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);

	ck_assert_uint_eq(sums().allocs, THREADS * ROUNDS);
	ck_assert_uint_eq(sums().frees, THREADS * ROUNDS);
	ck_assert_uint_eq(sums().free_bytes, THREADS * ROUNDS * 10);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("pools");

	tcase_add_test(tcase, test_pools_every_block_is_found_again);
	tcase_add_test(tcase, test_pools_unknown_blocks_change_nothing);
	tcase_add_test(tcase, test_pools_same_address_again_is_a_free_not_told);
	tcase_add_test(tcase, test_pools_reset_takes_what_begins_in_the_range);
	tcase_add_test(tcase, test_pools_chunk_gives_way_to_its_blocks);
	tcase_add_test(tcase, test_pools_threads_in_the_same_shards);
	return recording_run(tcase, "pools");
}
