/* SPDX-License-Identifier: MIT */
/* Settings from the environment, and the initial stack. */
#include "config.h"

#include "preload/base/settings.h"

#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "preload/base/say.h"
#include "tests/unit/recording.h"

static struct mp_settings settings;

/* Reads the environment with stderr in a pipe; returns what was said. */
static const char *read_with(char *const *env)
{
	static char said[4096];
	int ends[2], saved = dup(2);
	ssize_t len;

	ck_assert_int_eq(pipe(ends), 0);
	dup2(ends[1], 2);
	mp_settings_read(env, &settings);
	dup2(saved, 2);
	close(ends[1]);
	close(saved);
	len = read(ends[0], said, sizeof(said) - 1);
	close(ends[0]);
	said[len > 0 ? len : 0] = '\0';
	return said;
}

static const char *read_one(const char *entry)
{
	char copy[128];
	char *env[] = { copy, NULL };

	snprintf(copy, sizeof(copy), "%s", entry);
	return read_with(env);
}

START_TEST(test_settings_have_defaults)
{
	char *env[] = { NULL };

	ck_assert_str_eq(read_with(env), "");
	ck_assert_str_eq(settings.out, "%e.%p.mp");
	ck_assert_str_eq(settings.temp_dir, "/tmp");
	ck_assert(!settings.is_quiet);
	ck_assert(!settings.use_fp);
	ck_assert_uint_eq(settings.max_depth, 1024);
	ck_assert_uint_eq(settings.check_every, 0);
}
END_TEST

START_TEST(test_settings_are_taken)
{
	char out[] = "MEMPROF_OUT=a b=c", temp[] = "TMPDIR=/var/tmp";
	char depth[] = "MEMPROF_MAX_DEPTH=7", fp[] = "MEMPROF_UNWIND=fp";
	char check[] = "MEMPROF_CHECK=1073741824", other[] = "MEMPROF_OUTX=z";
	char *env[] = { out, temp, depth, fp, check, other, NULL };

	ck_assert_str_eq(read_with(env), "");
	ck_assert_str_eq(settings.out, "a b=c");
	ck_assert_str_eq(settings.temp_dir, "/var/tmp");
	ck_assert(settings.use_fp);
	ck_assert_uint_eq(settings.max_depth, 7);
	ck_assert_uint_eq(settings.check_every, 1u << 30);
}
END_TEST

static const struct {
	const char *entry;
	bool is_said;
	uint32_t number;
} signals[] = {
	{ "MEMPROF_SNAPSHOT_SIGNAL=", false, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=USR1", false, 10 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=SIGUSR2", false, 12 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=10", false, 10 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=34", false, 34 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=64", false, 64 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=33", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=65", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=9", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=KILL", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=SEGV", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=USR1x", true, 0 },
	{ "MEMPROF_SNAPSHOT_SIGNAL=4294967306", true, 0 },
};

START_TEST(test_settings_take_some_signals)
{
	const char *said = read_one(signals[_i].entry);

	ck_assert_uint_eq(settings.snapshot_signal, signals[_i].number);
	ck_assert_int_eq(*said != '\0', signals[_i].is_said);
}
END_TEST

START_TEST(test_settings_of_the_timeline)
{
	ck_assert_str_eq(read_one("MEMPROF_TIMELINE=off"), "");
	ck_assert(settings.no_timeline);
	ck_assert_str_eq(read_one("MEMPROF_TIMELINE=on"), "");
	ck_assert(!settings.no_timeline);
	ck_assert_str_eq(read_one("MEMPROF_TIMELINE=0"),
			 "memprof: MEMPROF_TIMELINE takes on or off; using "
			 "on\n");
	ck_assert(!settings.no_timeline);
	ck_assert_str_eq(read_one("MEMPROF_SNAPSHOT_EVERY=60"), "");
	ck_assert_uint_eq(settings.snapshot_every, 60);
	ck_assert_uint_eq(settings.snapshot_peak, 0);
	ck_assert_str_eq(read_one("MEMPROF_SNAPSHOT_PEAK=10"), "");
	ck_assert_uint_eq(settings.snapshot_peak, 10);
	ck_assert_uint_eq(settings.snapshot_every, 0);
	ck_assert_str_ne(read_one("MEMPROF_SNAPSHOT_PEAK=0"), "");
	ck_assert_uint_eq(settings.snapshot_peak, 0);
}
END_TEST

START_TEST(test_settings_of_python)
{
	char objects[] = "MEMPROF_PYTHON=objects";
	char lifetimes[] = "MEMPROF_LIFETIMES=1";
	char sample[] = "MEMPROF_SAMPLE=1K";
	char *all[] = { objects, lifetimes, sample, NULL };
	char **both = all + 1, **none = all + 3;

	ck_assert_str_eq(read_with(none), "");
	ck_assert(settings.is_python_on && settings.has_python_objects);
	ck_assert_str_eq(read_one("MEMPROF_PYTHON=stack"), "");
	ck_assert(settings.is_python_on && !settings.has_python_objects);
	ck_assert_str_eq(read_one("MEMPROF_PYTHON=objects"), "");
	ck_assert(settings.is_python_on && settings.has_python_objects);
	ck_assert_str_eq(read_one("MEMPROF_PYTHON=off"), "");
	ck_assert(!settings.has_python_objects);
	ck_assert(!settings.is_python_on);
	ck_assert_str_eq(read_one("MEMPROF_PYTHON="), "");
	ck_assert(settings.is_python_on && settings.has_python_objects);
	ck_assert_str_eq(read_one("MEMPROF_PYTHON=on"),
			 "memprof: MEMPROF_PYTHON takes off, stack or "
			 "objects; using objects\n");
	ck_assert(settings.is_python_on && settings.has_python_objects);
	/* One of the two alone leaves them. */
	ck_assert_str_eq(read_one("MEMPROF_LIFETIMES=1"), "");
	ck_assert(settings.has_python_objects);
	ck_assert_str_eq(read_one("MEMPROF_SAMPLE=1K"), "");
	ck_assert(settings.has_python_objects);
	ck_assert_str_eq(read_with(both), "");
	ck_assert(settings.is_python_on && !settings.has_python_objects);
	ck_assert_str_eq(read_with(all), "");
	ck_assert(settings.is_python_on && settings.has_python_objects);
}
END_TEST

static const struct {
	const char *entry;
	bool is_said;
	uint32_t depth;
} depths[] = {
	{ "MEMPROF_MAX_DEPTH=", false, 1024 },
	{ "MEMPROF_MAX_DEPTH=1", false, 1 },
	{ "MEMPROF_MAX_DEPTH=1024", false, 1024 },
	{ "MEMPROF_MAX_DEPTH=1025", true, 1024 },
	{ "MEMPROF_MAX_DEPTH=0", true, 1024 },
	{ "MEMPROF_MAX_DEPTH=-1", true, 1024 },
	{ "MEMPROF_MAX_DEPTH= 3", true, 1024 },
	{ "MEMPROF_MAX_DEPTH=3x", true, 1024 },
	{ "MEMPROF_MAX_DEPTH=18446744073709551617", true, 1024 },
};

START_TEST(test_settings_say_a_depth_they_cannot_take)
{
	const char *said = read_one(depths[_i].entry);

	ck_assert_uint_eq(settings.max_depth, depths[_i].depth);
	if (depths[_i].is_said)
		ck_assert_str_eq(said, "memprof: MEMPROF_MAX_DEPTH takes a "
				       "number from 1 to 1024; using the "
				       "default\n");
	else
		ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(test_settings_quiet_decides_first)
{
	char bad[] = "MEMPROF_UNWIND=magic", quiet[] = "MEMPROF_QUIET=1";
	char *silent[] = { bad, quiet, NULL };

	ck_assert_str_eq(read_with(silent), "");
	ck_assert(settings.is_quiet);
	ck_assert_str_eq(read_one("MEMPROF_QUIET=0"), "");
	ck_assert(!settings.is_quiet);
	ck_assert_str_eq(read_one("MEMPROF_QUIET="), "");
	ck_assert(!settings.is_quiet);
	ck_assert_str_eq(
		read_one("MEMPROF_UNWIND=magic"),
		"memprof: MEMPROF_UNWIND takes cfi or fp; using cfi\n");
	ck_assert(!settings.use_fp);
}
END_TEST

START_TEST(test_settings_start_finds_what_the_kernel_left)
{
	char name[] = "prog", arg[] = "x", var[] = "A=b", path[] = "/p";
	uintptr_t words[] = { 2,
			      (uintptr_t)name,
			      (uintptr_t)arg,
			      0,
			      (uintptr_t)var,
			      0,
			      AT_SECURE,
			      1,
			      AT_PAGESZ,
			      16384,
			      AT_EXECFN,
			      (uintptr_t)path,
			      AT_NULL,
			      0 };
	struct mp_start start;

	ck_assert(mp_start_read(words, &start));
	ck_assert_ptr_eq(start.argv[1], arg);
	ck_assert_ptr_eq(start.envp[0], var);
	ck_assert(start.is_secure);
	ck_assert_str_eq(start.exec_fn, "/p");
	ck_assert_uint_eq(start.page_bytes, 16384);
	ck_assert_ptr_null(start.loader);
}
END_TEST

/* As the dynamic linker leaves the stack of a setuid program: variables taken
 * out, the rest moved down. */
START_TEST(test_settings_start_is_secure_behind_removed_variables)
{
	char var[] = "A=1";
	uintptr_t words[] = { 0,	 0, (uintptr_t)var, 0, 0, 0,
			      AT_SECURE, 1, AT_NULL,	    0 };
	struct mp_start start;

	ck_assert(mp_start_read(words, &start));
	ck_assert_ptr_eq(start.envp[0], var);
	ck_assert(start.is_secure);
	words[7] = 0;
	ck_assert(mp_start_read(words, &start));
	ck_assert(!start.is_secure);
	words[6] = AT_PAGESZ;
	ck_assert(mp_start_read(words, &start));
	ck_assert(start.is_secure);
}
END_TEST

START_TEST(test_settings_start_refuses_what_is_no_stack)
{
	uintptr_t negative[] = { (uintptr_t)-1, 0, 0, AT_NULL, 0 };
	uintptr_t unended[] = { 1, 1, 1, AT_NULL, 0 };
	struct mp_start start;

	ck_assert(!mp_start_read(NULL, &start));
	ck_assert(!mp_start_read(negative, &start));
	ck_assert(!mp_start_read(unended, &start));
}
END_TEST

START_TEST(test_settings_text_is_cut_and_ended)
{
	struct mp_text text;
	char buf[8] = "#######";

	mp_text_init(&text, buf, sizeof(buf) - 1);
	mp_text_dec(&text, 18446744073709551615u);

	ck_assert_str_eq(buf, "184467");
	ck_assert(text.is_cut);
	ck_assert_int_eq(buf[7], '\0');
	mp_text_init(&text, buf, sizeof(buf));
	mp_text_hex(&text, 0xbeef);
	mp_text_dec(&text, 0);
	ck_assert_str_eq(buf, "beef0");
	ck_assert(!text.is_cut);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("settings");

	tcase_add_test(tcase, test_settings_have_defaults);
	tcase_add_test(tcase, test_settings_are_taken);
	tcase_add_loop_test(tcase, test_settings_take_some_signals, 0,
			    sizeof(signals) / sizeof(signals[0]));
	tcase_add_test(tcase, test_settings_of_the_timeline);
	tcase_add_test(tcase, test_settings_of_python);
	tcase_add_loop_test(tcase, test_settings_say_a_depth_they_cannot_take,
			    0, sizeof(depths) / sizeof(depths[0]));
	tcase_add_test(tcase, test_settings_quiet_decides_first);
	tcase_add_test(tcase, test_settings_start_finds_what_the_kernel_left);
	tcase_add_test(tcase,
		       test_settings_start_is_secure_behind_removed_variables);
	tcase_add_test(tcase, test_settings_start_refuses_what_is_no_stack);
	tcase_add_test(tcase, test_settings_text_is_cut_and_ended);
	return recording_run(tcase, "settings");
}
