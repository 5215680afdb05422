/* SPDX-License-Identifier: MIT */
/*
 * The annotated source and the flat table, on this very program: a dump whose
 * stacks go through the functions below, at addresses that labels name.
 */
#include "config.h"

#include <check.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/lines.h"
#include "analyzer/model/top.h"
#include "analyzer/view/text_lines.h"
#include "tests/unit/dump_builder.h"

/* The label stands for the address of the call on its line. */
#define LABEL(name)	  __asm__ volatile(#name ": nop")
#define LABEL_LINES(name) static const uint32_t name##_line = __LINE__

extern const char at_inner[], at_outer[], at_again[], at_main[];

LABEL_LINES(inner);
static inline __attribute__((always_inline)) void lines_inner(void)
{
	LABEL(at_inner); /* inner_line + 3 */
}

LABEL_LINES(outer);
static __attribute__((noinline, used)) void lines_outer(void)
{
	LABEL(at_outer); /* outer_line + 3 */
	lines_inner();	 /* outer_line + 4 */
}

LABEL_LINES(again);
static __attribute__((noinline, used)) void lines_again(void)
{
	LABEL(at_again); /* again_line + 3 */
	lines_outer();
}

LABEL_LINES(top);
static __attribute__((noinline, used)) void lines_main(void)
{
	LABEL(at_main); /* top_line + 3 */
	lines_again();
}

static char folder[] = "/tmp/memprof-test-lines-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_builder builder;
static struct analysis analysis;
static uint32_t thread;

static int first_object(struct dl_phdr_info *info, size_t size, void *arg)
{
	(void)size;
	*(uint64_t *)arg = info->dlpi_addr;
	return 1;
}

static uint32_t frame(uint32_t parent, const char *label)
{
	return dump_builder_node(&builder, parent,
				 (uint64_t)(uintptr_t)label | MPF_PC_EXACT);
}

static void count(uint32_t node, uint64_t bytes, uint64_t allocs,
		  uint64_t frees)
{
	uint32_t class =
		dump_builder_class(&builder, node, MPF_CALL_MALLOC, bytes);

	dump_builder_count(&builder, thread, class, bytes, allocs, frees);
}

/* main -> again -> again -> outer (inner inlined). */
static void set_up(void)
{
	char program[4096] = "";
	uint64_t bias = 0;
	struct mpf_module *module;
	uint32_t root, main_node, again, deeper;

	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	ck_assert_int_gt(
		readlink("/proc/self/exe", program, sizeof(program) - 1), 0);
	dl_iterate_phdr(first_object, &bias);
	dump_builder_init(&builder);
	module = dump_builder_module(&builder, program,
				     (uintptr_t)at_main & ~UINT64_C(0xfffff),
				     0x1000000);
	module->bias = bias;
	module->flags = MPF_MODULE_MAIN;
	thread = dump_builder_thread(&builder, "t", 1);
	root = dump_builder_root(&builder, 1);
	main_node = frame(root, at_main);
	again = frame(main_node, at_again);
	deeper = frame(again, at_again);
	count(main_node, 1, 100, 0);
	count(again, 1000, 1, 1);
	count(deeper, 1000, 2, 1);
	count(frame(deeper, at_outer), 10000, 1, 0);
	count(frame(deeper, at_inner), 100000, 1, 0);
	count(dump_builder_node(&builder, root, 0x1000), 7, 1, 0);
}

static void tear_down(void)
{
	analysis_close(&analysis);
	dump_builder_done(&builder);
	remove(path);
	rmdir(folder);
}

static void open_dump(void)
{
	const struct analysis_options options = { .salvage = false };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(&builder, path, UINT64_MAX);
	ck_assert_int_eq(
		analysis_open(&analysis, path, &options, &error, fault, &regex),
		0);
}

static int find(struct lines *ret_lines, const char *file,
		struct lines_candidates *ret_candidates)
{
	const struct lines_search search = { .file = file };

	return lines_init(ret_lines, &analysis, &search, ret_candidates);
}

static void expect_row(const struct lines *lines, size_t row, uint32_t line,
		       int64_t allocations, int64_t bytes, int64_t live)
{
	ck_assert_uint_lt(row, lines->row_count);
	ck_assert_uint_eq(lines->rows[row].line, line);
	ck_assert_int_eq(lines->rows[row].counts.of[METRIC_ALLOCATIONS],
			 allocations);
	ck_assert_int_eq(lines->rows[row].counts.of[METRIC_ALLOCATED_BYTES],
			 bytes);
	ck_assert_int_eq(lines->rows[row].counts.of[METRIC_LIVE_BYTES], live);
}

START_TEST(test_lines_charge_the_innermost_activation_of_the_file)
{
	struct lines_candidates candidates;
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);

	ck_assert_uint_eq(lines.row_count, 4);
	/* Inlined code is charged to its own line, not to the call. */
	expect_row(&lines, 0, inner_line + 3, 1, 100000, 100000);
	expect_row(&lines, 1, outer_line + 3, 1, 10000, 10000);
	/* Two stacks with the same innermost line. */
	expect_row(&lines, 2, again_line + 3, 3, 3000, 1000);
	expect_row(&lines, 3, top_line + 3, 100, 100, 100);
	lines_done(&lines);
}
END_TEST

START_TEST(test_lines_columns_add_up)
{
	struct lines_candidates candidates;
	struct counts rows = { 0 }, functions = { 0 };
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "tests/unit/test_lines.c", &candidates),
			 0);

	for (size_t i = 0; i < lines.row_count; i++)
		counts_add(&rows, &lines.rows[i].counts);
	for (size_t i = 0; i < lines.function_count; i++)
		counts_add(&functions, &lines.functions[i].counts);
	ck_assert_mem_eq(&rows, &lines.sum, sizeof(rows));
	ck_assert_mem_eq(&functions, &lines.sum, sizeof(rows));
	/* All but the stack through unknown code. */
	ck_assert_int_eq(lines.sum.of[METRIC_ALLOCATIONS], 105);
	ck_assert_uint_eq(lines.site_count, 5);
	lines_done(&lines);
}
END_TEST

START_TEST(test_lines_functions_have_names_and_ranges)
{
	struct lines_candidates candidates;
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);

	ck_assert_uint_eq(lines.function_count, 4);
	ck_assert_str_eq(lines.functions[0].name, "lines_inner");
	ck_assert_uint_eq(lines.functions[0].first, inner_line + 3);
	ck_assert_str_eq(lines.functions[2].name, "lines_again");
	ck_assert_int_eq(lines.functions[2].counts.of[METRIC_ALLOCATIONS], 3);
	lines_done(&lines);
}
END_TEST

START_TEST(test_lines_read_the_source)
{
	struct lines_candidates candidates;
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);

	ck_assert_ptr_nonnull(lines.source.path);
	ck_assert_uint_gt(lines.source.count, top_line);
	ck_assert_mem_eq(lines.source.lines[top_line + 2].text,
			 "\tLABEL(at_main);", 16);
	lines_done(&lines);
}
END_TEST

START_TEST(test_lines_notice_a_source_that_is_newer)
{
	struct mpf_module *module = dump_builder_at(
		&builder,
		dump_builder_element(&builder, MPF_SEG_MODULES, 0, 1));
	struct lines_candidates candidates;
	struct lines lines;
	struct stat st;

	/* The program as it is, so that its names are used. */
	ck_assert_int_eq(stat("/proc/self/exe", &st), 0);
	module->file_bytes = (uint64_t)st.st_size;
	module->file_mtime_ns = (uint64_t)st.st_mtim.tv_sec * 1000000000u +
				(uint64_t)st.st_mtim.tv_nsec;
	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);

	ck_assert_int_eq(lines.is_source_newer,
			 lines.source.mtime_ns > module->file_mtime_ns);
	lines_done(&lines);
}
END_TEST

START_TEST(test_lines_unknown_file)
{
	struct lines_candidates candidates;
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "lines.c", &candidates), LINES_UNKNOWN);
	ck_assert_uint_eq(candidates.count, 0);
	ck_assert_int_eq(find(&lines, "", &candidates), LINES_UNKNOWN);
	/* The same name in another folder is no match, but is told. */
	ck_assert_int_eq(find(&lines, "src/test_lines.c", &candidates),
			 LINES_UNKNOWN);
	ck_assert_uint_eq(candidates.count, 1);
	ck_assert_ptr_nonnull(
		strstr(candidates.files[0], "/tests/unit/test_lines.c"));
}
END_TEST

START_TEST(test_lines_ranked_keep_their_sums)
{
	struct lines_candidates candidates;
	struct lines lines;

	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);
	ck_assert_int_eq(lines_rank(&lines, METRIC_ALLOCATIONS, 2, false), 0);

	ck_assert_uint_eq(lines.row_count, 2);
	ck_assert_uint_eq(lines.rows_left_out, 2);
	expect_row(&lines, 0, top_line + 3, 100, 100, 100);
	expect_row(&lines, 1, again_line + 3, 3, 3000, 1000);
	ck_assert_int_eq(lines.sum.of[METRIC_ALLOCATIONS], 105);
	ck_assert_int_eq(lines_rank(&lines, METRIC_ALLOCATED_BYTES, 2, true),
			 0);
	expect_row(&lines, 0, again_line + 3, 3, 3000, 1000);
	lines_done(&lines);
}
END_TEST

/* What stands on the page for a line of this file. */
static const char *line_of_page(const char *page, uint32_t line)
{
	char number[16];

	snprintf(number, sizeof(number), "\n%6u", line);
	page = strstr(page, number);
	return page ? page + 1 : "";
}

START_TEST(test_lines_page_has_numbers_beside_the_source)
{
	struct lines_candidates candidates;
	struct lines lines;
	struct term term;
	char *page = NULL, *line;
	size_t bytes;
	FILE *file = open_memstream(&page, &bytes);

	open_dump();
	ck_assert_int_eq(find(&lines, "test_lines.c", &candidates), 0);
	term_init(&term, file, &(struct term_choice) { .no_pager = true });
	text_lines_print(&term, &analysis, &lines, TEXT_LINES_CHANGED);
	fclose(file);

	line = strndup(line_of_page(page, again_line + 3), 200);
	*strchr(line, '\n') = '\0';
	ck_assert_str_eq(line + 6,
			 "     1,000 B     1,000 B     2.9 KiB    2.7%"
			 "            3     1,000 B                       "
			 "LABEL(at_again); "
			 "/* again_line + 3 */");
	/* Silent stretches are not there, but for two lines around. */
	ck_assert_str_ne(line_of_page(page, again_line + 1), "");
	ck_assert_str_eq(line_of_page(page, top_line + 6), "");
	ck_assert_ptr_nonnull(strstr(page, "\n   ...\n"));
	free(line);
	free(page);
	lines_done(&lines);
}
END_TEST

/* The flat table. */

static const struct top_row *row_of(const struct top *top, const char *function)
{
	for (size_t i = 0; i < top->count; i++)
		if (top->rows[i].place.function &&
		    strcmp(top->rows[i].place.function, function) == 0)
			return &top->rows[i];
	ck_abort_msg("no row for %s", function);
	return NULL;
}

static void expect_function(const struct top *top, const char *function,
			    int64_t self, int64_t cumulative)
{
	const struct top_row *row = row_of(top, function);

	ck_assert_int_eq(row->self.of[METRIC_ALLOCATED_BYTES], self);
	ck_assert_int_eq(row->cumulative.of[METRIC_ALLOCATED_BYTES],
			 cumulative);
}

START_TEST(test_top_counts_recursion_once)
{
	struct top top;

	open_dump();
	ck_assert_int_eq(top_init(&top, &analysis, TOP_FUNCTION), 0);

	expect_function(&top, "lines_inner", 100000, 100000);
	expect_function(&top, "lines_outer", 10000, 110000);
	expect_function(&top, "lines_again", 3000, 113000);
	expect_function(&top, "lines_main", 100, 113100);
	ck_assert_uint_eq(top.count, 5); /* and unknown code */
	top_done(&top);
}
END_TEST

START_TEST(test_top_by_anything_adds_up)
{
	struct counts sum = { 0 };
	struct top top;

	open_dump();
	ck_assert_int_eq(top_init(&top, &analysis, (enum top_by)_i), 0);

	for (size_t i = 0; i < top.count; i++) {
		counts_add(&sum, &top.rows[i].self);
		for (int m = 0; m < METRIC_COUNT; m++)
			ck_assert_int_ge(top.rows[i].cumulative.of[m],
					 top.rows[i].self.of[m]);
	}
	ck_assert_mem_eq(&sum, &analysis.sites.totals, sizeof(sum));
	top_done(&top);
}
END_TEST

START_TEST(test_top_by_line_file_and_module)
{
	struct top top;

	open_dump();
	ck_assert_int_eq(top_init(&top, &analysis, TOP_LINE), 0);
	/* inner, its call in outer, outer, again, main, unknown code */
	ck_assert_uint_eq(top.count, 6);
	top_done(&top);
	ck_assert_int_eq(top_init(&top, &analysis, TOP_FILE), 0);
	ck_assert_uint_eq(top.count, 2);
	top_done(&top);
	ck_assert_int_eq(top_init(&top, &analysis, TOP_MODULE), 0);
	ck_assert_uint_eq(top.count, 2);
	ck_assert_int_eq(top.rows[0].cumulative.of[METRIC_ALLOCATIONS] +
				 top.rows[1].cumulative.of[METRIC_ALLOCATIONS],
			 106);
	top_done(&top);
}
END_TEST

static Suite *lines_suite(void)
{
	Suite *suite = suite_create("lines");
	TCase *tests = tcase_create("lines");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
		       test_lines_charge_the_innermost_activation_of_the_file);
	tcase_add_test(tests, test_lines_columns_add_up);
	tcase_add_test(tests, test_lines_functions_have_names_and_ranges);
	tcase_add_test(tests, test_lines_read_the_source);
	tcase_add_test(tests, test_lines_notice_a_source_that_is_newer);
	tcase_add_test(tests, test_lines_unknown_file);
	tcase_add_test(tests, test_lines_ranked_keep_their_sums);
	tcase_add_test(tests, test_lines_page_has_numbers_beside_the_source);
	tcase_add_test(tests, test_top_counts_recursion_once);
	tcase_add_loop_test(tests, test_top_by_anything_adds_up, TOP_FUNCTION,
			    TOP_THREAD + 1);
	tcase_add_test(tests, test_top_by_line_file_and_module);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	SRunner *runner = srunner_create(lines_suite());
	int failed;

	lines_main();
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
