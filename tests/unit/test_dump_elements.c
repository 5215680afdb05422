/* SPDX-License-Identifier: MIT */
/* Elements of the arrays of a dump that cannot be: each has its own answer. */
#include "config.h"

#include <check.h>
#include <string.h>

#include "tests/unit/dump_case.h"

/* Nodes. */

START_TEST(test_dump_parent_is_not_earlier)
{
	set_parent(sample.a, sample.b);
	expect_corrupt("parent of a node", node_offset(sample.a));
	set_parent(sample.a, sample.a);
	expect_corrupt("parent of a node", node_offset(sample.a));
	set_parent(sample.a, UINT64_C(1) << 32 | sample.main);
	expect_corrupt("parent of a node", node_offset(sample.a));
	set_parent(sample.a, 0);
	expect_corrupt("parent of a node", node_offset(sample.a));
}
END_TEST

START_TEST(test_dump_stack_ends_in_an_unused_node)
{
	*node(sample.main) = (struct mpf_node) { 0 };
	expect_corrupt("unused node", node_offset(sample.main));
}
END_TEST

START_TEST(test_dump_nodes_without_a_link_follow_their_parents)
{
	const uint64_t pcs[] = {
		(uint64_t)MPF_NODE_ROOT << 60 | 1,
		SAMPLE_MAIN_START + 1,
		SAMPLE_MAIN_START + 2,
		(uint64_t)MPF_NODE_CLASS << 60 | MPF_CLASS(MPF_CALL_MALLOC, 8),
	};
	struct dump_error error;
	struct dump *dump;
	uint32_t last = 0;

	for (size_t i = 0; i < 4; i += 2)
		last = dump_builder_node(&sample.builder, 0, 0x1234);
	for (size_t i = 0; i < 4; i++)
		node(last - 3 + (uint32_t)i)->pc = pcs[i];
	dump_builder_count(&sample.builder, sample.thread0, last, 8, 1, 0);
	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_int_eq(dump->node_kinds[last - 3], DUMP_NODE_ROOT);
	ck_assert_uint_eq(dump_parent(dump, last - 3), 0);
	for (uint32_t i = last - 2; i <= last; i++)
		ck_assert_uint_eq(dump_parent(dump, i), i - 1);
	ck_assert_int_eq(dump->node_kinds[last], DUMP_NODE_CLASS);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_counter_names_a_link)
{
	slot(0)->class_node = sample.class_malloc - 1;
	expect_corrupt("link in the place of a node",
		       node_offset(sample.class_malloc - 1));
}
END_TEST

START_TEST(test_dump_cut_is_not_below_a_root)
{
	set_parent(sample.cut, sample.a);
	expect_corrupt("kind of a node", node_offset(sample.cut));
}
END_TEST

START_TEST(test_dump_kind_is_unknown)
{
	node(sample.b)->pc |= UINT64_C(9) << 60;
	expect_corrupt("kind of a node", node_offset(sample.b));
}
END_TEST

START_TEST(test_dump_class_has_children)
{
	set_parent(sample.class_realloc, sample.class_malloc);
	expect_corrupt("parent of a node", node_offset(sample.class_realloc));
}
END_TEST

static const uint64_t wrong_classes[] = {
	MPF_CLASS(0, 5),
	MPF_CLASS(MPF_CALL_MAX + 1, 5),
	MPF_CLASS(MPF_CALL_MALLOC, MPF_BUCKETS),
};

START_TEST(test_dump_class_is_out_of_range)
{
	node(sample.class_new)->pc =
		(uint64_t)MPF_NODE_CLASS << 60 | wrong_classes[_i];
	expect_corrupt("class of a node", node_offset(sample.class_new));
}
END_TEST

START_TEST(test_dump_stack_is_deeper_than_the_header_says)
{
	header()->max_depth = 2;
	expect_corrupt("depth of a stack", node_offset(sample.b));
}
END_TEST

START_TEST(test_dump_half_written_nodes_that_nothing_uses_are_fine)
{
	struct dump_error error;
	struct dump *dump;
	uint32_t half = dump_builder_node(&sample.builder, 0, 0x1234);
	uint32_t child = dump_builder_node(&sample.builder, half, 0x1235);

	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_int_eq(dump->node_kinds[half], DUMP_NODE_NONE);
	ck_assert_int_eq(dump->node_kinds[child], DUMP_NODE_NONE);
	dump_close(dump);
}
END_TEST

/* Slots. */

START_TEST(test_dump_slot_names_no_class)
{
	slot(1)->class_node = sample.a;
	expect_corrupt("class of a counter", slot_offset(1));
	slot(1)->class_node = UINT32_MAX;
	expect_corrupt("class of a counter", slot_offset(1));
	slot(1)->class_node = 3;
	expect_corrupt("unused node", node_offset(3));
}
END_TEST

START_TEST(test_dump_slot_has_no_owner)
{
	segment(MPF_SEG_SLOTS, 0)->owner = 77;
	expect_corrupt("owner of a counter", slot_offset(0));
	segment(MPF_SEG_SLOTS, 0)->owner = 5; /* exists, but is unused */
	expect_corrupt("owner of a counter", slot_offset(0));
}
END_TEST

START_TEST(test_dump_counters_that_cannot_be)
{
	slot(0)->allocs = UINT64_C(1) << 63;
	expect_corrupt("value of a counter", slot_offset(0));
	slot(0)->allocs = 10;
	slot(2)->peak_bytes = -DUMP_MAX_COUNT - 1;
	expect_corrupt("value of a counter", slot_offset(2));
	slot(2)->peak_bytes = 0;
	/* Each fits, their sum does not. */
	slot(0)->alloc_bytes = DUMP_MAX_COUNT - 100;
	slot(1)->alloc_bytes = 101;
	expect_corrupt("value of a counter", slot_offset(1));
}
END_TEST

START_TEST(test_dump_salvage_keeps_the_other_slots)
{
	struct dump_error error;
	struct dump *dump;

	slot(0)->class_node = UINT32_MAX;

	dump = open_sample(true, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_uint_eq(dump->dropped_count, 1);
	ck_assert_uint_eq(dump->slots[1].class_node, 0);
	ck_assert_uint_eq(dump->slots[2].allocs, 3);
	dump_close(dump);
}
END_TEST

/* Interpreted code. */

/* Makes the frame of class_malloc a Python one. */
static uint32_t add_code(void)
{
	uint32_t code = dump_builder_code(&sample.builder, "/src/a.py", "f",
					  "\x80\x01", MPF_CODE_LOCATIONS);

	node(sample.a)->pc = MPF_PYTHON_AT(code, 1);
	return code;
}

START_TEST(test_dump_python_frames_are_read)
{
	struct dump_error error;
	struct dump *dump;

	add_code();
	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_uint_eq(dump->node_kinds[sample.a], DUMP_NODE_PYTHON);
	ck_assert_uint_eq(dump->dropped_count, 0);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_code_is_wrong)
{
	const uint32_t number = add_code();
	const uint64_t at =
		dump_builder_element(&sample.builder, MPF_SEG_CODES, 0, number);
	struct mpf_code *code = dump_builder_at(&sample.builder, at);

	switch (_i) {
	case 0:
		code->lines_kind = MPF_CODE_LOCATIONS + 1;
		expect_corrupt("kind of the lines of code", at);
		break;
	case 1:
		code->file.offset = 1;
		expect_corrupt("file of code", at);
		break;
	case 2:
		code->name.bytes = UINT64_MAX;
		expect_corrupt("name of code", at);
		break;
	case 3:
		code->lines.offset = UINT64_MAX - 1;
		expect_corrupt("lines of code", at);
		break;
	default: /* being written: no stack may be built on it */
		code->lines_kind = 0;
		expect_corrupt("code of a node", node_offset(sample.a));
	}
}
END_TEST

START_TEST(test_dump_node_names_no_code)
{
	const uint32_t number = add_code();

	node(sample.a)->pc =
		MPF_PYTHON_AT(_i ? number + 1 : MPF_PYTHON_CODES - 1, 1);
	expect_corrupt("code of a node", node_offset(sample.a));
}
END_TEST

/* Modules. */

START_TEST(test_dump_module_is_wrong)
{
	struct mpf_module *module =
		(struct mpf_module *)segment(MPF_SEG_MODULES, 0) + 1;
	uint64_t at = dump_builder_find(&sample.builder, MPF_SEG_MODULES, 0) +
		      sizeof(*module);

	switch (_i) {
	case 0:
		module->end = module->start;
		expect_corrupt("addresses of a module", at);
		break;
	case 1:
		module->end = UINT64_MAX;
		expect_corrupt("addresses of a module", at);
		break;
	case 2:
		module->first_generation = 3;
		module->end_generation = 2;
		expect_corrupt("generations of a module", at);
		break;
	case 3:
		module->build_id_bytes = MPF_BUILD_ID_BYTES + 1;
		expect_corrupt("build-id of a module", at);
		break;
	case 4:
		module->path.offset = 1;
		expect_corrupt("path of a module", at);
		break;
	default:
		module->path.bytes = DUMP_MAX_PATH + 1;
		expect_corrupt("path of a module", at);
		break;
	}
}
END_TEST

static void add(TCase *tests)
{
	tcase_add_test(tests, test_dump_parent_is_not_earlier);
	tcase_add_test(tests, test_dump_stack_ends_in_an_unused_node);
	tcase_add_test(tests,
		       test_dump_nodes_without_a_link_follow_their_parents);
	tcase_add_test(tests, test_dump_counter_names_a_link);
	tcase_add_test(tests, test_dump_cut_is_not_below_a_root);
	tcase_add_test(tests, test_dump_kind_is_unknown);
	tcase_add_test(tests, test_dump_class_has_children);
	tcase_add_loop_test(tests, test_dump_class_is_out_of_range, 0,
			    COUNT(wrong_classes));
	tcase_add_test(tests, test_dump_stack_is_deeper_than_the_header_says);
	tcase_add_test(tests,
		       test_dump_half_written_nodes_that_nothing_uses_are_fine);
	tcase_add_test(tests, test_dump_slot_names_no_class);
	tcase_add_test(tests, test_dump_slot_has_no_owner);
	tcase_add_test(tests, test_dump_counters_that_cannot_be);
	tcase_add_test(tests, test_dump_salvage_keeps_the_other_slots);
	tcase_add_test(tests, test_dump_python_frames_are_read);
	tcase_add_loop_test(tests, test_dump_code_is_wrong, 0, 5);
	tcase_add_loop_test(tests, test_dump_node_names_no_code, 0, 2);
	tcase_add_loop_test(tests, test_dump_module_is_wrong, 0, 6);
}

int main(void)
{
	return dump_case_run("dump elements", add);
}
