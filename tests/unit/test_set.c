/* SPDX-License-Identifier: MIT */
/* Tables, trees and differences over one dump and several, number by number. */
#include "config.h"

#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/calltree.h"
#include "analyzer/model/diff.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/edges.h"
#include "analyzer/model/order.h"
#include "analyzer/model/top.h"
#include "analyzer/view/text_diff.h"
#include "analyzer/view/text_top.h"
#include "analyzer/view/text_tree.h"
#include "tests/unit/dump_builder.h"

#define APP UINT64_C(0x400000)
#define LIB UINT64_C(0x7f0000000000)
#define EXT UINT64_C(0x7f1000000000)

static char folder[] = "/tmp/memprof-test-set-XXXXXX";
static char path[sizeof(folder) + 16];
static struct analysis array[2];
static struct set set = { array, 0 };
static char *output;

static void set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
}

static void tear_down(void)
{
	for (size_t i = 0; i < 2; i++)
		analysis_close(&array[i]);
	set.count = 0;
	free(output);
	output = NULL;
	remove(path);
	rmdir(folder);
}

/* The next dump of the set. */
static void open_dump(struct dump_builder *builder)
{
	const struct analysis_options options = { .without_names = true };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(builder, path, UINT64_MAX);
	dump_builder_done(builder);
	ck_assert_int_eq(analysis_open(&array[set.count++], path, &options,
				       &error, fault, &regex),
			 0);
}

static void name_build(struct mpf_module *module, uint8_t id)
{
	module->build_id_bytes = 4;
	memset(module->build_id, id, 4);
}

/*
 * app -> lib -> app -> lib: what calls itself through another. shift moves
 * all code, as address randomisation does; times is how often each is called.
 *
 *	app+100 < lib+300 < app+200 < lib+400:	malloc 100, times
 *	app+100 < lib+300:			malloc 24, twice that, all freed
 *	app+100:				malloc 5000, once
 */
static void build(struct dump_builder *builder, uint64_t shift, uint64_t times,
		  uint8_t id)
{
	uint32_t at[4], writer;

	dump_builder_init(builder);
	name_build(
		dump_builder_module(builder, "/opt/app", APP + shift, 0x10000),
		1);
	name_build(dump_builder_module(builder, "/opt/lib.so", LIB + shift,
				       0x10000),
		   id);
	writer = dump_builder_thread(builder, "main", 7);
	at[0] = dump_builder_node(builder, dump_builder_root(builder, 1),
				  APP + shift + 0x101);
	at[1] = dump_builder_node(builder, at[0], LIB + shift + 0x301);
	at[2] = dump_builder_node(builder, at[1], APP + shift + 0x201);
	at[3] = dump_builder_node(builder, at[2], LIB + shift + 0x401);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[3], MPF_CALL_MALLOC, 100), 100,
		times, 0);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[1], MPF_CALL_MALLOC, 24), 24,
		2 * times, 2 * times);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[0], MPF_CALL_MALLOC, 5000), 5000,
		1, 0);
}

static void open_both(void)
{
	struct dump_builder builder;

	build(&builder, 0, 10, 2);
	open_dump(&builder);
	build(&builder, 0x5000000, 30, 2);
	open_dump(&builder);
}

static void merge(struct top *ret_top, enum top_by by)
{
	const struct top_extras extras = { .greatest = true };
	struct top tops[2];

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			top_init_with(&tops[i], &array[i], by, &extras), 0);
	ck_assert_int_eq(top_merge(ret_top, &set, tops, false), 0);
	for (size_t i = 0; i < 2; i++)
		top_done(&tops[i]);
}

static const struct top_row *row_of(const struct top *top, const char *module)
{
	for (size_t i = 0; i < top->count; i++) {
		const struct top_row *row = &top->rows[i];
		const struct modules *modules = &array[row->dump].tree.modules;

		if (strcmp(modules->array[row->place.module].path, module) == 0)
			return row;
	}
	ck_abort_msg("no row for %s", module);
	return NULL;
}

static void expect_bytes(const struct counts *counts, int64_t allocated,
			 int64_t live, int64_t allocations)
{
	ck_assert_int_eq(counts->of[METRIC_ALLOCATED_BYTES], allocated);
	ck_assert_int_eq(counts->of[METRIC_LIVE_BYTES], live);
	ck_assert_int_eq(counts->of[METRIC_ALLOCATIONS], allocations);
}

/* ---- several dumps as one ---- */

START_TEST(test_merge_by_module_adds_up)
{
	struct top top;

	open_both();
	merge(&top, TOP_MODULE);

	ck_assert_uint_eq(top.count, 2);
	expect_bytes(&row_of(&top, "/opt/app")->self, 10000, 10000, 2);
	expect_bytes(&row_of(&top, "/opt/app")->cumulative, 15920, 14000, 122);
	expect_bytes(&row_of(&top, "/opt/lib.so")->self, 5920, 4000, 120);
	top_done(&top);
}
END_TEST

START_TEST(test_merge_by_site_knows_moved_code)
{
	struct top top;

	open_both();
	merge(&top, TOP_SITE);

	ck_assert_uint_eq(top.count, 3);
	for (size_t i = 0; i < 3; i++) {
		const struct counts *self = &top.rows[i].self;

		switch (self->of[METRIC_ALLOCATIONS]) {
		case 40:
			expect_bytes(self, 4000, 4000, 40);
			ck_assert_uint_eq(order_greatest(&top.rows[i]), 128);
			break;
		case 80:
			expect_bytes(self, 1920, 0, 80);
			ck_assert_uint_eq(order_greatest(&top.rows[i]), 32);
			break;
		default:
			expect_bytes(self, 10000, 10000, 2);
			break;
		}
	}
	top_done(&top);
}
END_TEST

START_TEST(test_merge_by_thread_and_size)
{
	uint64_t first, last;
	struct top top;

	open_both();
	merge(&top, TOP_THREAD);
	ck_assert_uint_eq(top.count, 1);
	ck_assert_uint_eq(top.rows[0].threads, 2);
	expect_bytes(&top.rows[0].self, 15920, 14000, 122);
	top_done(&top);

	merge(&top, TOP_SIZE);
	ck_assert_uint_eq(top.count, 3);
	top_bucket_range(top.rows[0].bucket, &first, &last);
	ck_assert_uint_eq(first, 17);
	ck_assert_uint_eq(last, 32);
	expect_bytes(&top.rows[0].self, 1920, 0, 80);
	top_done(&top);
}
END_TEST

START_TEST(test_buckets_are_without_gaps)
{
	uint64_t first, last, before = UINT64_MAX;

	for (unsigned i = 0; i < MPF_BUCKETS; i++) {
		top_bucket_range(i, &first, &last);
		ck_assert_uint_eq(first, before + 1);
		ck_assert_uint_eq(mpf_bucket(first), i);
		ck_assert_uint_eq(mpf_bucket(last), i);
		before = last;
	}
	ck_assert_uint_eq(before, UINT64_MAX);
}
END_TEST

/* Of a library that was rebuilt, offsets say nothing. Here nothing has a name,
 * so that they are all there is: equal ones still match. */
START_TEST(test_merge_of_another_build_without_names)
{
	struct dump_builder builder;
	struct top top;

	build(&builder, 0, 10, 2);
	open_dump(&builder);
	build(&builder, 0x5000000, 30, 3);
	open_dump(&builder);
	merge(&top, TOP_SITE);

	ck_assert_uint_eq(top.count, 3);
	top_done(&top);
}
END_TEST

/* ---- order and restrictions ---- */

static const struct {
	const char *restrictions[3];
	size_t shown;
	const char *regex; /* that is wrong */
} restrictions[] = {
	{ { "2" }, 2, NULL },
	{ { "0" }, 0, NULL },
	{ { "7" }, 3, NULL },
	{ { "0.5" }, 2, NULL },
	{ { ".34" }, 1, NULL },
	{ { "1.0" }, 3, NULL },
	{ { "lib" }, 2, NULL },
	{ { "lib", "1" }, 1, NULL },
	{ { "1", "lib" }, 0, NULL },
	{ { "nothing" }, 0, NULL },
	{ { "2", "(" }, 0, "(" },
	{ { "1.5" }, 0, NULL },
	{ { "9999999999999999999" }, 3, NULL },
};

START_TEST(test_order_restricts_step_by_step)
{
	struct order_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.restrictions = restrictions[_i].restrictions,
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex = NULL;
	struct order order;
	struct top top;
	int ret;

	while (options.restriction_count < 3 &&
	       restrictions[_i].restrictions[options.restriction_count])
		options.restriction_count++;
	open_both();
	merge(&top, TOP_SITE);
	ret = order_init(&order, &set, &top, &options, fault, &regex);

	if (restrictions[_i].regex) {
		ck_assert_int_eq(ret, FILTER_BAD_REGEX);
		ck_assert_str_eq(regex, restrictions[_i].regex);
	} else {
		ck_assert_int_eq(ret, 0);
		ck_assert_uint_eq(order.count, 3);
		ck_assert_uint_eq(order.shown, restrictions[_i].shown);
		ck_assert_uint_eq(order.step_count, options.restriction_count);
		ck_assert_uint_eq(order.steps[0].before, 3);
		order_done(&order);
	}
	top_done(&top);
}
END_TEST

static int64_t allocations_at(const struct order *order, const struct top *top,
			      size_t i)
{
	return top->rows[order->numbers[i]].self.of[METRIC_ALLOCATIONS];
}

/* Allocations 2, 40, 80; bytes each 5000, 100, 24; live 10000, 4000, 0. */
static const struct {
	struct order_options options;
	int64_t allocations[3];
	size_t shown;
} orders[] = {
	{ { .metric = METRIC_ALLOCATED_BYTES }, { 2, 40, 80 }, 3 },
	{ { .metric = METRIC_ALLOCATIONS }, { 80, 40, 2 }, 3 },
	{ { .metric = METRIC_ALLOCATIONS, .limit = 2 }, { 80, 40 }, 2 },
	{ { .metric = METRIC_ALLOCATIONS, .limit = 1 }, { 80 }, 1 },
	{ { .metric = METRIC_LIVE_BYTES }, { 2, 40 }, 2 },
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_AVERAGE } },
	    .key_count = 1 },
	  { 2, 40, 80 },
	  3 },
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_GREATEST } },
	    .key_count = 1,
	    .limit = 1 },
	  { 2 },
	  1 },
	/* Equal in the first key: none has temporaries. */
	{ { .metric = METRIC_ALLOCATIONS,
	    .keys = { { .key = ORDER_METRIC, .metric = METRIC_TEMPORARY },
		      { .key = ORDER_SELF } },
	    .key_count = 2 },
	  { 80, 40, 2 },
	  3 },
};

START_TEST(test_order_by_several_keys)
{
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct order order;
	struct top top;

	open_both();
	merge(&top, TOP_SITE);
	ck_assert_int_eq(order_init(&order, &set, &top, &orders[_i].options,
				    fault, &regex),
			 0);

	ck_assert_uint_eq(order.shown, orders[_i].shown);
	for (size_t i = 0; i < order.shown; i++)
		ck_assert_int_eq(allocations_at(&order, &top, i),
				 orders[_i].allocations[i]);
	order_done(&order);
	top_done(&top);
}
END_TEST

/* The heap of those held against sorting all, with a seed. */
START_TEST(test_order_of_many_is_that_of_all)
{
	struct top_row *rows = calloc(5000, sizeof(*rows));
	struct top top = { .by = TOP_SITE, .rows = rows, .count = 5000 };
	struct order_options options = { .metric = METRIC_FREES };
	char fault[FILTER_FAULT_BYTES];
	struct order all, some;
	const char *regex;
	unsigned seed = 4711;

	for (size_t i = 0; i < 5000; i++)
		rows[i].self.of[METRIC_FREES] = 1 + rand_r(&seed) % 1000;
	ck_assert_int_eq(order_init(&all, &set, &top, &options, fault, &regex),
			 0);
	for (size_t limit = 1; limit < 5000; limit += 499) {
		options.limit = limit;
		ck_assert_int_eq(
			order_init(&some, &set, &top, &options, fault, &regex),
			0);
		ck_assert_uint_eq(some.shown, limit);
		ck_assert_mem_eq(some.numbers, all.numbers,
				 limit * sizeof(*all.numbers));
		order_done(&some);
	}
	order_done(&all);
	free(rows);
}
END_TEST

/* ---- callers and callees ---- */

static const struct edges_row *edge_of(const struct edges *edges, size_t place,
				       const char *other)
{
	for (size_t i = 0; i < edges->count; i++) {
		const struct edges_row *row = &edges->rows[i];

		if (row->place != edges->places[place].place)
			continue;
		if (row->other == EDGES_NONE
			    ? !other
			    : other && strcmp(edges->keys.array[row->other]
						      .module,
					      other) == 0)
			return row;
	}
	ck_abort_msg("no such edge");
	return NULL;
}

START_TEST(test_callers_add_up_to_the_whole)
{
	const struct edges_options options = {
		.by = PLACES_MODULE,
		.regex = "lib[.]so",
		.metric = METRIC_ALLOCATED_BYTES,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;

	open_both();
	ck_assert_int_eq(edges_init(&edges, &set, &options, fault), 0);

	ck_assert_uint_eq(edges.place_count, 1);
	ck_assert_uint_eq(edges.count, 1);
	expect_bytes(&edges.places[0].counts, 5920, 4000, 120);
	expect_bytes(&edge_of(&edges, 0, "/opt/app")->counts, 5920, 4000, 120);
	edges_done(&edges);
}
END_TEST

/* Of the outermost call of app: what it calls, and what it allocates itself. */
START_TEST(test_callees_add_up_to_the_whole)
{
	const struct edges_options options = {
		.by = PLACES_MODULE,
		.regex = "app$",
		.callees = true,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	char fault[FILTER_FAULT_BYTES];
	struct edges edges;

	open_both();
	ck_assert_int_eq(edges_init(&edges, &set, &options, fault), 0);

	ck_assert_uint_eq(edges.place_count, 1);
	ck_assert_uint_eq(edges.count, 2);
	expect_bytes(&edges.places[0].counts, 15920, 14000, 122);
	expect_bytes(&edge_of(&edges, 0, NULL)->counts, 10000, 10000, 2);
	expect_bytes(&edge_of(&edges, 0, "/opt/lib.so")->counts, 5920, 4000,
		     120);
	edges_done(&edges);
}
END_TEST

START_TEST(test_edges_of_a_wrong_expression)
{
	const struct edges_options options = { .regex = "[" };
	char fault[FILTER_FAULT_BYTES] = "";
	struct edges edges;

	open_both();
	ck_assert_int_eq(edges_init(&edges, &set, &options, fault),
			 FILTER_BAD_REGEX);
	ck_assert_str_ne(fault, "");
}
END_TEST

/* ---- the tree ---- */

static const char *module_of(const struct calltree *tree, size_t i)
{
	return tree->keys.array[tree->nodes[i].key].module;
}

START_TEST(test_tree_from_the_top)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct calltree tree;

	open_both();
	ck_assert_int_eq(calltree_init(&tree, &set, &options), 0);

	ck_assert_uint_eq(tree.count, 5);
	ck_assert_uint_eq(tree.hidden, 0);
	for (uint32_t i = 1; i < 5; i++) {
		ck_assert_uint_eq(tree.nodes[i].depth, i);
		ck_assert_uint_eq(tree.nodes[i].parent, i - 1);
		ck_assert(tree.nodes[i].is_last);
		ck_assert_str_eq(module_of(&tree, i),
				 i % 2 ? "/opt/app" : "/opt/lib.so");
	}
	expect_bytes(&tree.nodes[0].self, 0, 0, 0);
	expect_bytes(&tree.nodes[0].cumulative, 15920, 14000, 122);
	expect_bytes(&tree.nodes[1].self, 10000, 10000, 2);
	expect_bytes(&tree.nodes[1].cumulative, 15920, 14000, 122);
	expect_bytes(&tree.nodes[2].self, 1920, 0, 80);
	expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	expect_bytes(&tree.nodes[4].cumulative, 4000, 4000, 40);
	calltree_done(&tree);
}
END_TEST

START_TEST(test_tree_folds_recursion)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.folds_recursion = true,
	};
	struct calltree tree;

	open_both();
	ck_assert_int_eq(calltree_init(&tree, &set, &options), 0);

	ck_assert_uint_eq(tree.count, 3);
	expect_bytes(&tree.nodes[1].self, 10000, 10000, 2);
	expect_bytes(&tree.nodes[1].cumulative, 15920, 14000, 122);
	expect_bytes(&tree.nodes[2].self, 5920, 4000, 120);
	calltree_done(&tree);
}
END_TEST

/* lib: 5920, called by app; app: 10000, outermost. */
START_TEST(test_tree_inverted)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
	};
	struct calltree tree;

	open_both();
	ck_assert_int_eq(calltree_init(&tree, &set, &options), 0);

	ck_assert_uint_eq(tree.count, 6);
	ck_assert_str_eq(module_of(&tree, 1), "/opt/app");
	ck_assert(!tree.nodes[1].is_last);
	expect_bytes(&tree.nodes[1].cumulative, 10000, 10000, 2);
	ck_assert_str_eq(module_of(&tree, 2), "/opt/lib.so");
	ck_assert_uint_eq(tree.nodes[2].depth, 1);
	ck_assert(tree.nodes[2].is_last);
	expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	expect_bytes(&tree.nodes[3].self, 1920, 0, 80);
	expect_bytes(&tree.nodes[3].cumulative, 5920, 4000, 120);
	ck_assert_uint_eq(tree.nodes[5].depth, 4);
	expect_bytes(&tree.nodes[5].self, 4000, 4000, 40);
	calltree_done(&tree);
}
END_TEST

/* 4000 of 15920 are 25.1%. */
START_TEST(test_tree_counts_what_is_left_out)
{
	const struct calltree_options options[] = {
		{ .by = PLACES_MODULE,
		  .metric = METRIC_ALLOCATED_BYTES,
		  .min_percent = 30 },
		{ .by = PLACES_MODULE,
		  .metric = METRIC_ALLOCATED_BYTES,
		  .depth = 2 },
	};
	struct calltree tree;

	open_both();
	ck_assert_int_eq(calltree_init(&tree, &set, &options[_i]), 0);

	ck_assert_uint_eq(tree.count, 3);
	ck_assert_uint_eq(tree.hidden, 1);
	ck_assert_uint_eq(tree.nodes[2].hidden, 1);
	ck_assert_uint_eq(tree.nodes[1].hidden, 0);
	expect_bytes(&tree.nodes[2].self, 1920, 0, 80);
	expect_bytes(&tree.nodes[2].below, 4000, 4000, 40);
	expect_bytes(&tree.nodes[2].cumulative, 5920, 4000, 120);
	calltree_done(&tree);
}
END_TEST

/* lib calls app with 25.1% of it; the 37% of lib itself are shown. */
START_TEST(test_tree_inverted_counts_what_is_left_out)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
		.min_percent = 30,
	};
	struct calltree tree;

	open_both();
	ck_assert_int_eq(calltree_init(&tree, &set, &options), 0);

	ck_assert_uint_eq(tree.count, 4);
	ck_assert_uint_eq(tree.hidden, 1);
	ck_assert_uint_eq(tree.nodes[3].hidden, 1);
	expect_bytes(&tree.nodes[3].self, 1920, 0, 80);
	expect_bytes(&tree.nodes[3].below, 4000, 4000, 40);
	expect_bytes(&tree.nodes[3].cumulative, 5920, 4000, 120);
	expect_bytes(&tree.nodes[0].cumulative, 15920, 14000, 122);
	calltree_done(&tree);
}
END_TEST

/* ---- the difference ---- */

START_TEST(test_diff_by_site)
{
	const struct diff_options options = {
		.by = TOP_SITE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct diff diff;

	open_both();
	ck_assert_int_eq(diff_init(&diff, &set, &options), 0);

	ck_assert_uint_eq(diff.count, 2);
	ck_assert_uint_eq(diff.same, 1);
	ck_assert_uint_eq(diff.of_status[DIFF_GROWN], 2);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[0], METRIC_ALLOCATED_BYTES),
		2000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATED_BYTES), 960);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATIONS), 40);
	ck_assert_double_eq(
		diff_change(&diff, DIFF_TOTALS, METRIC_ALLOCATED_BYTES), 2960);
	diff_done(&diff);
}
END_TEST

/* Three times the work, three times the memory: only what is the same in both
 * is less of each unit. */
START_TEST(test_diff_by_unit_of_work)
{
	const double units[] = { 10, 30 };
	const struct diff_options options = {
		.by = TOP_SITE,
		.metric = METRIC_ALLOCATED_BYTES,
		.units = units,
	};
	struct diff diff;

	open_both();
	ck_assert_int_eq(diff_init(&diff, &set, &options), 0);

	ck_assert_uint_eq(diff.count, 1);
	ck_assert_uint_eq(diff.same, 2);
	ck_assert_int_eq(diff_status(&diff, diff.order[0]), DIFF_SHRUNK);
	ck_assert_double_eq(
		diff_value(&diff, diff.order[0], 0, METRIC_ALLOCATED_BYTES),
		500);
	diff_done(&diff);
}
END_TEST

/* What one of the dumps does not have at all. */
START_TEST(test_diff_finds_new_and_gone)
{
	const struct diff_options options = {
		.by = TOP_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct dump_builder builder;
	struct diff diff;
	uint32_t node;

	build(&builder, 0, 10, 2);
	open_dump(&builder);
	dump_builder_init(&builder);
	dump_builder_module(&builder, "/opt/ext.so", EXT, 0x1000);
	node = dump_builder_node(&builder, dump_builder_root(&builder, 1),
				 EXT + 0x10);
	dump_builder_count(
		&builder, dump_builder_thread(&builder, "x", 1),
		dump_builder_class(&builder, node, MPF_CALL_MALLOC, 9000), 9000,
		1, 0);
	open_dump(&builder);
	ck_assert_int_eq(diff_init(&diff, &set, &options), 0);

	ck_assert_uint_eq(diff.count, 3);
	ck_assert_uint_eq(diff.of_status[DIFF_NEW], 1);
	ck_assert_uint_eq(diff.of_status[DIFF_GONE], 2);
	ck_assert_int_eq(diff_status(&diff, diff.order[0]), DIFF_NEW);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[0], METRIC_ALLOCATED_BYTES),
		9000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[1], METRIC_ALLOCATED_BYTES),
		-5000);
	ck_assert_double_eq(
		diff_change(&diff, diff.order[2], METRIC_ALLOCATED_BYTES),
		-1480);
	diff_done(&diff);
}
END_TEST

/* ---- pages ---- */

static FILE *begin(struct term *term)
{
	static size_t bytes;
	FILE *file = open_memstream(&output, &bytes);

	term_init(term, file, &(struct term_choice) { .no_pager = true });
	return file;
}

START_TEST(test_diff_page)
{
	const struct diff_options options = {
		.by = TOP_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
	};
	struct diff diff;
	struct term term;
	FILE *file;

	open_both();
	file = begin(&term);
	ck_assert_int_eq(diff_init(&diff, &set, &options), 0);
	ck_assert_int_eq(text_diff_print(&term, &set, &diff), 0);
	fclose(file);

	ck_assert_ptr_nonnull(strstr(
		output,
		"\nChanges by module: bytes allocated, 1 of 1 shown: 0 new, "
		"1 grown, 0 shrunk, 0 gone; 1 the same\n"));
	ck_assert_ptr_nonnull(strstr(
		output, "\n     1.4 KiB     4.3 KiB     +2.9 KiB   +200.0%"
			"           +60  lib.so\n"));
	diff_done(&diff);
}
END_TEST

START_TEST(test_tree_page)
{
	const struct calltree_options options = {
		.by = PLACES_MODULE,
		.metric = METRIC_ALLOCATED_BYTES,
		.is_inverted = true,
		.depth = 2,
	};
	struct calltree tree;
	struct term term;
	FILE *file;

	open_both();
	file = begin(&term);
	ck_assert_int_eq(calltree_init(&tree, &set, &options), 0);
	text_tree_print(&term, &set, &tree, &options, 0);
	fclose(file);

	ck_assert_ptr_nonnull(strstr(
		output,
		"   share  cumulative   ends here  allocations  module\n"
		"  100.0%    15.5 KiB         0 B          122  (all)\n"
		"   62.8%     9.8 KiB     9.8 KiB            2  ->app\n"
		"   37.2%     5.8 KiB         0 B          120  ->lib.so\n"
		"   37.2%     5.8 KiB     1.9 KiB          120    ->app\n"
		"   25.1%     3.9 KiB                       40      "
		"->in 1 place not shown\n"));
	calltree_done(&tree);
}
END_TEST

/* On a narrow terminal no row is wider than it, and names keep their room. */
START_TEST(test_top_page_fits_a_terminal)
{
	static const unsigned widths[] = { 40, 60, 80, 100, 200 };
	const struct order_options how = { .metric = METRIC_ALLOCATED_BYTES };
	const struct text_top_options options = {
		.metric = METRIC_ALLOCATED_BYTES,
		.title = "bytes allocated",
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct order order;
	struct term term;
	struct top top;
	FILE *file;

	open_both();
	file = begin(&term);
	term.is_terminal = true;
	term.width = widths[_i];
	merge(&top, TOP_MODULE);
	ck_assert_int_eq(order_init(&order, &set, &top, &how, fault, &regex),
			 0);
	ck_assert_int_eq(text_top_print(&term, &set, &top, &order, &options),
			 0);
	fclose(file);

	for (char *line = strstr(output, "\n\n  "); line && *line;) {
		size_t bytes = strcspn(line, "\n");

		ck_assert_uint_le(bytes, widths[_i]);
		line += bytes + (line[bytes] == '\n');
	}
	ck_assert_ptr_nonnull(strstr(output, "lib.so\n"));
	order_done(&order);
	top_done(&top);
}
END_TEST

#define COUNT(array_) ((int)(sizeof(array_) / sizeof((array_)[0])))

static Suite *set_suite(void)
{
	Suite *suite = suite_create("set");
	TCase *tests = tcase_create("set");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_merge_by_module_adds_up);
	tcase_add_test(tests, test_merge_by_site_knows_moved_code);
	tcase_add_test(tests, test_merge_by_thread_and_size);
	tcase_add_test(tests, test_merge_of_another_build_without_names);
	tcase_add_test(tests, test_buckets_are_without_gaps);
	tcase_add_loop_test(tests, test_order_restricts_step_by_step, 0,
			    COUNT(restrictions));
	tcase_add_loop_test(tests, test_order_by_several_keys, 0,
			    COUNT(orders));
	tcase_add_test(tests, test_order_of_many_is_that_of_all);
	tcase_add_test(tests, test_callers_add_up_to_the_whole);
	tcase_add_test(tests, test_callees_add_up_to_the_whole);
	tcase_add_test(tests, test_edges_of_a_wrong_expression);
	tcase_add_test(tests, test_tree_from_the_top);
	tcase_add_test(tests, test_tree_folds_recursion);
	tcase_add_test(tests, test_tree_inverted);
	tcase_add_test(tests, test_tree_inverted_counts_what_is_left_out);
	tcase_add_loop_test(tests, test_tree_counts_what_is_left_out, 0, 2);
	tcase_add_test(tests, test_diff_by_site);
	tcase_add_test(tests, test_diff_by_unit_of_work);
	tcase_add_test(tests, test_diff_finds_new_and_gone);
	tcase_add_test(tests, test_diff_page);
	tcase_add_test(tests, test_tree_page);
	tcase_add_loop_test(tests, test_top_page_fits_a_terminal, 0, 5);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(set_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
