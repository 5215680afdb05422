/* SPDX-License-Identifier: MIT */
/*
 * Opening dumps: a valid one comes back as it was written; each thing that
 * can be wrong with the file, its header and its segments has its own answer.
 */
#include "config.h"

#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/dump_case.h"

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

static void add(TCase *tests)
{
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
	tcase_add_test(tests, test_dump_sparse_file_costs_nothing);
}

int main(void)
{
	return dump_case_run("dump", add);
}
