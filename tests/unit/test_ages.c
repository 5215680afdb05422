/* SPDX-License-Identifier: MIT */
/*
 * How long blocks lived and how old they are: sums, histograms, what a dump
 * may not say of them.
 */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/ages.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/find.h"
#include "tests/unit/dump_sample.h"

static char path[] = "/tmp/memprof-test-ages-XXXXXX";
static struct dump_sample sample;
static uint64_t lifetimes_at, live_at;
static struct analysis analysis;
static struct ages ages;
static struct dump_error error;

static void set_up(void)
{
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	dump_sample_init(&sample);
	dump_sample_add_ages(&sample, &lifetimes_at, &live_at);
}

static void tear_down(void)
{
	unlink(path);
	ages_done(&ages);
	analysis_close(&analysis);
	dump_builder_done(&sample.builder);
}

static struct mpf_header *header(void)
{
	return dump_builder_header(&sample.builder);
}

static struct mpf_lifetime *lifetime(unsigned n)
{
	return (struct mpf_lifetime *)dump_builder_at(&sample.builder,
						      lifetimes_at) +
	       n;
}

static struct mpf_live *live(unsigned n)
{
	return (struct mpf_live *)dump_builder_at(&sample.builder, live_at) + n;
}

static int open_sample(bool salvage)
{
	const struct analysis_options options = { .salvage = salvage };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	return analysis_open(&analysis, path, &options, &error, fault, &regex);
}

static void take_in(void)
{
	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_int_eq(ages_init(&ages, &analysis), 0);
}

static const struct lifetime *of_site(uint32_t node)
{
	for (size_t i = 0; i < analysis.sites.count; i++)
		if (analysis.sites.array[i].node == node)
			return &ages.of_site[i];
	ck_abort_msg("no such site");
}

#define ck_assert_near(a, b) ck_assert_double_eq_tol((a), (b), 1e-6)

START_TEST(test_ages_are_summed_up_by_site)
{
	const struct lifetime *a;

	take_in();
	ck_assert(ages.has_lifetimes && ages.has_time && ages.has_live);
	ck_assert_near(ages.ns_per_tick, 1);
	a = of_site(sample.a);
	ck_assert_near(a->blocks, 4);
	ck_assert_near(lifetime_ns(a), (1000 + 2000 + 3000 + 1e7) / 4);
	ck_assert_near(a->max_ns, 1e7);
	ck_assert_near(lifetime_allocs(a), 2);
	ck_assert_near(a->max_allocs, 5);
	ck_assert_near(a->usable_bytes, 6 * 112);
	ck_assert_near(a->age_ns, 6e9);
	ck_assert_int_eq(lifetime_slack(a, 6 * 100), 6 * 12);
	ck_assert_int_eq(lifetime_slack(a, 7 * 112), 0);
	ck_assert_near(of_site(sample.c)->blocks, 0);
	ck_assert_near(lifetime_ns(of_site(sample.c)), 0);
	ck_assert_near(ages.totals.blocks, 1004);
}
END_TEST

START_TEST(test_ages_have_histograms)
{
	struct ages_row rows[AGES_ROWS];

	take_in();
	ages_histogram(&analysis, AGES_LIFETIME, rows);
	ck_assert_near(rows[0].blocks, 1003);
	/* 10,000,000 is in [2^23, 2^24). */
	ck_assert_near(rows[12].blocks, 1);
	ck_assert_uint_eq(ages_first(AGES_LIFETIME, 12), 1u << 23);
	ages_histogram(&analysis, AGES_LIFETIME_ALLOCS, rows);
	ck_assert_near(rows[0].blocks, 1001);
	ck_assert_near(rows[1].blocks, 1);
	ck_assert_near(rows[2].blocks, 1);
	ck_assert_near(rows[3].blocks, 1);
	ck_assert_uint_eq(ages_first(AGES_LIFETIME_ALLOCS, 3), 4);
	ages_histogram(&analysis, AGES_AGE, rows);
	/* 1,000,000,000 is in [2^29, 2^30). */
	ck_assert_near(rows[18].blocks, 6);
	ck_assert_near(rows[18].bytes, 600);
}
END_TEST

/* A million blocks for two hours, ten times. */
START_TEST(test_ages_beyond_64_bits)
{
	lifetime(1)->ticks_high = 3;
	take_in();
	ck_assert_double_eq_tol(of_site(sample.a)->ns,
				3 * 18446744073709551616., 1e9);
}
END_TEST

START_TEST(test_ages_without_a_clock)
{
	header()->ticks_ns = 0;
	take_in();
	ck_assert(ages.has_lifetimes && !ages.has_time);
	ck_assert_near(ages.totals.ns, 0);
	ck_assert_near(ages.totals.allocs, 8);
}
END_TEST

START_TEST(test_ages_that_were_not_recorded)
{
	header()->mode &= ~(uint32_t)MPF_MODE_LIFETIMES;
	lifetime(1)->class_node = UINT32_MAX;
	live(1)->class_node = UINT32_MAX;
	take_in();
	ck_assert(!ages.has_lifetimes && !ages.has_live);
	ck_assert_near(ages.totals.blocks, 0);
}
END_TEST

/* A process that was killed while it listed its blocks. */
START_TEST(test_ages_half_written_are_none)
{
	header()->live_sequence = 3;
	live(1)->age = 99;
	take_in();
	ck_assert(ages.has_lifetimes && !ages.has_live);
}
END_TEST

static struct mpf_live block_at(uint64_t address, uint64_t bytes)
{
	return (struct mpf_live) { .address = address,
				   .class_node = sample.class_malloc,
				   .blocks = 1,
				   .bytes = bytes };
}

/* A block of nothing, one within another, and the last one there can be. */
START_TEST(test_ages_find_what_an_address_is_in)
{
	struct find find;

	header()->mode |= MPF_MODE_ADDRESSES;
	live(1)[0] = block_at(0x5000, 0x100);
	live(1)[1] = block_at(0x5010, 8);
	live(1)[2] = block_at(0x6000, 0);
	live(1)[3] = block_at(UINT64_MAX - 7, 8);
	live(1)[3].class_node = 0;
	take_in();

	ck_assert(find_init(&find, &analysis, 0x5017));
	ck_assert_uint_eq(find.count, 2);
	ck_assert_uint_eq(find.blocks[0].address, 0x5010);
	ck_assert_uint_eq(find.blocks[1].address, 0x5000);
	ck_assert(!find.blocks[0].has_age);
	find_init(&find, &analysis, 0x5018);
	ck_assert_uint_eq(find.count, 1);
	ck_assert_uint_eq(find.blocks[0].address, 0x5000);
	find_init(&find, &analysis, 0x5100);
	ck_assert_uint_eq(find.count, 0);
	ck_assert(find.has_before);
	ck_assert_uint_eq(find.before.address, 0x5000);
	find_init(&find, &analysis, 0x6000);
	ck_assert_uint_eq(find.count, 1);
	find_init(&find, &analysis, UINT64_MAX);
	ck_assert_uint_eq(find.blocks[0].address, UINT64_MAX - 7);
	ck_assert_uint_eq(find.blocks[0].site, SITES_NONE);
	find_init(&find, &analysis, 1);
	ck_assert(find.count == 0 && !find.has_before);
}
END_TEST

/* More within each other than are told: the innermost are. */
START_TEST(test_ages_find_many_within_each_other)
{
	struct find find;

	header()->mode |= MPF_MODE_ADDRESSES;
	for (unsigned i = 0; i < 20; i++)
		*live(1 + (i * 7) % 20) = block_at(0x5000 + i, 100 - i);
	take_in();
	ck_assert(find_init(&find, &analysis, 0x5020));
	ck_assert_uint_eq(find.count, FIND_BLOCKS);
	for (unsigned i = 0; i < FIND_BLOCKS; i++)
		ck_assert_uint_eq(find.blocks[i].address, 0x5000 + 19 - i);
}
END_TEST

static void break_class(void)
{
	lifetime(1)->class_node = sample.a;
}
static void break_far_class(void)
{
	lifetime(1)->class_node = UINT32_MAX;
}
static void break_blocks(void)
{
	lifetime(1)->blocks = DUMP_MAX_COUNT + UINT64_C(1);
}
static void break_usable(void)
{
	lifetime(1)->usable_bytes = UINT64_MAX;
}
static void break_histogram(void)
{
	lifetime(1)->by_ticks[31] = DUMP_MAX_COUNT;
}
static void break_other_histogram(void)
{
	lifetime(1)->by_allocs[0] = UINT64_MAX;
}
static void break_live_class(void)
{
	live(1)->class_node = sample.root;
}
static void break_age(void)
{
	live(1)->age = MPF_AGE_TICKS;
}
static void break_live_blocks(void)
{
	live(1)->blocks = UINT64_MAX;
}
static void break_live_bytes(void)
{
	live(1)->bytes = UINT64_MAX;
}

static const struct {
	void (*break_it)(void);
	const char *what;
	bool is_live;
} broken[] = {
	{ break_class, "class of a lifetime", false },
	{ break_far_class, "class of a lifetime", false },
	{ break_blocks, "blocks of a lifetime", false },
	{ break_usable, "blocks of a lifetime", false },
	{ break_histogram, "histogram of a lifetime", false },
	{ break_other_histogram, "histogram of a lifetime", false },
	{ break_live_class, "class of a live block", true },
	{ break_age, "age of a live block", true },
	{ break_live_blocks, "size of a live block", true },
	{ break_live_bytes, "size of a live block", true },
};

START_TEST(test_ages_that_cannot_be)
{
	uint64_t offset = broken[_i].is_live
				  ? live_at + sizeof(struct mpf_live)
				  : lifetimes_at + sizeof(struct mpf_lifetime);

	broken[_i].break_it();
	ck_assert_int_eq(open_sample(false), DUMP_CORRUPT);
	ck_assert_str_eq(error.what, broken[_i].what);
	ck_assert_uint_eq(error.offset, offset);
	/* Salvage goes on without it, and says so. */
	ck_assert_int_eq(open_sample(true), 0);
	ck_assert_uint_eq(analysis.dump->dropped_count, 1);
	ck_assert_str_eq(analysis.dump->dropped[0].what, broken[_i].what);
}
END_TEST

static Suite *ages_suite(void)
{
	Suite *suite = suite_create("ages");
	TCase *tests = tcase_create("ages");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_ages_are_summed_up_by_site);
	tcase_add_test(tests, test_ages_have_histograms);
	tcase_add_test(tests, test_ages_beyond_64_bits);
	tcase_add_test(tests, test_ages_without_a_clock);
	tcase_add_test(tests, test_ages_that_were_not_recorded);
	tcase_add_test(tests, test_ages_half_written_are_none);
	tcase_add_test(tests, test_ages_find_what_an_address_is_in);
	tcase_add_test(tests, test_ages_find_many_within_each_other);
	tcase_add_loop_test(tests, test_ages_that_cannot_be, 0,
			    sizeof(broken) / sizeof(broken[0]));
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(ages_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
