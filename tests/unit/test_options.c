/* SPDX-License-Identifier: MIT */
/* Command lines read by tables, and the messages about wrong ones. */
#include "config.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/base/options.h"
#include "tests/unit/capture.h"

#define ARGS_MAX 80

struct shared {
	bool is_json;
	int color;
};

struct values {
	bool is_quiet, is_quick;
	const char *out;
	struct option_list dirs;
	int64_t depth;
	int64_t any;
	uint64_t size;
	struct shared shared;
};

static const char *const colors[] = { "auto", "always", "never", NULL };

#define OWN(field)    .offset = offsetof(struct values, field)
#define SHARED(field) .offset = offsetof(struct shared, field)

static const struct option_spec own_specs[] = {
	{ OPTION_FLAG, "quiet", 'q', OWN(is_quiet), .help = "be quiet" },
	{ OPTION_FLAG, "quick", 'k', OWN(is_quick), .help = "be quick" },
	{ OPTION_STRING, "out", 'o', "PATTERN", OWN(out),
	  .help = "a help that is long enough to be wrapped at the width of "
		  "the terminal" },
	{ OPTION_LIST, "dir", 'd', "DIR", OWN(dirs), .help = "a folder" },
	{ OPTION_INT, "depth", .argument = "N", OWN(depth), .min = 1, .max = 10,
	  .help = "a depth" },
	{ OPTION_INT, "any", .argument = "N", OWN(any), .min = -5,
	  .max = INT64_MAX, .help = "a number" },
	{ OPTION_SIZE, "size", .argument = "SIZE", OWN(size), .min = 16,
	  .max = 1 << 20, .help = "a size" },
	{ 0 }
};

static const struct option_spec shared_specs[] = {
	{ OPTION_FLAG, "json", 'j', SHARED(is_json), .help = "JSON" },
	{ OPTION_ENUM, "color", SHARED(color), .choices = colors,
	  .help = "colours" },
	{ 0 }
};

static const struct option_table tables[] = {
	{ "Options", own_specs, 0 },
	{ "Shared options", shared_specs, offsetof(struct values, shared) },
	{ 0 }
};

static struct values values;
static char line[1024]; /* the arguments, cut into words */
static char *args[ARGS_MAX];
static int arg_count;

/* Parses the words of text; the operands are left in args. */
static int parse(const char *text, bool stops_at_operand)
{
	const struct options options = { "memprof try", tables,
					 stops_at_operand };
	char *word, *rest;

	memset(&values, 0, sizeof(values));
	snprintf(line, sizeof(line), "%s", text);
	arg_count = 0;
	for (word = strtok_r(line, " ", &rest); word;
	     word = strtok_r(NULL, " ", &rest))
		args[arg_count++] = word;
	return options_parse(&options, &values, arg_count, args);
}

START_TEST(test_options_every_spelling_of_a_value)
{
	static const char *const spellings[] = { "--out=x",	"--out x",
						 "-o x",	"-ox",
						 "--ou x",	"-qox",
						 "--out=y -o x" };

	ck_assert_int_eq(parse(spellings[_i], false), 0);

	ck_assert_str_eq(values.out, "x");
}
END_TEST

START_TEST(test_options_flags_bundle)
{
	ck_assert_int_eq(parse("-qkj", false), 0);

	ck_assert(values.is_quiet && values.is_quick && values.shared.is_json);
}
END_TEST

START_TEST(test_options_empty_value_is_a_value)
{
	ck_assert_int_eq(parse("--out= a", false), 1);

	ck_assert_str_eq(values.out, "");
	ck_assert_str_eq(args[0], "a");
}
END_TEST

START_TEST(test_options_value_may_look_like_an_option)
{
	ck_assert_int_eq(parse("--out --quiet -d -- -d -", false), 0);

	ck_assert_str_eq(values.out, "--quiet");
	ck_assert(!values.is_quiet);
	ck_assert_uint_eq(values.dirs.count, 2);
	ck_assert_str_eq(values.dirs.items[0], "--");
	ck_assert_str_eq(values.dirs.items[1], "-");
}
END_TEST

START_TEST(test_options_operands_keep_their_order)
{
	ck_assert_int_eq(parse("a -q b --out x - c --json d", false), 5);

	ck_assert_str_eq(args[0], "a");
	ck_assert_str_eq(args[1], "b");
	ck_assert_str_eq(args[2], "-");
	ck_assert_str_eq(args[3], "c");
	ck_assert_str_eq(args[4], "d");
	ck_assert(values.is_quiet && values.shared.is_json);
}
END_TEST

START_TEST(test_options_double_dash_ends_them)
{
	ck_assert_int_eq(parse("-q -- -k -- x", false), 3);

	ck_assert(values.is_quiet && !values.is_quick);
	ck_assert_str_eq(args[0], "-k");
	ck_assert_str_eq(args[1], "--");
	ck_assert_str_eq(args[2], "x");
}
END_TEST

START_TEST(test_options_first_operand_ends_them_on_request)
{
	ck_assert_int_eq(parse("-q ls -k -- x", true), 4);

	ck_assert(values.is_quiet && !values.is_quick);
	ck_assert_str_eq(args[0], "ls");
	ck_assert_str_eq(args[1], "-k");
	ck_assert_str_eq(args[2], "--");
	ck_assert_str_eq(args[3], "x");
}
END_TEST

START_TEST(test_options_numbers_sizes_and_choices)
{
	ck_assert_int_eq(
		parse("--depth 10 --any=-5 --size 1KiB --color nev", false), 0);

	ck_assert_int_eq(values.depth, 10);
	ck_assert_int_eq(values.any, -5);
	ck_assert_uint_eq(values.size, 1024);
	ck_assert_int_eq(values.shared.color, 2);
}
END_TEST

START_TEST(test_options_help_is_known_everywhere)
{
	static const char *const spellings[] = { "-h", "--help", "--hel",
						 "a -h b", "-qh" };

	ck_assert_int_eq(parse(spellings[_i], false), OPTIONS_HELP);
}
END_TEST

#define LISTS "; memprof try --help lists "

static const struct {
	const char *args, *message;
} wrong[] = {
	{ "--qiet", "--qiet: unknown option; did you mean --quiet? "
		    "memprof try --help lists all" },
	{ "--frobnicate=x",
	  "--frobnicate: unknown option" LISTS "what is known" },
	{ "--uot=x", "--uot: unknown option; did you mean --out? "
		     "memprof try --help lists all" },
	{ "-json", "-json: unknown option; did you mean --json? "
		   "memprof try --help lists all" },
	{ "-qx", "-x: unknown option" LISTS "what is known" },
	{ "--=x", "--: unknown option" LISTS "what is known" },
	{ "--qui", "--qui: ambiguous option; it may be --quiet or --quick" },
	{ "--quiet=1", "--quiet=1: takes no value; write only --quiet" },
	{ "--out", "--out: a value is missing; give --out PATTERN" },
	{ "-o", "-o: a value is missing; give -o PATTERN" },
	{ "--color",
	  "--color: a value is missing; give --color auto, always or never" },
	{ "--color=a",
	  "--color: 'a' is not accepted; give auto, always or never" },
	{ "--color=",
	  "--color: '' is not accepted; give auto, always or never" },
	{ "--depth 0", "--depth: '0' is not accepted; "
		       "give a whole number from 1 to 10" },
	{ "--depth 11", "--depth: '11' is not accepted; "
			"give a whole number from 1 to 10" },
	{ "--depth 5x", "--depth: '5x' is not accepted; "
			"give a whole number from 1 to 10" },
	{ "--depth=", "--depth: '' is not accepted; "
		      "give a whole number from 1 to 10" },
	{ "--any -6", "--any: '-6' is not accepted; "
		      "give a whole number of at least -5" },
	{ "--any 9223372036854775808",
	  "--any: '9223372036854775808' is not accepted; "
	  "give a whole number of at least -5" },
	{ "--size 8", "--size: '8' is not accepted; "
		      "give a size from 16 B to 1,048,576 B" },
	{ "--size 99E", "--size: '99E' is not accepted; "
			"give a size from 16 B to 1,048,576 B" },
	{ "--size big", "--size: 'big' is not accepted; "
			"give a size such as 4096, 64KiB, 1.5MiB or 2MB" },
};

START_TEST(test_options_messages_say_what_is_accepted)
{
	struct capture capture;
	char expected[512];
	int status;

	capture_begin(&capture, STDERR_FILENO);
	status = parse(wrong[_i].args, false);
	capture_end(&capture);

	ck_assert_int_eq(status, OPTIONS_BAD);
	snprintf(expected, sizeof(expected), "memprof: %s\n",
		 wrong[_i].message);
	ck_assert_str_eq(capture.text, expected);
}
END_TEST

START_TEST(test_options_lists_are_bounded)
{
	char text[1024];
	struct capture capture;

	for (int i = 0; i <= OPTION_LIST_MAX; i++)
		memcpy(text + i * 4, "-dx ", 5);
	capture_begin(&capture, STDERR_FILENO);
	ck_assert_int_eq(parse(text + 4, false), 0);
	ck_assert_uint_eq(values.dirs.count, OPTION_LIST_MAX);
	ck_assert_int_eq(parse(text, false), OPTIONS_BAD);
	capture_end(&capture);

	ck_assert_str_eq(capture.text,
			 "memprof: -d: given too often; at most 64 times\n");
}
END_TEST

START_TEST(test_options_long_and_odd_words_are_harmless)
{
	char word[1000] = "--";
	struct capture capture;

	memset(word + 2, 'x', 900);
	capture_begin(&capture, STDERR_FILENO);
	ck_assert_int_eq(parse(word, false), OPTIONS_BAD);
	ck_assert_int_eq(parse("-\033[31m", false), OPTIONS_BAD);
	capture_end(&capture);

	ck_assert_ptr_null(strchr(capture.text, '\033'));
	ck_assert_uint_lt(strlen(capture.text), 400);
}
END_TEST

START_TEST(test_options_nearest_finds_slips_and_no_more)
{
	static const char *const names[] = { "run",  "report", "leaks",
					     "peak", "top",    NULL };
	static const struct {
		const char *word, *name;
	} slips[] = { { "rnu", "run" },	      { "reprot", "report" },
		      { "leak", "leaks" },    { "lekas", "leaks" },
		      { "peek", "peak" },     { "re", "report" },
		      { "tpo", "top" },	      { "x", NULL },
		      { "", NULL },	      { "frobnicate", NULL },
		      { "diff", NULL },	      { "zzz", NULL },
		      { "leaksleaks", NULL }, { "read", NULL },
		      { "foo", NULL },	      { "stop", "top" },
		      { "let", NULL } };

	for (size_t i = 0; i < sizeof(slips) / sizeof(slips[0]); i++) {
		const char *found = options_nearest(slips[i].word, names);

		if (slips[i].name)
			ck_assert_pstr_eq(found, slips[i].name);
		else
			ck_assert_ptr_null(found);
	}
}
END_TEST

START_TEST(test_options_help_shows_the_tables)
{
	char *text = NULL;
	size_t bytes;
	FILE *file = open_memstream(&text, &bytes);

	options_print(file, tables, 60);
	fclose(file);

	ck_assert_str_eq(
		text,
		"Options:\n"
		"  -q, --quiet             be quiet\n"
		"  -k, --quick             be quick\n"
		"  -o, --out PATTERN       a help that is long enough to be\n"
		"                          wrapped at the width of the\n"
		"                          terminal\n"
		"  -d, --dir DIR           a folder\n"
		"      --depth N           a depth\n"
		"      --any N             a number\n"
		"      --size SIZE         a size\n"
		"\n"
		"Shared options:\n"
		"  -j, --json              JSON\n"
		"      --color auto|always|never\n"
		"                          colours\n"
		"\n"
		"Help:\n"
		"  -h, --help              print this help\n");
	free(text);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("options");
	TCase *tcase = tcase_create("options");
	SRunner *runner;
	int failed;

	tcase_add_loop_test(tcase, test_options_every_spelling_of_a_value, 0,
			    7);
	tcase_add_test(tcase, test_options_flags_bundle);
	tcase_add_test(tcase, test_options_empty_value_is_a_value);
	tcase_add_test(tcase, test_options_value_may_look_like_an_option);
	tcase_add_test(tcase, test_options_operands_keep_their_order);
	tcase_add_test(tcase, test_options_double_dash_ends_them);
	tcase_add_test(tcase, test_options_first_operand_ends_them_on_request);
	tcase_add_test(tcase, test_options_numbers_sizes_and_choices);
	tcase_add_loop_test(tcase, test_options_help_is_known_everywhere, 0, 5);
	tcase_add_loop_test(tcase, test_options_messages_say_what_is_accepted,
			    0, (int)(sizeof(wrong) / sizeof(wrong[0])));
	tcase_add_test(tcase, test_options_lists_are_bounded);
	tcase_add_test(tcase, test_options_long_and_odd_words_are_harmless);
	tcase_add_test(tcase, test_options_nearest_finds_slips_and_no_more);
	tcase_add_test(tcase, test_options_help_shows_the_tables);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
