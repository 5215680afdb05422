/* SPDX-License-Identifier: MIT */
/* Text and JSON: the right numbers, and nothing from a dump gets out raw. */
#include "config.h"

#include <check.h>
#include <ctype.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/text.h"
#include "tests/unit/all_views.h"
#include "tests/unit/dump_sample.h"
#include "tests/unit/suite_run.h"

static char folder[] = "/tmp/memprof-test-views-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_sample sample;
static struct analysis analysis;
static char *output;

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
	free(output);
	output = NULL;
	remove(path);
	rmdir(folder);
}

static void open_sample(void)
{
	const struct analysis_options options = { .without_names = true };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(
		analysis_open(&analysis, path, &options, &error, fault, &regex),
		0);
}

/* What view number n prints. */
static const char *print_view(int n)
{
	size_t bytes;
	FILE *file;

	free(output);
	output = NULL;
	file = open_memstream(&output, &bytes);
	ck_assert_ptr_nonnull(file);
	ck_assert_int_eq(all_views_print(file, &analysis, n, "x.c"), 0);
	ck_assert_int_eq(fclose(file), 0);
	return output;
}

/* Names as an enemy would choose them. */
static void make_hostile(void)
{
	static const char name[] = "/x/\x1b]0;title\x07\n\x9b\xc2\x9b"
				   "\xff\xfe\"\\\xed\xa0\x80.so";
	struct dump_builder *builder = &sample.builder;
	struct mpf_text text =
		dump_builder_text(builder, name, sizeof(name) - 1);
	struct mpf_header *header = dump_builder_header(builder);
	struct mpf_thread *thread;
	struct mpf_module *module;

	header->program = text;
	header->command_line = text;
	header->directory = text;
	header->host = text;
	header->system = text;
	header->settings = text;
	header->out_path = text;
	header->allocator = text;
	header->mode |= MPF_MODE_BYPASSED;
	for (uint64_t i = 1; i <= 2; i++) {
		module = dump_builder_at(
			builder,
			dump_builder_element(builder, MPF_SEG_MODULES, 0, i));
		module->path = text;
	}
	thread = dump_builder_at(
		builder, dump_builder_element(builder, MPF_SEG_THREADS, 0, 1));
	memset(thread->name, '\x1b', sizeof(thread->name));
}

/* A reader of JSON, strict enough for what we write. Returns what follows the
 * value, or NULL. */
static const char *read_value(const char *at);

static const char *read_blanks(const char *at)
{
	while (*at == ' ' || *at == '\n')
		at++;
	return at;
}

static const char *read_string(const char *at)
{
	if (*at++ != '"')
		return NULL;
	while (*at != '"') {
		unsigned char c = (unsigned char)*at++;

		if (c < 0x20 || c == 0x7f)
			return NULL;
		if (c != '\\')
			continue;
		c = (unsigned char)*at++;
		if (c == 'u') {
			for (int i = 0; i < 4; i++)
				if (!isxdigit((unsigned char)*at++))
					return NULL;
		} else if (c != '"' && c != '\\') {
			return NULL;
		}
	}
	return at + 1;
}

static const char *read_members(const char *at, char end, bool has_keys)
{
	at = read_blanks(at);
	if (*at == end)
		return at + 1;
	for (;;) {
		if (has_keys) {
			at = read_string(read_blanks(at));
			if (!at || *at++ != ':')
				return NULL;
		}
		at = read_value(at);
		if (!at)
			return NULL;
		at = read_blanks(at);
		if (*at == end)
			return at + 1;
		if (*at++ != ',')
			return NULL;
	}
}

static const char *read_value(const char *at)
{
	static const char *const words[] = { "null", "true", "false" };
	char *end;

	at = read_blanks(at);
	if (*at == '{')
		return read_members(at + 1, '}', true);
	if (*at == '[')
		return read_members(at + 1, ']', false);
	if (*at == '"')
		return read_string(at);
	for (int i = 0; i < 3; i++)
		if (strncmp(at, words[i], strlen(words[i])) == 0)
			return at + strlen(words[i]);
	if (*at != '-' && !isdigit((unsigned char)*at))
		return NULL;
	strtoll(at, &end, 10);
	return end;
}

static bool is_utf8(const char *text)
{
	return mbstowcs(NULL, text, 0) != (size_t)-1;
}

START_TEST(test_views_of_hostile_names_are_harmless)
{
	const char *text;

	make_hostile();
	open_sample();
	text = print_view(_i);
	ck_assert(_i == 6 || _i == 7 || *text);
	ck_assert_int_eq(text[strspn(text, "\n")] == '\0', *text == '\0');
	for (const char *c = text; *c; c++)
		ck_assert_msg(*c == '\n' ||
				      ((unsigned char)*c >= 0x20 && *c != 0x7f),
			      "control character %#x", (unsigned char)*c);
	ck_assert_ptr_null(strstr(text, "\xc2\x9b"));
}
END_TEST

START_TEST(test_views_json_is_valid)
{
	const char *text, *end;

	make_hostile();
	open_sample();
	text = print_view(_i * 2 + 1);
	if (_i == 3) /* there is no such source */
		return;
	end = read_value(text);
	ck_assert_ptr_nonnull(end);
	ck_assert_str_eq(end, "\n");
	ck_assert(is_utf8(text));
}
END_TEST

static const char report[] =
	"Program  /opt/app/app -v 'a b'\n"
	"Process  4711, exited with status 0 after 2.0 s\n"
	"\n"
	"Totals\n"
	"                         blocks        size\n"
	"  allocated               1,015    16.9 KiB   3 by realloc\n"
	"  freed                   1,005    12.2 KiB\n"
	"  live at the end            10     4.7 KiB\n"
	"  at the peak                14     9.0 KiB   1.0 s after the start\n"
	"  temporary                   2                0.2% of the "
	"allocations\n"
	"  sites                       3\n"
	"  recorded        every block\n"
	"\n"
	"Live at the end (leaked): 4.7 KiB in 10 blocks from 2 sites\n"
	"     4.0 KiB   84.5%            1  [unknown] 0x665fff\n"
	"       750 B   15.5%            9  app+0x1ff < app+0xff\n"
	"\n"
	"At the peak: 9.0 KiB in 14 blocks from 2 sites\n"
	"     8.0 KiB   88.6%            2  [unknown] 0x665fff\n"
	"     1.0 KiB   11.4%           12  app+0x1ff < app+0xff\n"
	"\n"
	"Allocated in all: 16.9 KiB in 1,015 blocks from 3 sites\n"
	"     8.0 KiB   47.2%            2  [unknown] 0x665fff\n"
	"     7.8 KiB   46.1%        1,000  libplain.so+0x2ff < app+0x1ff < "
	"app+0xff\n"
	"     1.1 KiB    6.6%           13  app+0x1ff < app+0xff\n"
	"\n"
	"Temporary: 2 allocations from 1 site\n"
	"  100.0%            2  app+0x1ff < app+0xff\n"
	"\n"
	"What could not be seen\n"
	"  Stacks whose outer end is missing: sites 1, allocations 2.\n";

START_TEST(test_views_report_says_what_there_is)
{
	open_sample();

	ck_assert_str_eq(print_view(0), report);
}
END_TEST

/* What the process held beside recorded blocks. */
static void bypass(uint32_t mode, uint32_t unseen)
{
	struct mpf_header *header = dump_builder_header(&sample.builder);

	header->mode |= mode;
	header->unseen = unseen;
	header->allocator = dump_builder_text(&sample.builder, "/opt/app/own",
					      strlen("/opt/app/own"));
	header->private_bytes = 10 << 20;
	header->private_live_bytes = 1 << 20;
	header->private_ns = header->start_ns + 7000;
	header->unseen_peak_bytes = 12 << 20;
	header->resident_peak_bytes = 20 << 20;
}

START_TEST(test_views_reports_say_how_much_was_not_seen)
{
	bool is_namespace = _i >= ALL_VIEWS_COUNT;
	int n = _i % ALL_VIEWS_COUNT;
	const char *text;

	bypass(is_namespace ? 0 : MPF_MODE_BYPASSED,
	       is_namespace ? MPF_UNSEEN_NAMESPACE : 0);
	open_sample();
	text = print_view(n);

	/* Pictures and what other programs read have no head. */
	if (n < 6 || strncmp(text, "Program", 7) == 0)
		ck_assert_msg(
			n % 2 || strstr(text,
					is_namespace
						? "\nUnseen   up to 9.0 MiB at "
						  "the "
						  "end: a namespace (dlmopen, "
						  "LD_AUDIT) has a malloc of "
						  "its "
						  "own\n"
						: "\nUnseen   up to 9.0 MiB at "
						  "the "
						  "end: the malloc of "
						  "/opt/app/own comes before "
						  "memprof's\n"),
			"view %d: %s", n, text);
	if (n == 0)
		ck_assert_ptr_nonnull(strstr(
			text, "  Memory in no recorded block: up to 9.0 MiB at "
			      "the end, once 12.0 MiB; all that was resident, "
			      "code too, never exceeded 20.0 MiB.\n"));
	if (strstr(text, "\"losses\"")) {
		ck_assert_ptr_nonnull(strstr(text, "\"private_ns\": 7000,"));
		ck_assert_ptr_nonnull(
			strstr(text, "\"unseen_bytes\": 9437184,"));
		ck_assert_ptr_nonnull(
			strstr(text, "\"unseen_peak_bytes\": 12582912,"));
		ck_assert_ptr_nonnull(
			strstr(text, "\"resident_peak_bytes\": 20971520,"));
		ck_assert_ptr_nonnull(
			strstr(text, is_namespace ? "\"namespaces\": true,"
						  : "\"bypassed\": true,"));
	}
}
END_TEST

START_TEST(test_views_say_what_nobody_looked_at)
{
	struct mpf_header *header;

	bypass(MPF_MODE_BYPASSED, 0);
	header = dump_builder_header(&sample.builder);
	header->private_bytes = 0;
	open_sample();
	ck_assert_ptr_nonnull(strstr(
		print_view(0), "\nUnseen   nobody knows how much: the malloc"));
	ck_assert_ptr_nonnull(strstr(print_view(1), "\"unseen_bytes\": null,"));
	analysis_close(&analysis);

	/* Killed: that look is not the end. */
	header->private_bytes = 10 << 20;
	header->state = MPF_RUNNING;
	header->end_ns = 0;
	open_sample();
	ck_assert_ptr_nonnull(strstr(
		print_view(0), "\nUnseen   up to 9.0 MiB 7.0 us after the "
			       "start: the malloc"));
}
END_TEST

START_TEST(test_views_much_memory_beside_the_blocks_is_said)
{
	struct mpf_header *header;

	bypass(0, 0);
	open_sample();
	ck_assert_ptr_null(strstr(print_view(0), "no recorded block"));
	analysis_close(&analysis);

	header = dump_builder_header(&sample.builder);
	header->unseen_peak_bytes = (64 << 20) + 2 * header->peak_bytes + 1;
	open_sample();
	ck_assert_ptr_null(strstr(print_view(0), "no recorded block"));
	analysis_close(&analysis);

	header->unseen_peak_bytes++;
	open_sample();
	ck_assert_ptr_nonnull(strstr(print_view(0),
				     "\n  Much memory is in no recorded "
				     "block: mappings"));
	ck_assert_ptr_null(strstr(print_view(0), "\nUnseen"));
}
END_TEST

START_TEST(test_views_leaks_show_whole_stacks)
{
	const char *text;

	open_sample();
	text = print_view(2);

	ck_assert_ptr_nonnull(
		strstr(text, "\nLeaked: 4.7 KiB in 10 blocks from 2 sites, of "
			     "16.9 KiB allocated\n"
			     "\n#1  4.0 KiB in 1 block, 84.5%; allocated 2 "
			     "times (8.0 KiB), freed 1\n"
			     "      [unknown] 0x665fff    (guessed)\n"
			     "      (stack cut: code without unwind "
			     "information)\n"
			     "\n#2  750 B in 9 blocks, 15.5%; allocated 13 "
			     "times (1.1 KiB), freed 4, temporary 2\n"
			     "      app+0x1ff\n"
			     "      app+0xff\n"));
}
END_TEST

START_TEST(test_views_recursion_is_told_once)
{
	struct dump_builder *builder = &sample.builder;
	uint32_t node = sample.a;

	for (int i = 0; i < 5; i++)
		node = dump_builder_node(builder, node,
					 SAMPLE_MAIN_START + 0x800);
	node = dump_builder_class(builder, node, MPF_CALL_MALLOC, 5000);
	dump_builder_count(builder, sample.thread0, node, 5000, 1, 0);
	open_sample();

	ck_assert_ptr_nonnull(strstr(print_view(2),
				     "\n      app+0x7ff\n"
				     "      (4 more frames just like it)\n"
				     "      app+0x1ff\n"));
}
END_TEST

START_TEST(test_views_json_has_the_totals)
{
	const char *text;

	open_sample();
	text = print_view(1);

	ck_assert_ptr_nonnull(strstr(text, "\"allocations\": 1015,"));
	ck_assert_ptr_nonnull(strstr(text, "\"live_bytes\": 4846,"));
	ck_assert_ptr_nonnull(strstr(text, "\"sites_total\": 3,"));
	ck_assert_ptr_nonnull(strstr(text, "\"truncated\": \"no rule\""));
	ck_assert_ptr_nonnull(
		strstr(text, "\"arguments\": [\"./app\", \"-v\", \"a b\"]"));
	ck_assert_ptr_nonnull(strstr(text, "host\\u001b[31m"));
}
END_TEST

START_TEST(test_views_say_what_was_behind_the_blocks)
{
	struct mpf_header *header = dump_builder_header(&sample.builder);
	const char *text;

	header->mode |= MPF_MODE_HEAP;
	header->heap = MPF_HEAP_JEMALLOC;
	header->heap_held = 10000;
	header->heap_allocated = 6000;
	header->heap_metadata = 1500;
	header->heap_top = MPF_UNKNOWN;
	header->heap_rss = UINT64_MAX - 1;
	open_sample();
	text = print_view(1);

	ck_assert_ptr_nonnull(strstr(text, "\"unknown\": null,"));
	ck_assert_ptr_nonnull(strstr(text, "\"allocator\": \"jemalloc\","));
	ck_assert_ptr_nonnull(strstr(text, "\"held_bytes\": 10000,"));
	ck_assert_ptr_nonnull(strstr(text, "\"free_bytes\": 2500,"));
	ck_assert_ptr_nonnull(strstr(text, "\"top_bytes\": null,"));
	ck_assert_ptr_nonnull(strstr(text, "\"rss_bytes\": null,"));
}
END_TEST

/* More in blocks than there is; a reason and an allocator of the future. */
START_TEST(test_views_doubt_what_was_behind_the_blocks)
{
	struct mpf_header *header = dump_builder_header(&sample.builder);
	const char *text;

	header->mode |= MPF_MODE_HEAP;
	header->heap = 77;
	header->heap_held = 10;
	header->heap_allocated = 11;
	open_sample();
	text = print_view(1);
	ck_assert_ptr_nonnull(strstr(text, "\"allocator\": null,"));
	ck_assert_ptr_nonnull(strstr(text, "\"free_bytes\": null,"));
	analysis_close(&analysis);

	header = dump_builder_header(&sample.builder);
	header->heap_failure = 77;
	open_sample();
	text = print_view(1);
	ck_assert_ptr_nonnull(strstr(text, "\"unknown\": \"no numbers\","));
	ck_assert_ptr_nonnull(strstr(text, "\"held_bytes\": null,"));
}
END_TEST

static Suite *views_suite(void)
{
	Suite *suite = suite_create("views");
	TCase *tests = tcase_create("views");

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_loop_test(tests, test_views_of_hostile_names_are_harmless, 0,
			    ALL_VIEWS_COUNT);
	tcase_add_loop_test(tests, test_views_json_is_valid, 0,
			    ALL_VIEWS_COUNT / 2);
	tcase_add_test(tests, test_views_report_says_what_there_is);
	tcase_add_loop_test(tests, test_views_reports_say_how_much_was_not_seen,
			    0, 2 * ALL_VIEWS_COUNT);
	tcase_add_test(tests, test_views_say_what_nobody_looked_at);
	tcase_add_test(tests, test_views_much_memory_beside_the_blocks_is_said);
	tcase_add_test(tests, test_views_leaks_show_whole_stacks);
	tcase_add_test(tests, test_views_recursion_is_told_once);
	tcase_add_test(tests, test_views_json_has_the_totals);
	tcase_add_test(tests, test_views_say_what_was_behind_the_blocks);
	tcase_add_test(tests, test_views_doubt_what_was_behind_the_blocks);
	suite_add_tcase(suite, tests);
	return suite;
}

int main(void)
{
	setlocale(LC_CTYPE, "C.UTF-8");
	return suite_run(views_suite());
}
