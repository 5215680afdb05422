/* SPDX-License-Identifier: MIT */
/* Sites: slots of all threads joined by stack, the peak, what is left over. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/ranking.h"
#include "analyzer/model/stack.h"
#include "tests/unit/dump_sample.h"

static char folder[] = "/tmp/memprof-test-sites-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_sample sample;
static struct analysis analysis;

static void set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_sample_init(&sample);
}

static void tear_down(void)
{
	analysis_close(&analysis);
	dump_builder_done(&sample.builder);
	remove(path);
	rmdir(folder);
}

static int open_with(const struct analysis_options *options)
{
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	analysis_close(&analysis);
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	return analysis_open(&analysis, path, options, &error, fault, &regex);
}

static void open_sample(void)
{
	const struct analysis_options options = { .without_names = true };

	ck_assert_int_eq(open_with(&options), 0);
}

static struct mpf_header *header(void)
{
	return dump_builder_header(&sample.builder);
}

static const struct site *site_of(uint32_t node)
{
	uint32_t number = analysis.sites.of_node[node];

	ck_assert_uint_ne(number, 0);
	return &analysis.sites.array[number - 1];
}

static void expect(const struct counts *counts, enum metric metric,
		   int64_t value)
{
	ck_assert_msg(counts->of[metric] == value,
		      "metric %d is %lld and not %lld", (int)metric,
		      (long long)counts->of[metric], (long long)value);
}

static struct mpf_slot *slot(uint32_t owner, unsigned n)
{
	return dump_builder_at(&sample.builder,
			       dump_builder_element(&sample.builder,
						    MPF_SEG_SLOTS, owner,
						    n + 1));
}

START_TEST(test_sites_join_classes_and_threads)
{
	open_sample();

	ck_assert_uint_eq(analysis.sites.count, 3);
	/* malloc 10 of 100, realloc 3 of 50, one stack. */
	expect(&site_of(sample.a)->counts, METRIC_ALLOCATIONS, 13);
	expect(&site_of(sample.a)->counts, METRIC_ALLOCATED_BYTES, 1150);
	expect(&site_of(sample.a)->counts, METRIC_REALLOCS, 3);
	expect(&site_of(sample.a)->counts, METRIC_FREES, 4);
	expect(&site_of(sample.a)->counts, METRIC_LIVE_BLOCKS, 9);
	expect(&site_of(sample.a)->counts, METRIC_LIVE_BYTES, 750);
	expect(&site_of(sample.a)->counts, METRIC_TEMPORARY, 2);
	/* Allocated by one thread, freed by the other. */
	expect(&site_of(sample.b)->counts, METRIC_ALLOCATIONS, 1000);
	expect(&site_of(sample.b)->counts, METRIC_FREES, 1000);
	expect(&site_of(sample.b)->counts, METRIC_LIVE_BLOCKS, 0);
	expect(&site_of(sample.c)->counts, METRIC_LIVE_BYTES, 4096);
}
END_TEST

START_TEST(test_sites_add_up_to_the_totals)
{
	struct counts sum = { 0 };

	open_sample();

	for (size_t i = 0; i < analysis.sites.count; i++)
		counts_add(&sum, &analysis.sites.array[i].counts);
	ck_assert_mem_eq(&sum, &analysis.sites.totals, sizeof(sum));
	expect(&sum, METRIC_ALLOCATIONS, 1015);
	expect(&sum, METRIC_FREES, 1005);
	expect(&sum, METRIC_ALLOCATED_BYTES, 1150 + 8000 + 8192);
	expect(&sum, METRIC_LIVE_BLOCKS, 10);
	expect(&sum, METRIC_LIVE_BYTES, 750 + 4096);
}
END_TEST

START_TEST(test_sites_peak_is_that_of_its_epoch)
{
	open_sample();

	ck_assert(!analysis.sites.is_peak_now);
	expect(&site_of(sample.a)->counts, METRIC_PEAK_BLOCKS, 9 + 3);
	expect(&site_of(sample.a)->counts, METRIC_PEAK_BYTES, 900 + 150);
	expect(&site_of(sample.b)->counts, METRIC_PEAK_BYTES, 0);
	expect(&site_of(sample.c)->counts, METRIC_PEAK_BYTES, 8192);
	expect(&analysis.sites.totals, METRIC_PEAK_BYTES, 9242);
}
END_TEST

START_TEST(test_sites_peak_of_another_epoch_is_what_is_live)
{
	slot(sample.thread1, 1)->epoch = 1;
	header()->peak_bytes = 900 + 150 + 4096;

	open_sample();
	expect(&site_of(sample.c)->counts, METRIC_PEAK_BYTES, 4096);
	expect(&site_of(sample.c)->counts, METRIC_PEAK_BLOCKS, 1);
}
END_TEST

START_TEST(test_sites_peak_is_now_when_more_is_live_than_ever)
{
	header()->peak_bytes = 4845;

	open_sample();
	ck_assert(analysis.sites.is_peak_now);
	expect(&analysis.sites.totals, METRIC_PEAK_BYTES, 4846);
	expect(&site_of(sample.a)->counts, METRIC_PEAK_BYTES, 750);

	/* As much as ever is not more. */
	header()->peak_bytes = 4846;
	open_sample();
	ck_assert(!analysis.sites.is_peak_now);
}
END_TEST

START_TEST(test_sites_overflow_is_a_site_of_its_own)
{
	const struct site *last;

	header()->overflow = (struct mpf_overflow) {
		.allocs = 5, .alloc_bytes = 500, .frees = 2, .free_bytes = 200
	};
	header()->peak_bytes = 9242 + 77;

	open_sample();
	ck_assert_uint_eq(analysis.sites.count, 4);
	last = &analysis.sites.array[3];
	ck_assert_int_eq(last->kind, SITE_OVERFLOW);
	ck_assert_uint_eq(last->node, 0);
	expect(&last->counts, METRIC_ALLOCATIONS, 5);
	expect(&last->counts, METRIC_LIVE_BYTES, 300);
	expect(&last->counts, METRIC_PEAK_BYTES, 77);
	expect(&analysis.sites.totals, METRIC_ALLOCATIONS, 1020);
}
END_TEST

START_TEST(test_sites_overflow_may_hold_only_the_frees)
{
	header()->overflow =
		(struct mpf_overflow) { .frees = 2, .free_bytes = 200 };

	open_sample();
	expect(&analysis.sites.array[3].counts, METRIC_LIVE_BLOCKS, -2);
	expect(&analysis.sites.totals, METRIC_LIVE_BLOCKS, 8);
	expect(&analysis.sites.totals, METRIC_LIVE_BYTES, 4646);
}
END_TEST

START_TEST(test_sites_more_frees_than_allocations)
{
	const struct analysis_options plain = { .without_names = true };
	const struct analysis_options salvage = { .without_names = true,
						  .salvage = true };

	slot(sample.thread0, 2)->frees = 1001;

	/* Of a process that has ended that cannot be. */
	ck_assert_int_eq(open_with(&plain), DUMP_CORRUPT);
	ck_assert_int_eq(open_with(&salvage), 0);
	ck_assert_uint_eq(analysis.sites.adjusted_count, 1);
	/* Of one that was read or killed amid a change it can. */
	header()->state = MPF_RUNNING;
	ck_assert_int_eq(open_with(&plain), 0);
	ck_assert_uint_eq(analysis.sites.adjusted_count, 1);
	expect(&site_of(sample.b)->counts, METRIC_LIVE_BLOCKS, 0);
}
END_TEST

START_TEST(test_sites_are_the_same_after_code_was_loaded)
{
	struct dump_builder *builder = &sample.builder;
	uint32_t root = dump_builder_root(builder, 2);
	uint32_t main_node =
		dump_builder_node(builder, root, SAMPLE_MAIN_START + 0x100);
	uint32_t a = dump_builder_node(builder, main_node,
				       SAMPLE_MAIN_START + 0x200);
	uint32_t class = dump_builder_class(builder, a, MPF_CALL_MALLOC, 100);

	dump_builder_count(builder, sample.thread1, class, 100, 7, 7);

	open_sample();
	ck_assert_uint_eq(analysis.sites.count, 3);
	ck_assert_uint_eq(tree_same(&analysis.tree, a), sample.a);
	expect(&site_of(sample.a)->counts, METRIC_ALLOCATIONS, 20);
}
END_TEST

START_TEST(test_sites_differ_when_other_code_lay_at_the_address)
{
	struct dump_builder *builder = &sample.builder;
	uint32_t root = dump_builder_root(builder, 2);
	uint32_t frames[3], class, module;
	struct mpf_module *old = dump_builder_at(
		builder, dump_builder_element(builder, MPF_SEG_MODULES, 0, 2));

	old->end_generation = 2;
	old = dump_builder_module(builder, "/opt/lib/libother.so",
				  SAMPLE_LIB_START, 0x10000);
	old->first_generation = 2;
	frames[0] = dump_builder_node(builder, root, SAMPLE_MAIN_START + 0x100);
	frames[1] = dump_builder_node(builder, frames[0],
				      SAMPLE_MAIN_START + 0x200);
	frames[2] =
		dump_builder_node(builder, frames[1], SAMPLE_LIB_START + 0x300);
	class = dump_builder_class(builder, frames[2], MPF_CALL_NEW, 8);
	dump_builder_count(builder, sample.thread1, class, 8, 7, 7);

	open_sample();
	ck_assert_uint_eq(analysis.sites.count, 4);
	ck_assert_uint_eq(tree_same(&analysis.tree, frames[1]), sample.a);
	ck_assert_uint_eq(tree_same(&analysis.tree, frames[2]), frames[2]);
	module = analysis.tree.frames[analysis.tree.frame_of[frames[2]]].module;
	ck_assert_str_eq(analysis.tree.modules.array[module].path,
			 "/opt/lib/libother.so");
	module = analysis.tree.frames[analysis.tree.frame_of[sample.b]].module;
	ck_assert_str_eq(analysis.tree.modules.array[module].path,
			 "/opt/lib/libplain.so");
}
END_TEST

START_TEST(test_sites_know_which_stacks_are_cut)
{
	open_sample();

	ck_assert(site_of(sample.c)->is_cut);
	ck_assert(!site_of(sample.a)->is_cut);
	ck_assert_uint_eq(analysis.sites.cut_count, 1);
	ck_assert_uint_eq(analysis.sites.cut_allocations, 2);
	ck_assert_int_eq(tree_end(&analysis.tree, sample.c), TREE_CUT_NO_RULE);
	ck_assert_int_eq(tree_end(&analysis.tree, sample.b), TREE_COMPLETE);
}
END_TEST

START_TEST(test_sites_inherited_by_a_fork_are_in_the_totals)
{
	struct dump_builder *builder = &sample.builder;
	uint32_t thread = dump_builder_thread(builder, "", 0);
	struct mpf_thread *record = dump_builder_at(
		builder,
		dump_builder_element(builder, MPF_SEG_THREADS, 0, thread));

	record->flags = MPF_THREAD_INHERITED;
	dump_builder_count(builder, thread, sample.class_malloc, 100, 4, 0);
	header()->mode = MPF_MODE_FORKED;

	open_sample();
	expect(&analysis.sites.inherited, METRIC_ALLOCATIONS, 4);
	expect(&analysis.sites.totals, METRIC_ALLOCATIONS, 1019);
	ck_assert_uint_eq(analysis.summary.threads, 2);
}
END_TEST

START_TEST(test_sites_that_count_nothing_are_left_out)
{
	dump_builder_count(&sample.builder, sample.thread0,
			   dump_builder_class(&sample.builder, sample.main,
					      MPF_CALL_MALLOC, 1),
			   1, 0, 0);

	open_sample();
	ck_assert_uint_eq(analysis.sites.count, 3);
	ck_assert_uint_eq(analysis.sites.of_node[sample.main], 0);
}
END_TEST

/* Stacks, without names. */

START_TEST(test_stack_is_told_innermost_first)
{
	struct stack stack = { 0 };

	open_sample();
	ck_assert_int_eq(stack_read(&stack, &analysis.names, site_of(sample.b)),
			 0);
	ck_assert_uint_eq(stack.count, 3);
	ck_assert_str_eq(stack.frames[0].module, "/opt/lib/libplain.so");
	/* Within the call, not behind it. */
	ck_assert_uint_eq(stack.frames[0].address, SAMPLE_LIB_START + 0x2ff);
	ck_assert_uint_eq(stack.frames[0].offset, 0x2ff);
	ck_assert_uint_eq(stack.frames[1].offset, 0x1ff);
	ck_assert_uint_eq(stack.frames[2].offset, 0xff);
	ck_assert_ptr_null(stack.frames[0].function);
	ck_assert_int_eq(stack.end, TREE_COMPLETE);

	ck_assert_int_eq(stack_read(&stack, &analysis.names, site_of(sample.c)),
			 0);
	ck_assert_uint_eq(stack.count, 1);
	ck_assert_ptr_null(stack.frames[0].module);
	ck_assert_uint_eq(stack.frames[0].address, 0x665fff);
	ck_assert(stack.frames[0].is_guessed);
	ck_assert_int_eq(stack.end, TREE_CUT_NO_RULE);
	stack_done(&stack);
}
END_TEST

START_TEST(test_stack_leaves_out_our_own_frames_but_not_the_last)
{
	struct mpf_module *module = dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, MPF_SEG_MODULES, 0, 2));
	struct stack stack = { 0 };

	module->flags = MPF_MODULE_MEMPROF;
	open_sample();
	ck_assert_int_eq(stack_read(&stack, &analysis.names, site_of(sample.b)),
			 0);
	ck_assert_uint_eq(stack.count, 2);
	ck_assert_uint_eq(stack.frames[0].offset, 0x1ff);

	module = dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, MPF_SEG_MODULES, 0, 1));
	module->flags = MPF_MODULE_MEMPROF;
	open_sample();
	ck_assert_int_eq(stack_read(&stack, &analysis.names, site_of(sample.b)),
			 0);
	ck_assert_uint_eq(stack.count, 1);
	ck_assert_uint_eq(stack.frames[0].offset, 0xff);
	stack_done(&stack);
}
END_TEST

/* Filters. */

static const struct {
	const char *focus, *ignore;
	size_t count;
} filters[] = {
	{ NULL, NULL, 3 },	     { "libplain", NULL, 1 },
	{ "/app$", NULL, 2 },	     { NULL, "libplain", 2 },
	{ "app", "libplain", 1 },    { "nothing", NULL, 0 },
	{ NULL, "lib(plain|x)", 2 },
};

START_TEST(test_filter_keeps_what_matches_any_frame)
{
	const struct analysis_options options = {
		.without_names = true,
		.filter = { .focus = &filters[_i].focus,
			    .focus_count = filters[_i].focus != NULL,
			    .ignore = &filters[_i].ignore,
			    .ignore_count = filters[_i].ignore != NULL },
	};

	ck_assert_int_eq(open_with(&options), 0);
	ck_assert_uint_eq(analysis.filter.count, filters[_i].count);
}
END_TEST

START_TEST(test_filter_that_is_no_expression)
{
	static const char *const wrong = "a(";
	const struct analysis_options options = {
		.without_names = true,
		.filter = { .ignore = &wrong, .ignore_count = 1 },
	};

	ck_assert_int_eq(open_with(&options), FILTER_BAD_REGEX);
}
END_TEST

/* Rankings. */

START_TEST(test_ranking_is_what_sorting_gives)
{
	struct counts counts[500] = { 0 };
	const struct ranking_source source = {
		.first = counts,
		.stride = sizeof(*counts),
		.count = 500,
	};
	struct ranking all, some;
	unsigned random = 12345;

	for (int i = 0; i < 500; i++) {
		random = random * 1103515245 + 12345;
		counts[i].of[METRIC_LIVE_BYTES] = (random >> 16) % 100;
	}

	ck_assert_int_eq(ranking_init(&all, &source, METRIC_LIVE_BYTES, 0), 0);
	for (size_t i = 1; i < all.shown; i++) {
		int64_t last = counts[all.numbers[i - 1]].of[METRIC_LIVE_BYTES];
		int64_t next = counts[all.numbers[i]].of[METRIC_LIVE_BYTES];

		ck_assert(last > next || (last == next &&
					  all.numbers[i - 1] < all.numbers[i]));
	}
	ck_assert_uint_eq(all.shown, all.count);
	ck_assert_uint_lt(all.count, 500); /* some are 0 */
	for (size_t limit = 1; limit < all.count; limit += 13) {
		int64_t shown = 0;

		ck_assert_int_eq(
			ranking_init(&some, &source, METRIC_LIVE_BYTES, limit),
			0);
		ck_assert_uint_eq(some.shown, limit);
		ck_assert_mem_eq(some.numbers, all.numbers,
				 limit * sizeof(*all.numbers));
		for (size_t i = 0; i < limit; i++)
			shown += counts[some.numbers[i]].of[METRIC_LIVE_BYTES];
		expect(&some.sum, METRIC_LIVE_BYTES,
		       all.sum.of[METRIC_LIVE_BYTES]);
		expect(&some.rest, METRIC_LIVE_BYTES,
		       all.sum.of[METRIC_LIVE_BYTES] - shown);
		ranking_done(&some);
	}
	ranking_done(&all);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *sites_suite(void)
{
	Suite *suite = suite_create("sites");
	TCase *tests = tcase_create("sites");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_sites_join_classes_and_threads);
	tcase_add_test(tests, test_sites_add_up_to_the_totals);
	tcase_add_test(tests, test_sites_peak_is_that_of_its_epoch);
	tcase_add_test(tests, test_sites_peak_of_another_epoch_is_what_is_live);
	tcase_add_test(tests,
		       test_sites_peak_is_now_when_more_is_live_than_ever);
	tcase_add_test(tests, test_sites_overflow_is_a_site_of_its_own);
	tcase_add_test(tests, test_sites_overflow_may_hold_only_the_frees);
	tcase_add_test(tests, test_sites_more_frees_than_allocations);
	tcase_add_test(tests, test_sites_are_the_same_after_code_was_loaded);
	tcase_add_test(tests,
		       test_sites_differ_when_other_code_lay_at_the_address);
	tcase_add_test(tests, test_sites_know_which_stacks_are_cut);
	tcase_add_test(tests, test_sites_inherited_by_a_fork_are_in_the_totals);
	tcase_add_test(tests, test_sites_that_count_nothing_are_left_out);
	tcase_add_test(tests, test_stack_is_told_innermost_first);
	tcase_add_test(tests,
		       test_stack_leaves_out_our_own_frames_but_not_the_last);
	tcase_add_loop_test(tests, test_filter_keeps_what_matches_any_frame, 0,
			    COUNT(filters));
	tcase_add_test(tests, test_filter_that_is_no_expression);
	tcase_add_test(tests, test_ranking_is_what_sorting_gives);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(sites_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
