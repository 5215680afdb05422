/* SPDX-License-Identifier: MIT */
/*
 * The recorder under many threads at once: each part, then all of it, with
 * sums that must hold afterwards. Built --with-sanitizers=thread it also finds
 * accesses that nothing orders.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "preload/record/blocks.h"
#include "preload/record/counters.h"
#include "preload/record/file.h"
#include "preload/record/pools.h"
#include "preload/record/stacks.h"
#include "preload/record/writer.h"
#include "tests/unit/recording.h"

#define THREADS 8u
#define ROUNDS	20000u

static const void *at(uintptr_t addr)
{
	return (const void *)addr;
}

static uint64_t next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

static pthread_barrier_t together;

static void run_together(unsigned count, void *(*function)(void *))
{
	pthread_t threads[THREADS];

	ck_assert_uint_le(count, THREADS);
	pthread_barrier_init(&together, NULL, count);
	for (uintptr_t i = 0; i < count; i++)
		ck_assert_int_eq(
			pthread_create(&threads[i], NULL, function, (void *)i),
			0);
	for (unsigned i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&together);
}

static struct recording_sums sums(void)
{
	struct recording_sums ret;

	recording_read((const uint8_t *)mp_file.header,
		       mp_file.header->used_bytes, &ret);
	return ret;
}

/* Stacks: all threads look for the same nodes at the same time. */
#define NODES 5000u

static uint32_t ids[THREADS][NODES];

static void *intern_all(void *arg)
{
	uint32_t *own = ids[(uintptr_t)arg];

	pthread_barrier_wait(&together);
	for (uint32_t i = 0; i < NODES; i++) {
		uint32_t parent = i < 10 ? MP_NODE_NONE : own[i / 2 - 5];

		own[i] = mp_stacks_child(parent, 0x1000 + i, true);
		ck_assert_uint_ne(own[i], 0);
		ck_assert_uint_eq(mp_stacks_pc(own[i]), 0x1000 + i);
		ck_assert_uint_eq(mp_stacks_parent(own[i]), parent);
	}
	return NULL;
}

START_TEST(test_same_stacks_in_all_threads_are_one)
{
	recording_create("dump");
	run_together(THREADS, intern_all);

	for (unsigned t = 1; t < THREADS; t++)
		ck_assert_mem_eq(ids[t], ids[0], sizeof(ids[0]));
	ck_assert(sums().is_whole);
}
END_TEST

/* Blocks: given from one owner to the next through slots. */
#define SLOTS	    31u
#define BLOCK_BYTES 64 /* room for any entry, as a block of that size has */

static _Atomic(uintptr_t) slots[SLOTS];
static _Atomic uint64_t taken_bytes, added_bytes;

/* Which nobody has made: the table asks for none. 0 would be no entry. */
static uint32_t class_at(uintptr_t addr)
{
	return (uint32_t)(addr / BLOCK_BYTES % 4096) + 1;
}

static void take_block(uintptr_t addr)
{
	struct mp_block block;

	if (!addr)
		return;
	ck_assert(mp_blocks_take(at(addr), &block));
	ck_assert_uint_eq(block.class_node, class_at(addr));
	atomic_fetch_add(&taken_bytes, block.bytes);
}

static void *swap_blocks(void *arg)
{
	uint64_t random = (uintptr_t)arg + 1;
	uintptr_t base = 0x10000000 + (uintptr_t)arg * ROUNDS * BLOCK_BYTES;

	pthread_barrier_wait(&together);
	for (uintptr_t i = 0; i < ROUNDS; i++) {
		uintptr_t addr = base + i * BLOCK_BYTES;
		uint64_t bytes = next_random(&random) % 4096;

		if (i % 1000 == 0)
			bytes = (uint64_t)UINT32_MAX + i;
		ck_assert(mp_blocks_reserve(at(addr)));
		mp_blocks_add(at(addr),
			      (struct mp_block) { .class_node = class_at(addr),
						  .bytes = bytes });
		atomic_fetch_add(&added_bytes, bytes);
		take_block(atomic_exchange_explicit(
			&slots[next_random(&random) % SLOTS], addr,
			memory_order_acq_rel));
	}
	return NULL;
}

START_TEST(test_blocks_change_their_owners)
{
	ck_assert(mp_blocks_init(4));
	run_together(THREADS, swap_blocks);
	for (unsigned i = 0; i < SLOTS; i++)
		take_block(atomic_exchange(&slots[i], 0));

	ck_assert_uint_eq(taken_bytes, added_bytes);
}
END_TEST

/* The file: segments and texts of all threads lie back to back. */
static void *fill_file(void *arg)
{
	char name[32];
	uint64_t offset;

	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < 200; i++) {
		int len = snprintf(name, sizeof(name), "%u.%u",
				   (unsigned)(uintptr_t)arg, i);
		struct mpf_text text =
			mp_file_text(name, (size_t)len, i % 2 == 0);
		struct mpf_segment *segment =
			mp_file_segment(MPF_SEG_GAP, (uint32_t)(uintptr_t)arg,
					1, i, 8192, true, &offset);

		ck_assert_ptr_nonnull(segment);
		ck_assert_uint_eq(segment->owner, (uintptr_t)arg);
		ck_assert_ptr_eq(mp_file_at(offset), segment);
		if (i % 2 == 0)
			ck_assert_uint_eq(text.bytes, (uint64_t)len);
		if (text.bytes)
			ck_assert_mem_eq(mp_file_at(text.offset), name,
					 text.bytes);
	}
	return NULL;
}

START_TEST(test_file_grows_for_all)
{
	recording_create("dump");
	run_together(THREADS, fill_file);

	ck_assert(sums().is_whole);
	ck_assert_uint_eq(sums().gaps, THREADS * 200);
}
END_TEST

/* Writers: generations of threads that enter, count and go. */
static void *count_once(void *arg)
{
	struct mp_writer *writer = mp_writer_enter();
	struct mpf_slot *slot;

	ck_assert_ptr_nonnull(writer);
	slot = mp_writer_slot(writer, *(const uint32_t *)arg);
	ck_assert_ptr_nonnull(slot);
	mp_counters_alloc(writer, slot, 3);
	mp_writer_leave(writer);
	return NULL;
}

static uint32_t a_class(uint64_t leaf)
{
	return mp_stacks_child(
		mp_stacks_child(MP_NODE_NONE, (uint64_t)MPF_NODE_ROOT << 60 | 1,
				true),
		(uint64_t)MPF_NODE_CLASS << 60 | leaf, true);
}

static void *raise_threads(void *arg)
{
	uint32_t class = a_class(3);

	(void)arg;
	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < 200; i++) {
		pthread_t thread;

		pthread_create(&thread, NULL, count_once, &class);
		pthread_join(thread, NULL);
	}
	return NULL;
}

START_TEST(test_writers_pass_from_thread_to_thread)
{
	recording_create("dump");
	run_together(THREADS, raise_threads);

	ck_assert_uint_eq(sums().allocs, THREADS * 200);
	ck_assert_uint_eq(sums().alloc_bytes, THREADS * 200 * 3);
	ck_assert_uint_le(sums().threads, 4 * THREADS);
}
END_TEST

/* Counters: the total rises and falls in all threads. */
static void *up_and_down(void *arg)
{
	uint32_t class = a_class(9);

	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < ROUNDS; i++) {
		struct mp_writer *writer = mp_writer_enter();
		struct mpf_slot *slot = mp_writer_slot(writer, class);

		if (i / 50 % 2 == 0)
			mp_counters_alloc(writer, slot, 10000);
		else
			mp_counters_free(writer, slot, 10000);
		mp_writer_leave(writer);
	}
	return arg;
}

START_TEST(test_peak_of_all_threads)
{
	const uint64_t most = THREADS * 50 * 10000;
	struct recording_sums ret;

	recording_create("dump");
	run_together(THREADS, up_and_down);

	ret = sums();
	ck_assert_uint_eq(ret.allocs, THREADS * ROUNDS / 2);
	ck_assert_uint_eq(ret.frees, THREADS * ROUNDS / 2);
	/* At least what one had, at most what all had and had not said. */
	ck_assert_uint_ge(mp_file.header->peak_bytes,
			  50 * 10000 - MP_FLUSH_BYTES);
	ck_assert_uint_le(mp_file.header->peak_bytes,
			  most + THREADS * MP_FLUSH_BYTES);
	ck_assert_int_ge(ret.peak_blocks, 0);
}
END_TEST

/* All of it: a few sites, their first time in all threads together. */
__attribute__((noinline)) static void event(const void *addr, size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();

	mp_recorder_alloc(addr, bytes, MPF_CALL_MALLOC, &regs);
}

__attribute__((noinline)) static void event_deep(const void *addr, size_t bytes,
						 unsigned depth)
{
	if (depth == 0)
		event(addr, bytes);
	else
		event_deep(addr, bytes, depth - 1);
	__asm__ volatile("" : : : "memory");
}

static void *record_all(void *arg)
{
	uintptr_t base = 0x20000000 + (uintptr_t)arg * 0x100000;
	struct mp_block block;

	pthread_barrier_wait(&together);
	for (unsigned i = 0; i < ROUNDS; i++) {
		const void *addr = at(base + i % 100 * 64);
		const void *moved = at(base + 0x80000 + i % 100 * 64);
		struct mp_regs regs = MP_REGS_CALLER();

		event_deep(addr, i % 70, i % 30);
		if (i % 3 == 0) {
			ck_assert(mp_recorder_take(addr, &block));
			mp_recorder_free_taken(addr, &block);
			mp_recorder_alloc(moved, 50, MPF_CALL_REALLOC, &regs);
			addr = moved;
		}
		if (i % 1000 == 0)
			mp_recorder_failed();
		ck_assert(mp_recorder_free(addr));
	}
	return NULL;
}

START_TEST(test_events_of_all_threads)
{
	const uint64_t events = THREADS * (ROUNDS + (ROUNDS + 2) / 3);

	recording_boot("dump");
	run_together(THREADS, record_all);

	ck_assert_uint_eq(sums().allocs, events);
	ck_assert_uint_eq(sums().frees, events);
	ck_assert_uint_eq(sums().alloc_bytes, sums().free_bytes);
	ck_assert(sums().is_whole);
	ck_assert(!sums().has_stray_class);
}
END_TEST

/* One goes on and off while others are at it: nothing is freed that was not
 * there, and what was recorded is freed. */
static _Atomic bool is_done;

static void *pause_often(void *arg)
{
	while (!atomic_load(&is_done)) {
		mp_recorder_pause(true);
		mp_recorder_pause(false);
	}
	return arg;
}

START_TEST(test_pauses_among_events)
{
	pthread_t pauser;

	recording_boot("dump");
	ck_assert_int_eq(pthread_create(&pauser, NULL, pause_often, NULL), 0);
	run_together(THREADS, record_all);
	atomic_store(&is_done, true);
	pthread_join(pauser, NULL);

	ck_assert_uint_eq(sums().allocs, sums().frees);
	ck_assert_uint_eq(sums().alloc_bytes, sums().free_bytes);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("concurrent");

	tcase_add_test(tcase, test_same_stacks_in_all_threads_are_one);
	tcase_add_test(tcase, test_blocks_change_their_owners);
	tcase_add_test(tcase, test_file_grows_for_all);
	tcase_add_test(tcase, test_writers_pass_from_thread_to_thread);
	tcase_add_test(tcase, test_peak_of_all_threads);
	tcase_add_test(tcase, test_events_of_all_threads);
	tcase_add_test(tcase, test_pauses_among_events);
	return recording_run(tcase, "concurrent");
}
