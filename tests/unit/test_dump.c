/* SPDX-License-Identifier: MIT */
/*
 * Opening dumps: a valid one comes back as it was written; each thing that
 * can be wrong with one has its own answer.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/dump.h"
#include "tests/unit/dump_sample.h"

static char folder[] = "/tmp/memprof-test-dump-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_sample sample;

static void set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_sample_init(&sample);
}

static void tear_down(void)
{
	dump_builder_done(&sample.builder);
	remove(path);
	rmdir(folder);
}

/* Opens the sample as it is now. NULL with the error when it is refused. */
static struct dump *open_sample(bool salvage, struct dump_error *ret_error)
{
	const struct dump_options options = { .salvage = salvage };
	struct dump *dump = NULL;
	int ret;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	*ret_error = (struct dump_error) { .code = DUMP_OK };
	ret = dump_open(path, &options, &dump, ret_error);
	ck_assert_int_eq(ret, ret_error->code);
	ck_assert_int_eq(ret == 0, dump != NULL);
	return dump;
}

static struct dump_error refusal(void)
{
	struct dump_error error;
	struct dump *dump = open_sample(false, &error);

	ck_assert_ptr_null(dump);
	return error;
}

static void expect_corrupt(const char *what, uint64_t offset)
{
	struct dump_error error = refusal();
	struct dump *dump;

	ck_assert_int_eq(error.code, DUMP_CORRUPT);
	ck_assert_str_eq(error.what, what);
	ck_assert_uint_eq(error.offset, offset);

	/* Salvage goes on without it, and says so. */
	dump = open_sample(true, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_uint_ge(dump->dropped_count, 1);
	ck_assert_str_eq(dump->dropped[0].what, what);
	ck_assert_uint_eq(dump->dropped[0].offset, offset);
	dump_close(dump);
}

static struct mpf_header *header(void)
{
	return dump_builder_header(&sample.builder);
}

static struct mpf_node *node(uint32_t index)
{
	return dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, MPF_SEG_NODES, 0, index));
}

/* The builder puts a link before each node. */
static void set_parent(uint32_t index, uint64_t parent)
{
	node(index - 1)->pc = (uint64_t)MPF_NODE_LINK << 60 | parent;
}

static uint64_t node_offset(uint32_t index)
{
	return dump_builder_element(&sample.builder, MPF_SEG_NODES, 0, index);
}

static struct mpf_segment *segment(uint32_t type, unsigned n)
{
	return dump_builder_at(&sample.builder,
			       dump_builder_find(&sample.builder, type, n));
}

/* The n-th slot of the first writer. */
static struct mpf_slot *slot(unsigned n)
{
	return (struct mpf_slot *)segment(MPF_SEG_SLOTS, 0) + 1 + n;
}

static uint64_t slot_offset(unsigned n)
{
	return dump_builder_find(&sample.builder, MPF_SEG_SLOTS, 0) +
	       (1 + n) * sizeof(struct mpf_slot);
}

START_TEST(test_dump_valid_comes_back_as_written)
{
	struct dump_error error;
	struct dump *dump = open_sample(false, &error);
	size_t bytes, used = 0;

	ck_assert_ptr_nonnull(dump);
	ck_assert_int_eq(dump->process, DUMP_EXITED);
	ck_assert_uint_eq(dump->header.pid, 4711);
	ck_assert_uint_eq(dump->file_bytes, sample.builder.used);
	ck_assert_mem_eq(dump_text(dump, dump->header.program, &bytes),
			 "/opt/app/app", 12);
	ck_assert_uint_eq(bytes, 12);
	ck_assert_mem_eq(dump_text(dump, dump->header.command_line, &bytes),
			 "./app\0-v\0a b\0", 13);
	ck_assert_uint_eq(bytes, 13);
	dump_text(dump, dump->header.system, &bytes);
	ck_assert_uint_eq(bytes, 0);
	ck_assert_int_eq(dump->node_kinds[sample.root], DUMP_NODE_ROOT);
	ck_assert_int_eq(dump->node_kinds[sample.b], DUMP_NODE_FRAME);
	ck_assert_int_eq(dump->node_kinds[sample.cut], DUMP_NODE_CUT);
	ck_assert_int_eq(dump->node_kinds[sample.class_new], DUMP_NODE_CLASS);
	ck_assert_uint_eq(dump_parent(dump, sample.b), sample.a);
	ck_assert_uint_eq(dump->nodes[sample.b].pc, SAMPLE_LIB_START + 0x300);
	ck_assert_str_eq(dump->threads[sample.thread1].name, "worker");
	for (size_t i = 0; i < dump->slot_count; i++)
		used += dump->slots[i].class_node != 0;
	ck_assert_uint_eq(used, 5);
	ck_assert_uint_eq(dump->run_count, 2);
	ck_assert_uint_eq(dump->runs[0].owner, sample.thread0);
	ck_assert_uint_eq(dump->runs[1].owner, sample.thread1);
	ck_assert_uint_eq(dump->dropped_count, 0);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_headers_of_segments_are_no_elements)
{
	struct dump_error error;
	struct dump *dump = open_sample(false, &error);

	ck_assert_ptr_nonnull(dump);
	for (size_t i = 0; i < 8; i++)
		ck_assert_uint_eq(dump->nodes[i].pc, 0);
	ck_assert_uint_eq(dump->modules[0].end, 0);
	ck_assert_uint_eq(dump->threads[0].threads, 0);
	ck_assert_uint_eq(dump->slots[0].class_node, 0);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_many_segments_make_one_array)
{
	struct dump_error error;
	uint32_t last = sample.main;
	struct dump *dump;

	header()->max_depth = 2000;
	for (int i = 0; i < 1000; i++)
		last = dump_builder_node(&sample.builder, last,
					 SAMPLE_MAIN_START + 1);
	last = dump_builder_class(&sample.builder, last, MPF_CALL_MALLOC, 1);
	dump_builder_count(&sample.builder, sample.thread0, last, 1, 1, 0);

	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	ck_assert_uint_gt(dump->node_count, 1000);
	ck_assert_int_eq(dump->node_kinds[last], DUMP_NODE_CLASS);
	/* 512, 1024, 1536 are hidden by the headers of their segments. */
	ck_assert_int_eq(dump->node_kinds[512], DUMP_NODE_NONE);
	ck_assert_int_eq(dump->node_kinds[520], DUMP_NODE_NONE);
	ck_assert_int_eq(dump->node_kinds[521], DUMP_NODE_FRAME);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_unknown_segments_are_passed_over)
{
	struct dump_error error;
	struct dump *dump;

	dump_builder_segment(&sample.builder, 1234, 7, 9, 99, 8192);
	dump_builder_count(&sample.builder, sample.thread1, sample.class_malloc,
			   100, 1, 0);
	dump_builder_segment(&sample.builder, MPF_SEG_GAP, 0, 1, 0, 4096);

	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_space_reserved_behind_is_no_matter)
{
	struct dump_error error;
	struct dump *dump;
	uint64_t used = header()->used_bytes;

	dump_builder_segment(&sample.builder, 0, 0, 0, 0, 65536);
	memset(dump_builder_at(&sample.builder, used), 0, 65536);
	header()->used_bytes = used;

	dump = open_sample(false, &error);
	ck_assert_ptr_nonnull(dump);
	dump_close(dump);
}
END_TEST

/* Kinds of files that are no dumps. */

static struct dump_error refusal_of(const char *name)
{
	struct dump_error error = { .code = DUMP_OK };
	struct dump *dump = NULL;
	int ret = dump_open(name, NULL, &dump, &error);

	ck_assert_ptr_null(dump);
	ck_assert_int_eq(ret, error.code);
	return error;
}

static struct dump_error refusal_of_bytes(const void *bytes, size_t count)
{
	FILE *file = fopen(path, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(bytes, 1, count, file), count);
	ck_assert_int_eq(fclose(file), 0);
	return refusal_of(path);
}

START_TEST(test_dump_missing_file)
{
	struct dump_error error = refusal_of("/nonexistent/x.mp");

	ck_assert_int_eq(error.code, DUMP_MISSING);
	ck_assert_int_eq(error.system_errno, ENOENT);
}
END_TEST

START_TEST(test_dump_directory)
{
	ck_assert_int_eq(refusal_of("/").code, DUMP_DIRECTORY);
}
END_TEST

START_TEST(test_dump_fifo_is_not_waited_for)
{
	ck_assert_int_eq(mkfifo(path, 0600), 0);

	ck_assert_int_eq(refusal_of(path).code, DUMP_SPECIAL);
	ck_assert_int_eq(refusal_of("/dev/zero").code, DUMP_SPECIAL);
}
END_TEST

START_TEST(test_dump_without_permission)
{
	struct dump_error error;

	if (geteuid() == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	error = refusal_of("/proc/1/mem");
	if (geteuid() == 65534)
		ck_assert_int_eq(seteuid(0), 0);

	ck_assert_int_eq(error.code, DUMP_DENIED);
	ck_assert_int_eq(error.system_errno, EACCES);
}
END_TEST

START_TEST(test_dump_empty_or_only_zeroes)
{
	static const char zeroes[10000];

	ck_assert_int_eq(refusal_of_bytes("", 0).code, DUMP_EMPTY);
	ck_assert_int_eq(refusal_of_bytes(zeroes, 1).code, DUMP_EMPTY);
	ck_assert_int_eq(refusal_of_bytes(zeroes, sizeof(zeroes)).code,
			 DUMP_EMPTY);
}
END_TEST

START_TEST(test_dump_other_files)
{
	struct dump_error error = refusal_of_bytes("hello, world\n", 13);

	ck_assert_int_eq(error.code, DUMP_FOREIGN);
	ck_assert_str_eq(error.what, "text");
	error = refusal_of_bytes("\x7f"
				 "ELF\x02\x01",
				 6);
	ck_assert_int_eq(error.code, DUMP_FOREIGN);
	ck_assert_ptr_null(error.what);
}
END_TEST

START_TEST(test_dump_newer_version)
{
	struct dump_error error;

	header()->version = MPF_VERSION + 41;

	error = refusal();
	ck_assert_int_eq(error.code, DUMP_NEWER);
	ck_assert_uint_eq(error.value, MPF_VERSION + 41);
}
END_TEST

START_TEST(test_dump_other_byte_order)
{
	header()->byte_order = 0x04030201;
	header()->version = 0x01000000;

	ck_assert_int_eq(refusal().code, DUMP_BYTE_ORDER);
}
END_TEST

START_TEST(test_dump_cut_anywhere)
{
	const struct dump_options salvage = { .salvage = true };
	uint64_t all = sample.builder.used;

	for (uint64_t bytes = 1; bytes < all;
	     bytes += bytes < 4200 ? 61 : 997) {
		struct dump_error error = { .code = DUMP_OK };
		struct dump *dump = NULL;

		dump_builder_save(&sample.builder, path, bytes);
		ck_assert_int_eq(dump_open(path, NULL, &dump, &error),
				 DUMP_CUT);
		ck_assert_uint_eq(error.value,
				  (bytes < 4096 ? 4096 : all) - bytes);
		if (bytes < 4096)
			continue;
		ck_assert_int_eq(dump_open(path, &salvage, &dump, &error), 0);
		ck_assert_uint_ge(dump->dropped_count, 1);
		ck_assert_str_eq(dump->dropped[0].what, "end of the file");
		dump_close(dump);
	}
}
END_TEST

START_TEST(test_dump_salvage_reads_what_a_cut_leaves)
{
	const struct dump_options salvage = { .salvage = true };
	struct dump_error error;
	struct dump *dump;

	/* The last segment holds the slots of the second thread. */
	dump_builder_save(&sample.builder, path, sample.builder.used - 1);
	ck_assert_int_eq(dump_open(path, &salvage, &dump, &error), 0);
	ck_assert_uint_eq(dump->run_count, 1);
	ck_assert_uint_eq(dump->slots[1].allocs, 10);
	ck_assert_int_eq(dump->node_kinds[sample.class_new], DUMP_NODE_CLASS);
	dump_close(dump);
}
END_TEST

/* Fields of the header, each wrong in turn. */

#define FIELD(name)                        \
	offsetof(struct mpf_header, name), \
		sizeof(((struct mpf_header *)0)->name)

static const struct {
	size_t offset, bytes;
	uint64_t value;
	const char *what;
} wrong_fields[] = {
	{ FIELD(version), 0, "version" },
	{ FIELD(header_bytes), 8192, "header length" },
	{ FIELD(byte_order), 0x01020305, "byte order" },
	{ FIELD(used_bytes), 4095, "used length" },
	{ FIELD(used_bytes), 0, "used length" },
	{ FIELD(used_bytes), UINT64_MAX & ~UINT64_C(4095), "used length" },
	{ FIELD(state), 0, "state" },
	{ FIELD(state), 4, "state" },
	{ FIELD(unwind), 0, "unwind method" },
	{ FIELD(unwind), 3, "unwind method" },
	{ FIELD(max_depth), 0, "greatest depth" },
	{ FIELD(max_depth), DUMP_MAX_DEPTH + 1, "greatest depth" },
	{ FIELD(failure), 6, "failure" },
	{ FIELD(peak_bytes), UINT64_C(1) << 63, "peak" },
	{ FIELD(inherited_blocks), UINT64_C(1) << 63, "inherited blocks" },
	{ FIELD(untracked_allocs), UINT64_C(1) << 63, "untracked blocks" },
	{ FIELD(private_bytes), UINT64_C(1) << 63, "memory of the process" },
	{ FIELD(python), MPF_PYTHON_STOPPED + 1, "state of Python" },
	{ FIELD(python_objects), MPF_OBJECTS_FAILED + 1,
	  "state of Python's objects" },
	{ FIELD(check_differences), 1, "compared walks" },
	{ FIELD(program.offset), 4096, "text of the header" },
	{ FIELD(program.bytes), 4096, "text of the header" },
	{ FIELD(command_line.offset), UINT64_MAX - 3, "text of the header" },
	{ FIELD(settings.bytes), UINT64_MAX, "text of the header" },
	{ FIELD(overflow.allocs), UINT64_C(1) << 63, "value of a counter" },
};

START_TEST(test_dump_field_of_the_header_is_wrong)
{
	size_t offset = wrong_fields[_i].offset;
	const struct mpf_text *text;

	memcpy(dump_builder_at(&sample.builder, offset),
	       &wrong_fields[_i].value, wrong_fields[_i].bytes);

	/* Of a text the place told is that of its offset; of the overflow
	 * that of the whole. */
	text = dump_builder_at(&sample.builder, offset - 8);
	if (strstr(wrong_fields[_i].what, "text") && text->offset >= 4096 &&
	    text->offset < sample.builder.used && text->bytes > 4095)
		offset -= 8;
	expect_corrupt(wrong_fields[_i].what, offset);
}
END_TEST

START_TEST(test_dump_memory_of_the_process_is_wrong)
{
	uint64_t *fields[] = { &header()->private_live_bytes,
			       &header()->unseen_peak_bytes,
			       &header()->resident_peak_bytes };

	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		*fields[i] = UINT64_MAX;
		expect_corrupt("memory of the process", MPF_UNSEEN_OFFSET);
		*fields[i] = DUMP_MAX_COUNT;
	}
}
END_TEST

START_TEST(test_dump_texts_stay_in_their_segment)
{
	uint64_t at = dump_builder_find(&sample.builder, MPF_SEG_TEXT, 0);

	/* The header of the segment is no text, and its end is the end. */
	header()->host.offset = at + MPF_SEGMENT_BYTES - 1;
	header()->host.bytes = 1;
	ck_assert_int_eq(refusal().code, DUMP_CORRUPT);
	header()->host.offset = at + 4000;
	header()->host.bytes = 97;
	ck_assert_int_eq(refusal().code, DUMP_CORRUPT);
	header()->host.bytes = 96;
	{
		struct dump_error error;
		struct dump *dump = open_sample(false, &error);

		ck_assert_ptr_nonnull(dump);
		dump_close(dump);
	}
}
END_TEST

/* Segments. */

START_TEST(test_dump_magic_of_a_segment_is_wrong)
{
	segment(MPF_SEG_MODULES, 0)->magic ^= 1;
	expect_corrupt("magic of a segment",
		       dump_builder_find(&sample.builder, MPF_SEG_MODULES, 0));
}
END_TEST

static const uint64_t wrong_lengths[] = {
	0, 1, 4095, 4097, 1 << 20, UINT64_MAX, UINT64_MAX - 4095
};

START_TEST(test_dump_length_of_a_segment_is_wrong)
{
	uint64_t at = dump_builder_find(&sample.builder, MPF_SEG_NODES, 0);

	segment(MPF_SEG_NODES, 0)->bytes = wrong_lengths[_i];
	ck_assert_int_eq(refusal().code, DUMP_CORRUPT);
	ck_assert_str_eq(refusal().what, "length of a segment");
	ck_assert_uint_eq(refusal().offset, at);
	ck_assert_uint_eq(refusal().segment, 3);
}
END_TEST

START_TEST(test_dump_element_size_is_wrong)
{
	segment(MPF_SEG_SLOTS, 0)->elem_bytes = 32;
	expect_corrupt("element size of a segment",
		       dump_builder_find(&sample.builder, MPF_SEG_SLOTS, 0));
}
END_TEST

START_TEST(test_dump_first_index_leaves_a_hole)
{
	uint64_t at = dump_builder_find(&sample.builder, MPF_SEG_NODES, 0);

	segment(MPF_SEG_NODES, 0)->first = 512;
	ck_assert_str_eq(refusal().what, "first index of a segment");
	ck_assert_uint_eq(refusal().offset, at);
	segment(MPF_SEG_NODES, 0)->first = UINT64_MAX - 10;
	ck_assert_str_eq(refusal().what, "first index of a segment");
}
END_TEST

START_TEST(test_dump_segments_overlap)
{
	uint64_t at = dump_builder_segment(&sample.builder, MPF_SEG_THREADS, 0,
					   sizeof(struct mpf_thread), 0, 4096);

	expect_corrupt("first index of a segment", at);
}
END_TEST

START_TEST(test_dump_slots_of_each_owner_begin_at_zero)
{
	segment(MPF_SEG_SLOTS, 1)->first = 64;
	expect_corrupt("first index of a segment",
		       dump_builder_find(&sample.builder, MPF_SEG_SLOTS, 1));
}
END_TEST

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

/* Hostile sizes. */

START_TEST(test_dump_sparse_file_costs_nothing)
{
	const struct dump_options salvage = { .salvage = true };
	const uint64_t gib = UINT64_C(1) << 30;
	struct dump_error error;
	struct dump *dump = NULL;
	struct rusage before, after;

	dump_builder_segment(&sample.builder, MPF_SEG_TEXT, 0, 1, 4096, 4096);
	segment(MPF_SEG_TEXT, 1)->bytes = 3 * gib - sample.builder.used + 4096;
	header()->used_bytes = 3 * gib;
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(truncate(path, (off_t)(3 * gib)), 0);

	getrusage(RUSAGE_SELF, &before);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	dump_close(dump);
	ck_assert_int_eq(dump_open(path, &salvage, &dump, &error), 0);
	dump_close(dump);
	getrusage(RUSAGE_SELF, &after);
	ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 16 * 1024);
}
END_TEST

/* What became of the process. */

static bool was_changing;

static void write_header(const char *name, const struct mpf_header *as)
{
	FILE *file = fopen(name, "we");

	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(as, sizeof(*as), 1, file), 1);
	ck_assert_int_eq(fclose(file), 0);
}

static enum dump_process process_of_sample(bool is_mapped)
{
	struct dump_error error;
	struct dump *dump;
	enum dump_process process;
	void *map = MAP_FAILED;
	int fd;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (is_mapped)
		map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	process = dump->process;
	was_changing = dump->is_changing;
	dump_close(dump);
	if (map != MAP_FAILED)
		munmap(map, 4096);
	return process;
}

/* We are the program that was recorded. */
static void set_own_program(void)
{
	char own[4096];
	ssize_t bytes = readlink("/proc/self/exe", own, sizeof(own));

	ck_assert_int_gt(bytes, 0);
	header()->program =
		dump_builder_text(&sample.builder, own, (size_t)bytes);
}

/* Made while the process recorded into memory; nobody has that any more. */
START_TEST(test_dump_may_be_a_copy)
{
	struct dump_error error;
	struct dump *dump;

	header()->state = MPF_RUNNING;
	header()->end_ns = 0;
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	ck_assert(!dump->is_copy);
	dump_close(dump);

	header()->end_ns = header()->start_ns + 1;
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	ck_assert(dump->is_copy);
	ck_assert(dump->is_changing);
	ck_assert_int_eq(dump->process, DUMP_VANISHED);
	dump_close(dump);

	/* Killed between the last two words. */
	header()->state = MPF_EXITED;
	header()->end_ns = 0;
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	ck_assert(!dump->is_copy);
	ck_assert_int_eq(dump->process, DUMP_EXITED);
	dump_close(dump);
}
END_TEST

START_TEST(test_dump_tells_killed_from_replaced)
{
	struct mpf_header later;
	char beside[sizeof(path) + 32];

	header()->state = MPF_RUNNING;
	header()->process_ticks = 77;
	later = *header();
	snprintf(beside, sizeof(beside), "%s/other.%u.mp", folder, later.pid);

	/* A dump beside it is of the same process, at the same time. */
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);
	later.start_ns++;
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_REPLACED);
	/* Of another process of that number, by turns. */
	later.process_ticks++;
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);
	later.process_ticks--;
	later.boot_id[15] ^= 1;
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);
	later.boot_id[15] ^= 1;
	later.pid++;
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);
	later.pid--;
	later.magic[0]++;
	write_header(beside, &later);
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);
	/* Who has ended is not looked for. */
	later.magic[0]--;
	write_header(beside, &later);
	header()->state = MPF_EXITED;
	ck_assert_int_eq(process_of_sample(false), DUMP_EXITED);
	remove(beside);
}
END_TEST

/* What is left of the mode of the sample once it was read. */
static mode_t mode_after_reading(bool is_mapped)
{
	struct dump_error error;
	struct dump *dump;
	void *map = MAP_FAILED;
	struct stat st;
	int fd;

	remove(path);
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	fd = open(path, O_RDWR | O_CLOEXEC);
	ck_assert_int_eq(fchmod(fd, 0400), 0);
	if (is_mapped)
		map = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd,
			   0);
	close(fd);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	dump_close(dump);
	if (map != MAP_FAILED)
		munmap(map, 4096);
	ck_assert_int_eq(stat(path, &st), 0);
	return st.st_mode & 07777;
}

START_TEST(test_dump_of_a_killed_process_is_its_owners_again)
{
	header()->state = MPF_RUNNING;

	ck_assert_uint_eq(mode_after_reading(false), 0600);
	/* Somebody whom we cannot see records into it. */
	ck_assert_uint_eq(mode_after_reading(true), 0400);
	/* That was its owner's doing. */
	header()->state = MPF_EXITED;
	ck_assert_uint_eq(mode_after_reading(false), 0400);
}
END_TEST

START_TEST(test_dump_tells_running_from_killed)
{
	ck_assert_int_eq(process_of_sample(false), DUMP_EXITED);
	header()->state = MPF_EXECED;
	ck_assert_int_eq(process_of_sample(false), DUMP_REPLACED);
	header()->state = MPF_RUNNING;
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);

	/* Ourselves, with the file mapped. */
	dump_builder_is_ours(&sample.builder);
	ck_assert_int_eq(process_of_sample(true), DUMP_RUNNING);
	/* Not mapped: it is another program now than the one recorded. */
	ck_assert_int_eq(process_of_sample(false), DUMP_REPLACED);
	set_own_program();
	ck_assert_int_eq(process_of_sample(false), DUMP_VANISHED);

	/* On its way out, which destructors and other threads may prolong. */
	header()->state = MPF_EXITED;
	ck_assert_int_eq(process_of_sample(true), DUMP_EXITED);
	ck_assert(was_changing);
	ck_assert_int_eq(process_of_sample(false), DUMP_EXITED);
	ck_assert(!was_changing);
	header()->state = MPF_RUNNING;

	/* The pid went to another process, or it was another boot. */
	header()->process_ticks++;
	ck_assert_int_eq(process_of_sample(true), DUMP_VANISHED);
	header()->process_ticks--;
	header()->boot_id[3] ^= 1;
	ck_assert_int_eq(process_of_sample(true), DUMP_VANISHED);
}
END_TEST

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

static Suite *dump_suite(void)
{
	Suite *suite = suite_create("dump");
	TCase *tests = tcase_create("dump");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests, test_dump_valid_comes_back_as_written);
	tcase_add_test(tests, test_dump_headers_of_segments_are_no_elements);
	tcase_add_test(tests, test_dump_many_segments_make_one_array);
	tcase_add_test(tests, test_dump_unknown_segments_are_passed_over);
	tcase_add_test(tests, test_dump_space_reserved_behind_is_no_matter);
	tcase_add_test(tests, test_dump_missing_file);
	tcase_add_test(tests, test_dump_directory);
	tcase_add_test(tests, test_dump_fifo_is_not_waited_for);
	tcase_add_test(tests, test_dump_without_permission);
	tcase_add_test(tests, test_dump_empty_or_only_zeroes);
	tcase_add_test(tests, test_dump_other_files);
	tcase_add_test(tests, test_dump_newer_version);
	tcase_add_test(tests, test_dump_other_byte_order);
	tcase_add_test(tests, test_dump_cut_anywhere);
	tcase_add_test(tests, test_dump_salvage_reads_what_a_cut_leaves);
	tcase_add_loop_test(tests, test_dump_field_of_the_header_is_wrong, 0,
			    COUNT(wrong_fields));
	tcase_add_test(tests, test_dump_memory_of_the_process_is_wrong);
	tcase_add_test(tests, test_dump_texts_stay_in_their_segment);
	tcase_add_test(tests, test_dump_magic_of_a_segment_is_wrong);
	tcase_add_loop_test(tests, test_dump_length_of_a_segment_is_wrong, 0,
			    COUNT(wrong_lengths));
	tcase_add_test(tests, test_dump_element_size_is_wrong);
	tcase_add_test(tests, test_dump_first_index_leaves_a_hole);
	tcase_add_test(tests, test_dump_segments_overlap);
	tcase_add_test(tests, test_dump_slots_of_each_owner_begin_at_zero);
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
	tcase_add_test(tests, test_dump_sparse_file_costs_nothing);
	tcase_add_test(tests, test_dump_tells_running_from_killed);
	tcase_add_test(tests, test_dump_may_be_a_copy);
	tcase_add_test(tests, test_dump_tells_killed_from_replaced);
	tcase_add_test(tests,
		       test_dump_of_a_killed_process_is_its_owners_again);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(dump_suite());
	int failed;

	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
