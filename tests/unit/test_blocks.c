/* SPDX-License-Identifier: MIT */
/* The side table of live blocks. */
#include "config.h"

#include "preload/record/blocks.h"

#include <stdlib.h>
#include <string.h>

#include "preload/base/map.h"
#include "tests/unit/recording.h"

#define LEAF_GRANULES (UINT64_C(1) << 22)
#define BASE	      UINT64_C(0x500000000000)

struct seen {
	struct mp_block blocks[4096];
	uintptr_t addrs[4096];
	size_t count;
};

static uint32_t collect(void *arg, uintptr_t addr, struct mp_block block)
{
	struct seen *seen = arg;

	ck_assert_uint_lt(seen->count, 4096);
	seen->addrs[seen->count] = addr;
	seen->blocks[seen->count++] = block;
	return block.class_node;
}

static struct seen *each(void)
{
	static struct seen seen;

	seen.count = 0;
	mp_blocks_each(collect, &seen);
	return &seen;
}

static void put(uint64_t addr, uint64_t bytes, uint32_t class_node)
{
	ck_assert(mp_blocks_reserve((const void *)addr));
	mp_blocks_add(
		(const void *)addr,
		(struct mp_block) { .class_node = class_node, .bytes = bytes });
}

static const uint64_t sizes[] = { 0,
				  1,
				  2,
				  3,
				  4,
				  5,
				  6,
				  7,
				  8,
				  9,
				  15,
				  16,
				  17,
				  24,
				  UINT32_MAX - 1,
				  UINT32_MAX,
				  UINT64_C(1) << 32,
				  (UINT64_C(1) << 32) + 1,
				  (UINT64_C(1) << 46) };
#define SIZES (sizeof(sizes) / sizeof(sizes[0]))

/* Class 2^27 - 1 fills all bits that a class has. */
START_TEST(test_blocks_keeps_every_size_and_class)
{
	const uint32_t classes[] = { 1, 4, (UINT32_C(1) << 27) - 1 };
	struct mp_block block;

	ck_assert(mp_blocks_init(3 + (unsigned)_i));
	for (size_t c = 0; c < 3; c++)
		for (size_t i = 0; i < SIZES; i++) {
			put(BASE, sizes[i], classes[c]);

			ck_assert(mp_blocks_has((const void *)BASE));
			ck_assert(mp_blocks_take((const void *)BASE, &block));
			ck_assert_uint_eq(block.bytes, sizes[i]);
			ck_assert_uint_eq(block.class_node, classes[c]);
			ck_assert(!mp_blocks_has((const void *)BASE));
			ck_assert(!mp_blocks_take((const void *)BASE, &block));
		}
	ck_assert_uint_eq(each()->count, 0);
}
END_TEST

START_TEST(test_blocks_are_unknown_where_nothing_was)
{
	struct mp_block block;
	int local;

	ck_assert(mp_blocks_init(4));

	ck_assert(!mp_blocks_has(NULL));
	ck_assert(!mp_blocks_take(NULL, &block));
	ck_assert(!mp_blocks_has(&local));
	ck_assert(!mp_blocks_take((const void *)UINT64_MAX, &block));
	ck_assert(!mp_blocks_reserve((const void *)(UINT64_C(1) << 47)));
	ck_assert(mp_blocks_reserve((const void *)((UINT64_C(1) << 47) - 16)));
	ck_assert_uint_eq(each()->count, 0);
}
END_TEST

/* A block in the last granules of a leaf owns words beyond it. */
START_TEST(test_blocks_at_a_leaf_boundary_keep_apart)
{
	const unsigned shift = 3 + (unsigned)_i;
	const uint64_t next = BASE + (LEAF_GRANULES << shift);
	const uint64_t last = next - (UINT64_C(1) << shift);
	struct mp_block block;

	ck_assert(mp_blocks_init(shift));
	put(last, UINT64_C(5) << 32, 7);
	put(next, 100, 8);

	ck_assert_uint_eq(each()->count, 2);
	ck_assert_uint_eq(each()->blocks[0].bytes, UINT64_C(5) << 32);
	ck_assert_uint_eq(each()->blocks[1].bytes, 100);
	ck_assert(mp_blocks_take((const void *)last, &block));
	ck_assert_uint_eq(block.bytes, UINT64_C(5) << 32);
	ck_assert(mp_blocks_take((const void *)next, &block));
	ck_assert_uint_eq(block.class_node, 8);
	ck_assert_uint_eq(each()->count, 0);
}
END_TEST

/* Far apart, so that most pages of the table are never touched. */
START_TEST(test_blocks_each_gives_what_is_live_in_order)
{
	const unsigned shift = 3 + (unsigned)_i;
	uint64_t addr = BASE, live[1024];
	const struct seen *found;
	uint32_t n = 0;

	srand(12345);
	ck_assert(mp_blocks_init(shift));
	for (uint32_t i = 0; i < 1024; i++) {
		uint64_t bytes = (uint64_t)rand() % 3 ? (uint64_t)rand() % 64
						      : (uint64_t)rand();
		struct mp_block block;

		put(addr, bytes, 4 + i);
		if (i % 3 == 0)
			ck_assert(mp_blocks_take((const void *)addr, &block));
		else
			live[n++] = bytes;
		addr += (bytes < 32 ? 32 : (bytes + 15) & ~UINT64_C(15)) +
			((uint64_t)rand() % 2 ? (uint64_t)rand() % 65536 * 32
					      : 0);
	}

	found = each();
	ck_assert_uint_eq(found->count, n);
	for (uint32_t i = 0; i < n; i++)
		ck_assert_uint_eq(found->blocks[i].bytes, live[i]);
}
END_TEST

/* Blocks of a granule at most lie one granule apart. */
START_TEST(test_blocks_of_one_granule_are_neighbours)
{
	const unsigned shift = 3 + (unsigned)_i;
	const uint32_t count = (1u << shift) + 1;
	struct mp_block block;

	ck_assert(mp_blocks_init(shift));
	for (uint32_t i = 0; i < count; i++)
		put(BASE + ((uint64_t)i << shift), i, 4 + i);

	ck_assert_uint_eq(each()->count, count);
	for (uint32_t i = 0; i < count; i++) {
		ck_assert(mp_blocks_take(
			(const void *)(BASE + ((uint64_t)i << shift)), &block));
		ck_assert_uint_eq(block.bytes, i);
		ck_assert_uint_eq(block.class_node, 4 + i);
	}
}
END_TEST

/*
 * A block whose free nobody saw stays in the table; others may lie within it
 * by now, and they are live.
 */
START_TEST(test_blocks_each_finds_blocks_within_a_stale_one)
{
	ck_assert(mp_blocks_init(4));
	put(BASE, 1 << 20, 4);
	put(BASE + 4096, 100, 5);

	ck_assert_uint_eq(each()->count, 2);
}
END_TEST

/* Each is taken before the next one is asked for. */
START_TEST(test_blocks_next_goes_from_one_to_the_other)
{
	const unsigned shift = 3 + (unsigned)_i;
	const uint64_t granule = UINT64_C(1) << shift;
	const uint64_t next_leaf = BASE + (LEAF_GRANULES << shift);
	const uint64_t starts[] = { BASE + granule, BASE + 4096,
				    next_leaf - granule, next_leaf,
				    next_leaf + 3 * 4096 };
	const void *end = (const void *)starts[4], *at = (const void *)BASE;
	struct mp_block block;

	ck_assert(mp_blocks_init(shift));
	ck_assert_ptr_null(mp_blocks_next(at, end));
	for (unsigned i = 0; i < 5; i++)
		put(starts[i], 1000 * i, 4);
	for (unsigned i = 0; i < 4; i++) {
		at = mp_blocks_next(at, end);
		ck_assert_uint_eq((uintptr_t)at, starts[i]);
		ck_assert(mp_blocks_take(at, &block));
	}
	ck_assert_ptr_null(mp_blocks_next(at, end));
	ck_assert_ptr_null(mp_blocks_next(end, end));
	ck_assert_ptr_nonnull(mp_blocks_next(end, (const char *)end + granule));
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("blocks");

	tcase_add_loop_test(tcase, test_blocks_keeps_every_size_and_class, 0,
			    2);
	tcase_add_test(tcase, test_blocks_are_unknown_where_nothing_was);
	tcase_add_loop_test(tcase, test_blocks_at_a_leaf_boundary_keep_apart, 0,
			    2);
	tcase_add_loop_test(tcase, test_blocks_each_gives_what_is_live_in_order,
			    0, 2);
	tcase_add_loop_test(tcase, test_blocks_of_one_granule_are_neighbours, 0,
			    2);
	tcase_add_test(tcase, test_blocks_each_finds_blocks_within_a_stale_one);
	tcase_add_loop_test(tcase, test_blocks_next_goes_from_one_to_the_other,
			    0, 2);
	return recording_run(tcase, "blocks");
}
