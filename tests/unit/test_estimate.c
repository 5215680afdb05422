/* SPDX-License-Identifier: MIT */
/* Sampled dumps: weights, variances, what stays exact. */
#include "config.h"

#include <check.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/top.h"
#include "tests/unit/all_views.h"
#include "tests/unit/dump_builder.h"

#define RATE (UINT64_C(512) << 10)
#define MIB  (UINT64_C(1) << 20)

/* 1 / (1 - exp(-s / RATE)), computed apart with 40 digits. */
#define WEIGHT_64  8192.500010172525
#define WEIGHT_MIB 1.1565176427496657

static char folder[] = "/tmp/memprof-test-estimate-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_builder builder;
static struct analysis analysis;
static uint32_t stacks[2]; /* the second is called by the first */
static uint32_t threads[2];
static uint32_t unsampled;

static void set_up(void)
{
	uint32_t node;

	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_builder_init(&builder);
	dump_builder_module(&builder, "/opt/app", 0x400000, 0x10000);
	dump_builder_module(&builder, "/opt/lib.so", 0x500000, 0x10000);
	unsampled = dump_builder_node(&builder, 0,
				      (uint64_t)MPF_NODE_UNSAMPLED << 60);
	node = dump_builder_root(&builder, 1);
	stacks[0] = dump_builder_node(&builder, node, 0x400100);
	stacks[1] = dump_builder_node(&builder, stacks[0], 0x500100);
	threads[0] = dump_builder_thread(&builder, "one", 1);
	threads[1] = dump_builder_thread(&builder, "two", 2);
	dump_builder_header(&builder)->sample_bytes = RATE;
	dump_builder_header(&builder)->mode = MPF_MODE_SAMPLED;
}

static void tear_down(void)
{
	analysis_close(&analysis);
	dump_builder_done(&builder);
	remove(path);
	rmdir(folder);
}

static uint32_t sized(uint32_t stack, enum mpf_call call, uint64_t bytes)
{
	return dump_builder_node(&builder, stack,
				 (uint64_t)MPF_NODE_SIZED << 60 |
					 MPF_SIZED(call, bytes));
}

static void count(uint32_t thread, uint32_t stack, uint64_t bytes,
		  uint64_t allocs, uint64_t frees)
{
	dump_builder_count(&builder, thread,
			   sized(stack, MPF_CALL_MALLOC, bytes), bytes, allocs,
			   frees);
}

static void open_dump(const char *ignore)
{
	const struct analysis_options options = {
		.without_names = true,
		.filter = { .ignore = &ignore, .ignore_count = ignore != NULL },
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(&builder, path, UINT64_MAX);
	ck_assert_int_eq(
		analysis_open(&analysis, path, &options, &error, fault, &regex),
		0);
}

static size_t number_of(uint32_t stack)
{
	ck_assert_uint_ne(analysis.sites.of_node[stack], 0);
	return analysis.sites.of_node[stack] - 1;
}

static int64_t value(uint32_t stack, enum metric metric)
{
	return analysis.sites.array[number_of(stack)].counts.of[metric];
}

static const struct error *error_at(uint32_t stack)
{
	return sites_error(&analysis.sites, number_of(stack));
}

static void expect_near(double have, double want)
{
	ck_assert_msg(fabs(have - want) <= 1e-12 * fabs(want),
		      "%.17g and not %.17g", have, want);
}

START_TEST(test_estimate_weights)
{
	expect_near(estimate_weight(RATE, 64), WEIGHT_64);
	expect_near(estimate_weight(RATE, MIB), WEIGHT_MIB);
	/* A block of no bytes counts as one. */
	expect_near(estimate_weight(RATE, 0), 524288.50000015895);
	expect_near(estimate_weight(RATE, 1), 524288.50000015895);
	/* The block that cannot be missed, and the recording of all. */
	ck_assert_double_eq(estimate_weight(RATE, 100 * MIB), 1);
	ck_assert_double_eq(estimate_weight(0, 64), 1);
	ck_assert(isfinite(estimate_weight(UINT64_MAX, 1)));
}
END_TEST

/*
 * A million blocks of 64 bytes and ten of 1 MiB at one site. As many samples
 * as are to be expected: 122 and 9. What comes from the mean size of the
 * samples is a thousand blocks.
 */
START_TEST(test_estimate_of_mixed_sizes)
{
	const struct error *error;

	count(threads[0], stacks[0], 64, 122, 22);
	count(threads[0], stacks[0], MIB, 9, 0);
	dump_builder_slot(&builder, threads[0], unsampled)->allocs =
		1000010 - 131;
	open_dump(NULL);

	ck_assert_uint_eq(analysis.sites.count, 1);
	/* 122 w(64) + 9 w(1 MiB) = 999485.0012 + 10.4087 */
	ck_assert_int_eq(value(stacks[0], METRIC_ALLOCATIONS), 999495);
	/* 63967040.0794 + 10914269.8 */
	ck_assert_int_eq(value(stacks[0], METRIC_ALLOCATED_BYTES), 74881310);
	/* 22 w(64) */
	ck_assert_int_eq(value(stacks[0], METRIC_FREES), 180235);
	ck_assert_int_eq(value(stacks[0], METRIC_LIVE_BLOCKS), 819260);

	error = error_at(stacks[0]);
	ck_assert_int_eq(error_samples(error, METRIC_ALLOCATED_BYTES), 131);
	ck_assert_int_eq(error_samples(error, METRIC_LIVE_BYTES), 109);
	/* (1 - P) / P^2 is 67108863.916666664 and 0.18101541524157763. */
	expect_near(error->variance[METRIC_ALLOCATIONS],
		    122 * 67108863.916666664 + 9 * 0.18101541524157763);
	expect_near(error->variance[METRIC_ALLOCATED_BYTES],
		    122 * 274877906602.66666 + 9 * 199028553864.81558);
	expect_near(error->variance[METRIC_LIVE_BYTES],
		    100 * 274877906602.66666 + 9 * 199028553864.81558);
	ck_assert_int_eq(error_rounded(error, METRIC_ALLOCATIONS), 90484);

	ck_assert_int_eq(analysis.sites.totals.of[METRIC_ALLOCATIONS], 1000010);
}
END_TEST

START_TEST(test_estimate_totals_are_what_was_counted)
{
	count(threads[0], stacks[0], 1000, 3, 1);
	count(threads[1], stacks[1], 3000, 2, 0);
	dump_builder_count(&builder, threads[0], unsampled, 10, 70, 60);
	dump_builder_count(&builder, threads[1], unsampled, 10, 0, 5);
	open_dump(NULL);

	ck_assert_uint_eq(analysis.sites.count, 2);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_ALLOCATIONS], 75);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_ALLOCATED_BYTES],
			 3000 + 6000 + 700);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_LIVE_BLOCKS], 9);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_LIVE_BYTES],
			 2000 + 6000 + 50);
}
END_TEST

START_TEST(test_estimate_of_nothing_but_the_rest)
{
	dump_builder_count(&builder, threads[0], unsampled, 10, 70, 60);
	open_dump(NULL);

	ck_assert_uint_eq(analysis.sites.count, 0);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_LIVE_BLOCKS], 10);
}
END_TEST

START_TEST(test_estimate_joins_who_allocated_and_who_freed)
{
	count(threads[0], stacks[0], 1000, 7, 0);
	dump_builder_count(&builder, threads[1],
			   sized(stacks[0], MPF_CALL_MALLOC, 1000), 1000, 0, 7);
	open_dump(NULL);

	ck_assert_int_eq(value(stacks[0], METRIC_LIVE_BLOCKS), 0);
	ck_assert_int_eq(value(stacks[0], METRIC_LIVE_BYTES), 0);
	ck_assert_int_eq(value(stacks[0], METRIC_FREES),
			 value(stacks[0], METRIC_ALLOCATIONS));
	ck_assert_double_eq(error_of(error_at(stacks[0]), METRIC_LIVE_BYTES),
			    0);
}
END_TEST

START_TEST(test_estimate_of_the_peak_and_of_reallocs)
{
	struct mpf_slot *slot = dump_builder_count(
		&builder, threads[0], sized(stacks[0], MPF_CALL_REALLOC, MIB),
		MIB, 10, 10);

	slot->epoch = 1;
	slot->peak_blocks = 5;
	slot->peak_bytes = 5 * (int64_t)MIB;
	slot->temporary = 2;
	dump_builder_header(&builder)->peak_bytes = 5 * MIB;
	open_dump(NULL);

	ck_assert_int_eq(value(stacks[0], METRIC_PEAK_BLOCKS), 6);
	ck_assert_int_eq(value(stacks[0], METRIC_PEAK_BYTES), 6063483);
	ck_assert_int_eq(value(stacks[0], METRIC_LIVE_BYTES), 0);
	ck_assert_int_eq(value(stacks[0], METRIC_TEMPORARY), 2);
	ck_assert_int_eq(value(stacks[0], METRIC_REALLOCS), 12);
	expect_near(error_at(stacks[0])->variance[METRIC_PEAK_BYTES],
		    5 * 199028553864.81558);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_PEAK_BYTES],
			 5 * (int64_t)MIB);
	ck_assert_int_eq(analysis.sites.totals.of[METRIC_REALLOCS], 12);
}
END_TEST

/* A block that was recorded with a size bucket was not sampled. */
START_TEST(test_estimate_leaves_other_classes_alone)
{
	dump_builder_count(
		&builder, threads[0],
		dump_builder_class(&builder, stacks[0], MPF_CALL_MALLOC, 64),
		64, 20, 5);
	open_dump(NULL);

	ck_assert_int_eq(value(stacks[0], METRIC_ALLOCATIONS), 20);
	ck_assert_double_eq(error_of(error_at(stacks[0]), METRIC_ALLOCATIONS),
			    0);
	ck_assert(!error_is_few(
		error_at(stacks[0]),
		&analysis.sites.array[number_of(stacks[0])].counts,
		METRIC_ALLOCATIONS));
}
END_TEST

START_TEST(test_estimate_is_exact_without_a_rate)
{
	count(threads[0], stacks[0], 64, 122, 22);
	dump_builder_count(&builder, threads[0], unsampled, 10, 70, 60);
	dump_builder_header(&builder)->sample_bytes = 0;
	open_dump(NULL);

	ck_assert_ptr_null(analysis.sites.errors);
	ck_assert_uint_eq(analysis.sites.count, 2);
	ck_assert_int_eq(value(stacks[0], METRIC_ALLOCATIONS), 122);
}
END_TEST

static const struct {
	uint64_t bytes, samples;
	bool is_few;
} fews[] = {
	{ 64, 9, true },    { 64, 10, false },	      { MIB, 1, true },
	{ MIB, 9, true },   { 8 * MIB, 1, false },    { 0, 1, true },
	{ MIB, 10, false }, { 1024 * MIB, 1, false },
};

START_TEST(test_estimate_few_samples)
{
	count(threads[0], stacks[0], fews[_i].bytes, fews[_i].samples, 0);
	open_dump(NULL);

	ck_assert_int_eq(
		error_is_few(error_at(stacks[0]),
			     &analysis.sites.array[number_of(stacks[0])].counts,
			     METRIC_ALLOCATIONS),
		fews[_i].is_few);
}
END_TEST

START_TEST(test_estimate_sums_of_what_is_looked_at)
{
	count(threads[0], stacks[0], 64, 16, 0);
	count(threads[1], stacks[1], MIB, 20, 0);
	dump_builder_count(&builder, threads[0], unsampled, 10, 70, 60);
	open_dump("lib[.]so");

	ck_assert_uint_eq(analysis.filter.count, 1);
	ck_assert_int_eq(analysis.filter.sum.of[METRIC_ALLOCATIONS], 131080);
	ck_assert_int_eq(
		error_samples(&analysis.filter.error, METRIC_ALLOCATIONS), 16);
	expect_near(error_of(&analysis.filter.error, METRIC_ALLOCATIONS),
		    4 * sqrt(67108863.916666664));
}
END_TEST

START_TEST(test_estimate_top_adds_up_variances)
{
	double own = 16 * 67108863.916666664, called = 20 * 0.18101541524157763;
	struct top top;

	count(threads[0], stacks[0], 64, 16, 0);
	count(threads[1], stacks[1], MIB, 20, 0);
	open_dump(NULL);
	ck_assert_int_eq(top_init(&top, &analysis, TOP_MODULE), 0);

	ck_assert_uint_eq(top.count, 2);
	ck_assert(top.is_estimate);
	for (size_t i = 0; i < 2; i++) {
		const struct top_error *error = &top.errors[i];
		bool is_app = top.rows[i].self.of[METRIC_ALLOCATIONS] == 131080;

		expect_near(error->self.variance[METRIC_ALLOCATIONS],
			    is_app ? own : called);
		/* Found as a difference of sums: not to the last digit. */
		ck_assert_double_eq_tol(
			error->cumulative.variance[METRIC_ALLOCATIONS],
			is_app ? own + called : called, 1e-6);
		ck_assert_int_eq(
			error_samples(&error->cumulative, METRIC_ALLOCATIONS),
			is_app ? 36 : 20);
	}
	top_done(&top);
}
END_TEST

START_TEST(test_estimate_threads_are_exact_as_a_whole)
{
	struct top top;

	count(threads[0], stacks[0], 64, 16, 0);
	count(threads[1], stacks[1], MIB, 20, 0);
	dump_builder_count(&builder, threads[0], unsampled, 10, 70, 60);
	open_dump(NULL);
	ck_assert_int_eq(top_init(&top, &analysis, TOP_THREAD), 0);
	ck_assert(!top.is_estimate);
	ck_assert_int_eq(top.rows[0].self.of[METRIC_ALLOCATIONS], 86);
	ck_assert_int_eq(top.rows[1].self.of[METRIC_ALLOCATIONS], 20);
	top_done(&top);
	analysis_close(&analysis);

	open_dump("lib[.]so");
	ck_assert_int_eq(top_init(&top, &analysis, TOP_THREAD), 0);
	ck_assert(top.is_estimate);
	ck_assert_uint_eq(top.count, 1);
	ck_assert_int_eq(top.rows[0].self.of[METRIC_ALLOCATIONS], 131080);
	top_done(&top);
}
END_TEST

/* As much as a dump may say: no sum overflows, every view prints. */
START_TEST(test_estimate_of_too_much)
{
	uint64_t most = (uint64_t)DUMP_MAX_COUNT / 4;

	dump_builder_header(&builder)->sample_bytes = UINT64_MAX;
	for (int i = 0; i < 2; i++) {
		struct mpf_slot *slot = dump_builder_slot(
			&builder, threads[i],
			sized(stacks[i], MPF_CALL_REALLOC, (uint64_t)i));

		slot->allocs = slot->alloc_bytes = most;
		slot->frees = slot->free_bytes = i ? 0 : most;
		slot->temporary = most;
		slot->epoch = 1;
		slot->peak_blocks = slot->peak_bytes =
			i ? (int64_t)most : -(int64_t)most;
	}
	open_dump(NULL);
	for (int m = 0; m < METRIC_COUNT; m++) {
		ck_assert_int_le(analysis.filter.sum.of[m], DUMP_MAX_COUNT);
		ck_assert_int_ge(analysis.filter.sum.of[m], 0);
	}
	for (int n = 0; n < ALL_VIEWS_COUNT; n++) {
		FILE *file = fopen("/dev/null", "we");

		ck_assert_ptr_nonnull(file);
		ck_assert_int_eq(all_views_print(file, &analysis, n, "x.c"), 0);
		fclose(file);
	}
}
END_TEST

/* What view number n prints; to be freed. */
static char *view(int n)
{
	char *output = NULL;
	size_t bytes;
	FILE *file = open_memstream(&output, &bytes);

	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(all_views_print(file, &analysis, n, "x.c"), 0);
	ck_assert_int_eq(fclose(file), 0);
	return output;
}

static void expect_view(int n, const char *text)
{
	char *output = view(n);

	ck_assert_msg(strstr(output, text) != NULL, "no %s in:\n%s", text,
		      output);
	free(output);
}

START_TEST(test_estimate_views_state_errors)
{
	count(threads[0], stacks[0], 64, 16, 0);
	count(threads[1], stacks[1], MIB, 2, 0);
	dump_builder_count(&builder, threads[0], unsampled, 16, 64, 0);
	open_dump(NULL);

	expect_view(0, "Sampled  one in about 512.0 KiB; totals are exact, "
		       "sites are estimates\n");
	/* 4 of 16 parts, 8.0 MiB. */
	expect_view(2, "\n#1  ~8.0 MiB +-2.0 in ~131,080 +-32,768 blocks, "
		       "77.6%; allocated ");
	expect_view(2, "\n#2  ~2.3 MiB +-0.6 in ~2 +-1 blocks, 22.4% "
		       "(few samples: 2); allocated ");
	expect_view(2, "Leaked: 2.0 MiB in 82 blocks from 2 sites");
	expect_view(0, "     8.0 MiB   +-25%   77.6%      131,080  ");
	expect_view(1, "\"sample_bytes\": 524288");
	expect_view(1, "\"samples\": 16, \"live_samples\": 16, "
		       "\"peak_samples\": 16, \"allocations_stderr\": 32768, "
		       "\"allocated_bytes_stderr\": 2097152, ");
}
END_TEST

/* An exact dump says nothing of samples. */
START_TEST(test_estimate_views_of_an_exact_dump)
{
	dump_builder_count(
		&builder, threads[0],
		dump_builder_class(&builder, stacks[0], MPF_CALL_MALLOC, 64),
		64, 20, 5);
	dump_builder_header(&builder)->sample_bytes = 0;
	dump_builder_header(&builder)->mode = 0;
	open_dump(NULL);

	for (int n = 0; n < ALL_VIEWS_COUNT; n++) {
		char *output = view(n);

		ck_assert_ptr_null(strstr(output, "+-"));
		ck_assert_ptr_null(strstr(output, "~1"));
		ck_assert_ptr_null(strstr(output, "stderr"));
		ck_assert_ptr_null(strstr(output, "ampled "));
		free(output);
	}
}
END_TEST

static Suite *estimate_suite(void)
{
	Suite *suite = suite_create("estimate");
	TCase *tests = tcase_create("estimate");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_estimate_weights);
	tcase_add_test(tests, test_estimate_of_mixed_sizes);
	tcase_add_test(tests, test_estimate_totals_are_what_was_counted);
	tcase_add_test(tests, test_estimate_of_nothing_but_the_rest);
	tcase_add_test(tests, test_estimate_joins_who_allocated_and_who_freed);
	tcase_add_test(tests, test_estimate_of_the_peak_and_of_reallocs);
	tcase_add_test(tests, test_estimate_leaves_other_classes_alone);
	tcase_add_test(tests, test_estimate_is_exact_without_a_rate);
	tcase_add_loop_test(tests, test_estimate_few_samples, 0,
			    sizeof(fews) / sizeof(fews[0]));
	tcase_add_test(tests, test_estimate_sums_of_what_is_looked_at);
	tcase_add_test(tests, test_estimate_top_adds_up_variances);
	tcase_add_test(tests, test_estimate_threads_are_exact_as_a_whole);
	tcase_add_test(tests, test_estimate_of_too_much);
	tcase_add_test(tests, test_estimate_views_state_errors);
	tcase_add_test(tests, test_estimate_views_of_an_exact_dump);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(estimate_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
