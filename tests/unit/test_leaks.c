/* SPDX-License-Identifier: MIT */
/* What a reachability scan says, read back, and each field broken in turn. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/leaks.h"
#include "tests/unit/dump_sample.h"

static char path[] = "/tmp/memprof-test-leaks-XXXXXX";
static struct dump_sample sample;
static uint64_t leaks_at, roots_at;
static struct analysis analysis;
static struct leaks leaks;
static struct suppressions rules;
static struct dump_error error;

static void set_up(void)
{
	int fd;

	memcpy(path + sizeof(path) - 7, "XXXXXX", 6);
	fd = mkstemp(path);
	ck_assert_int_ge(fd, 0);
	close(fd);
	dump_sample_init(&sample);
	dump_sample_add_leaks(&sample, &leaks_at, &roots_at);
}

static void tear_down(void)
{
	unlink(path);
	leaks_done(&leaks);
	suppressions_done(&rules);
	analysis_close(&analysis);
	dump_builder_done(&sample.builder);
}

static struct mpf_leak *leak(unsigned n)
{
	return (struct mpf_leak *)dump_builder_at(&sample.builder, leaks_at) +
	       n;
}

static struct mpf_root *root(unsigned n)
{
	return (struct mpf_root *)dump_builder_at(&sample.builder, roots_at) +
	       n;
}

static int open_sample(bool salvage)
{
	const struct analysis_options options = { .salvage = salvage };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	return analysis_open(&analysis, path, &options, &error, fault, &regex);
}

static int64_t blocks_of(unsigned verdict, uint32_t node)
{
	for (size_t i = 0; i < analysis.sites.count; i++)
		if (analysis.sites.array[i].node == node)
			return leaks.of_site[verdict][i].of[METRIC_LIVE_BLOCKS];
	return -1;
}

START_TEST(test_leaks_come_back_by_verdict_and_site)
{
	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_int_eq(leaks_init(&leaks, &analysis, &rules, true), 0);

	ck_assert(leaks.is_judged);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_LOST), 1);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_INDIRECT), 3);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_POSSIBLE), 2);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_REACHABLE), 1);
	ck_assert_int_eq(
		leaks.totals[MPF_VERDICT_INDIRECT].of[METRIC_LIVE_BYTES], 150);
	ck_assert_int_eq(blocks_of(MPF_VERDICT_LOST, sample.a), 1);
	ck_assert_int_eq(blocks_of(MPF_VERDICT_POSSIBLE, sample.a), 2);
	ck_assert_int_eq(blocks_of(MPF_VERDICT_INDIRECT, sample.c), 3);
}
END_TEST

START_TEST(test_leaks_that_suppressed_ones_own_go_with_them)
{
	static const char text[] = "{\na\nMemcheck:Leak\nmatch-leak-kinds: "
				   "definite\nobj:*/app\n}\n";
	struct suppressions_error fault;

	ck_assert_int_eq(
		suppressions_add(&rules, "f", text, sizeof(text) - 1, &fault),
		0);
	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_int_eq(leaks_init(&leaks, &analysis, &rules, true), 0);

	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_LOST), 0);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_INDIRECT), 0);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_POSSIBLE), 2);
	ck_assert_uint_eq(rules.rules[0].hit_blocks, 4);
	ck_assert_uint_eq(rules.rules[0].hit_bytes, 250);
}
END_TEST

START_TEST(test_leaks_without_a_scan_are_what_lives)
{
	dump_builder_header(&sample.builder)->mode &=
		~(uint32_t)MPF_MODE_LEAK_CHECKED;
	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_int_eq(leaks_init(&leaks, &analysis, &rules, true), 0);

	ck_assert(!leaks.is_judged);
	ck_assert_int_eq(leaks_blocks(&leaks, LEAKS_UNJUDGED),
			 analysis.sites.totals.of[METRIC_LIVE_BLOCKS]);
	ck_assert_int_eq(leaks_blocks(&leaks, MPF_VERDICT_LOST), 0);
}
END_TEST

/* A process that was killed while it wrote them. */
START_TEST(test_leaks_half_written_are_none)
{
	dump_builder_header(&sample.builder)->leak_sequence = 3;
	leak(1)->verdict = 77;

	ck_assert_int_eq(open_sample(false), 0);
	ck_assert(!analysis.dump->has_leaks);
}
END_TEST

static void break_verdict(void)
{
	leak(1)->verdict = 5;
}
static void break_no_verdict(void)
{
	leak(1)->verdict = 0;
}
static void break_class(void)
{
	leak(1)->class_node = sample.a;
}
static void break_class_range(void)
{
	leak(1)->class_node = UINT32_MAX;
}
static void break_owner(void)
{
	leak(3)->by_class = sample.root;
}
static void break_root(void)
{
	leak(2)->root = 3;
}
static void break_root_is_rules(void)
{
	root(leak(2)->root)->held = MPF_HELD_RULES;
}
static void break_root_range(void)
{
	leak(2)->root = UINT32_MAX;
}
static void break_blocks(void)
{
	leak(1)->blocks = UINT64_MAX;
}
static void break_sum(void)
{
	leak(1)->bytes = leak(2)->bytes = DUMP_MAX_COUNT - 1;
}
static void break_held(void)
{
	root(1)->held = 8;
}
static void break_path(void)
{
	root(1)->path.offset = 1;
}
static void break_name(void)
{
	memset(root(2)->name, 'x', sizeof(root(2)->name));
}
static void break_method(void)
{
	dump_builder_header(&sample.builder)->leak_method = 4;
}
static void break_failure(void)
{
	dump_builder_header(&sample.builder)->leak_failure = 8;
}
static void break_unseen(void)
{
	dump_builder_header(&sample.builder)->leak_unseen = 3;
}

static void (*const breaks[])(void) = {
	break_verdict, break_no_verdict, break_class,	   break_class_range,
	break_owner,   break_root,	 break_root_range, break_blocks,
	break_sum,     break_held,	 break_path,	   break_name,
	break_method,  break_failure,	 break_unseen,	   break_root_is_rules,
};

START_TEST(test_leaks_rules_of_the_program_come_back)
{
	static const char text[] = "leak:malloc\n";
	struct mpf_text rules_text;
	const char *source = NULL;
	size_t next = 0, bytes = 0;

	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_ptr_null(
		leaks_own_rules(analysis.dump, &next, &source, &bytes));
	analysis_close(&analysis);

	rules_text = dump_builder_text(&sample.builder, text, sizeof(text) - 1);
	*root(3) = (struct mpf_root) { .held = MPF_HELD_RULES,
				       .path = rules_text };
	ck_assert_int_eq(open_sample(false), 0);
	next = 0;
	ck_assert_mem_eq(leaks_own_rules(analysis.dump, &next, &source, &bytes),
			 text, sizeof(text) - 1);
	ck_assert_uint_eq(bytes, sizeof(text) - 1);
	ck_assert_str_eq(source, "__lsan_default_suppressions()");
	ck_assert_ptr_null(
		leaks_own_rules(analysis.dump, &next, &source, &bytes));
	analysis_close(&analysis);

	memcpy(root(3)->name, "LSAN_OPTIONS", sizeof("LSAN_OPTIONS"));
	next = 0;
	ck_assert_int_eq(open_sample(false), 0);
	ck_assert_ptr_nonnull(
		leaks_own_rules(analysis.dump, &next, &source, &bytes));
	ck_assert_str_eq(source, "LSAN_OPTIONS");
	analysis_close(&analysis);

	root(3)->path.bytes = UINT64_MAX;
	ck_assert_int_eq(open_sample(false), DUMP_CORRUPT);
}
END_TEST

START_TEST(test_leaks_each_field_is_checked)
{
	breaks[_i]();

	ck_assert_int_eq(open_sample(false), DUMP_CORRUPT);
	ck_assert_int_eq(error.code, DUMP_CORRUPT);
	ck_assert_ptr_nonnull(error.what);
	ck_assert_int_eq(open_sample(true), 0);
	ck_assert_uint_gt(analysis.dump->dropped_count, 0);
	ck_assert_int_eq(leaks_init(&leaks, &analysis, &rules, true), 0);
}
END_TEST

static Suite *leaks_suite(void)
{
	Suite *suite = suite_create("leaks");
	TCase *tests = tcase_create("leaks");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_leaks_come_back_by_verdict_and_site);
	tcase_add_test(tests, test_leaks_that_suppressed_ones_own_go_with_them);
	tcase_add_test(tests, test_leaks_without_a_scan_are_what_lives);
	tcase_add_test(tests, test_leaks_half_written_are_none);
	tcase_add_test(tests, test_leaks_rules_of_the_program_come_back);
	tcase_add_loop_test(tests, test_leaks_each_field_is_checked, 0,
			    (int)(sizeof(breaks) / sizeof(breaks[0])));
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(leaks_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
