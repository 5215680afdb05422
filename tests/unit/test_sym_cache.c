/* SPDX-License-Identifier: MIT */
/*
 * The symbol cache: what it gives is what the files give, whatever happened to
 * them since, and whatever happened to it.
 */
#include "config.h"

#include "analyzer/sym/sym.h"

#include <check.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#include "analyzer/sym/cache_file.h"
#include "analyzer/sym/cache_folder.h"
#include "tests/unit/sym_fixture.h"

#define NOBODY	  65534
#define MUTATIONS 4000

static const char *const marks[] = { "mark_leaf", "mark_outer", "mark_hidden",
				     "mark_exported", "mark_tail" };
#define MARKS (sizeof(marks) / sizeof(marks[0]))

static struct sym *sym;
static struct fixture_object recorded;

static void build(const char *flags)
{
	char command[512];

	snprintf(command, sizeof(command),
		 "rm -rf cache dbg && $CC -O2 %s -o prog $S/sym_inline.c && "
		 "cp prog marks",
		 flags);
	fixture_run(command);
	fixture_record(&recorded, "prog");
}

/* Begins anew, as the next run does. */
static uint32_t begin(const char *debug_dir)
{
	const struct sym_options options = {
		.debug_dirs = &debug_dir,
		.debug_dir_count = debug_dir != NULL,
		.cache_folder = fixture_path("cache/memprof"),
	};

	sym_free(sym);
	sym = sym_new(&options);
	ck_assert_ptr_nonnull(sym);
	return sym_add_object(sym, &recorded.object);
}

static void setup(void)
{
	fixture_run("rm -rf cache dbg");
}

static void clear(void)
{
	sym_free(sym);
	sym = NULL;
}

/* The function at a mark, or "". */
static const char *function_at(uint32_t object, const char *mark)
{
	const struct sym_frame *frames;
	size_t count =
		sym_resolve(sym, object, fixture_mark("marks", mark), &frames);

	return count == 0 || frames[count - 1].function == NULL
		       ? ""
		       : frames[count - 1].function;
}

/* Where the function at a mark begins, that has no name. */
static uint64_t start_at(uint32_t object, const char *mark)
{
	const struct sym_frame *frames;

	ck_assert_uint_eq(
		sym_resolve(sym, object, fixture_mark("marks", mark), &frames),
		1);
	return frames[0].start;
}

static void check_outer(uint32_t object)
{
	const struct sym_frame *frames;

	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_uint_eq(sym_resolve(sym, object,
				      fixture_mark("marks", "mark_leaf"),
				      &frames),
			  3);
	fixture_check(&frames[0], "sym_leaf", "sym_inline.c", "leaf", true);
	fixture_check(&frames[1], "sym_middle", "sym_inline.c", "leaf-call",
		      true);
	fixture_check(&frames[2], "sym_outer", "sym_inline.c", "middle-call",
		      false);
	ck_assert_ptr_eq(frames[0].file, frames[2].file);
	ck_assert_ptr_eq(frames[2].function, frames[2].mangled);
}

/* The file of the object recorded. */
static const char *cache_name(void)
{
	static char name[PATH_MAX];
	char hex[160];
	size_t at = 0;

	for (size_t i = 0; i < recorded.object.build_id_bytes; i++)
		at += (size_t)snprintf(hex + at, sizeof(hex) - at, "%02x",
				       recorded.build_id[i]);
	snprintf(name, sizeof(name), "cache/memprof/%s.sym", hex);
	return name;
}

static uint8_t *read_cache(size_t *ret_bytes)
{
	FILE *file = fopen(cache_name(), "re");
	uint8_t *data = malloc(1 << 20);

	ck_assert_ptr_nonnull(data);
	ck_assert_ptr_nonnull(file);
	*ret_bytes = fread(data, 1, 1 << 20, file);
	fclose(file);
	return data;
}

static void write_cache(const uint8_t *data, size_t bytes)
{
	FILE *file;

	unlink(cache_name());
	file = fopen(cache_name(), "wxe");
	ck_assert_ptr_nonnull(file);
	ck_assert_uint_eq(fwrite(data, 1, bytes, file), bytes);
	ck_assert_int_eq(fclose(file), 0);
}

static void make_crc_right(uint8_t *data, size_t bytes)
{
	const size_t at = offsetof(struct cache_file_header, answer_count);
	uint32_t crc = (uint32_t)crc32_z(0, data + at, bytes - at);

	memcpy(data + offsetof(struct cache_file_header, crc), &crc,
	       sizeof(crc));
}

static uint32_t answers_kept(void)
{
	struct cache_file_header header;
	size_t bytes;
	uint8_t *data = read_cache(&bytes);

	memcpy(&header, data, sizeof(header));
	free(data);
	return header.answer_count;
}

/*
 * Puts another name in the place of sym_outer's where it is kept: who answers
 * with that did not look at the program.
 */
static void forge(bool with_crc)
{
	size_t bytes;
	uint8_t *data = read_cache(&bytes);
	uint8_t *at = memmem(data, bytes, "sym_outer", 10);

	ck_assert_ptr_nonnull(at);
	memcpy(at, "SYM_OUTER", 9);
	if (with_crc)
		make_crc_right(data, bytes);
	write_cache(data, bytes);
	free(data);
}

/* Fills the cache with the innermost mark. */
static void fill(void)
{
	check_outer(begin(NULL));
	sym_save(sym);
}

START_TEST(test_sym_cache_answers_without_the_program)
{
	uint32_t object;

	build("-g");
	fill();
	check_outer(begin(NULL));
	forge(true);
	object = begin(NULL);

	ck_assert_str_eq(function_at(object, "mark_leaf"), "SYM_OUTER");
	ck_assert_int_eq(sym_object_status(sym, object), SYM_FULL);
	ck_assert_str_eq(sym_object_source(sym, object), fixture_path("prog"));
	/* What it has not is looked up; the rest stays. */
	ck_assert_str_eq(function_at(object, "mark_hidden"), "sym_hidden");
	ck_assert_str_eq(function_at(object, "mark_leaf"), "SYM_OUTER");
	sym_save(sym);
	ck_assert_uint_eq(answers_kept(), 2);
}
END_TEST

START_TEST(test_sym_cache_keeps_what_is_unknown_too)
{
	const struct sym_frame *frames;

	build("-g");
	ck_assert_uint_eq(sym_resolve(sym, begin(NULL), 1, &frames), 0);
	sym_save(sym);
	ck_assert_uint_eq(answers_kept(), 1);
	ck_assert_uint_eq(sym_resolve(sym, begin(NULL), 1, &frames), 0);
}
END_TEST

START_TEST(test_sym_cache_adds_up_over_runs_and_copies)
{
	uint32_t first, second;

	build("-g");
	fill();
	first = begin(NULL);
	second = sym_add_object(sym, &recorded.object);
	for (size_t i = 0; i < MARKS; i++)
		function_at(i % 2 ? first : second, marks[i]);
	sym_save(sym);

	ck_assert_uint_eq(answers_kept(), MARKS);
}
END_TEST

START_TEST(test_sym_cache_notices_debug_files_that_come_and_go)
{
	char command[256];
	uint32_t object;

	build("-g -Wl,--build-id");
	snprintf(command, sizeof(command),
		 "f=dbg/.build-id/%s.debug; mkdir -p ${f%%/*} && "
		 "strip -o prog marks",
		 fixture_build_id_path(&recorded));
	fixture_run(command);
	object = begin(fixture_path("dbg"));
	for (int run = 0; run < 2; run++) {
		ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
		ck_assert_str_eq(function_at(object, "mark_leaf"), "");
		ck_assert_uint_eq(start_at(object, "mark_leaf"),
				  fixture_mark("marks", "sym_outer"));
		sym_save(sym);
		object = begin(fixture_path("dbg"));
	}

	snprintf(command, sizeof(command),
		 "objcopy --only-keep-debug marks dbg/.build-id/%s.debug",
		 fixture_build_id_path(&recorded));
	fixture_run(command);
	for (int run = 0; run < 2; run++) {
		object = begin(fixture_path("dbg"));
		check_outer(object);
		ck_assert_ptr_nonnull(strstr(sym_object_source(sym, object),
					     "dbg/.build-id"));
		sym_save(sym);
	}

	fixture_run("rm -r dbg");
	object = begin(fixture_path("dbg"));
	ck_assert_int_eq(sym_object_status(sym, object), SYM_DYNSYM);
	ck_assert_str_eq(function_at(object, "mark_leaf"), "");
}
END_TEST

START_TEST(test_sym_cache_notices_another_program_with_the_build_id)
{
	build("-g -Wl,--build-id=0x12345678");
	fill();
	forge(true);
	ck_assert_str_eq(function_at(begin(NULL), "mark_leaf"), "SYM_OUTER");
	fixture_run("cp prog other && mv other prog");
	ck_assert_str_eq(function_at(begin(NULL), "mark_leaf"), "sym_outer");
}
END_TEST

START_TEST(test_sym_cache_is_not_for_what_it_cannot_know)
{
	static const char *const flags[] = { "-g -Wl,--build-id=none",
					     "-g -gsplit-dwarf",
					     "-gdwarf-4 -gsplit-dwarf" };

	build(flags[_i]);
	fill();
	ck_assert_int_eq(access(cache_name(), F_OK), -1);
}
END_TEST

START_TEST(test_sym_cache_is_for_its_owner_only)
{
	struct stat status;

	build("-g");
	umask(0);
	fill();
	ck_assert_int_eq(stat("cache", &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_int_eq(stat("cache/memprof", &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0700);
	ck_assert_int_eq(stat(cache_name(), &status), 0);
	ck_assert_uint_eq(status.st_mode & 07777, 0600);
}
END_TEST

/* What others may have touched gives nothing, and is not written to. */
START_TEST(test_sym_cache_of_others_is_left_alone)
{
	static const char *const commands[] = {
		"chmod g+w cache/memprof",
		"chmod o+w cache/memprof",
		"mv cache/memprof cache/m && ln -s m cache/memprof",
		"chmod g+w cache/memprof/*",
		"mv cache/memprof/*.sym it && ln -s ../../it $F",
		"rm cache/memprof/*.sym && mkfifo $F",
		"chown 65534 cache/memprof",
		"chown 65534 cache/memprof/*",
	};

	if (strncmp(commands[_i], "chown", 5) == 0 && geteuid() != 0)
		return;
	build("-g");
	fill();
	forge(true);
	setenv("F", cache_name(), 1);
	fixture_run(commands[_i]);
	ck_assert_str_eq(function_at(begin(NULL), "mark_leaf"), "sym_outer");
}
END_TEST

START_TEST(test_sym_cache_is_made_in_folders_of_its_user_only)
{
	build("-g");
	if (geteuid() != 0)
		return;
	fixture_run("mkdir cache && chown 65534 cache");
	fill();
	ck_assert_int_eq(access("cache/memprof", F_OK), -1);
}
END_TEST

START_TEST(test_sym_cache_is_not_for_borrowed_privileges)
{
	struct cache_folder folder;

	ck_assert_int_eq(cache_folder_init(&folder, "/x"), 0);
	ck_assert_str_eq(folder.path, "/x");
	cache_folder_done(&folder);
	ck_assert_int_eq(cache_folder_init(&folder, "x"), 0);
	ck_assert_ptr_null(folder.path);
	if (geteuid() != 0)
		return;
	ck_assert_int_eq(seteuid(NOBODY), 0);
	ck_assert_int_eq(cache_folder_init(&folder, "/x"), 0);
	ck_assert_int_eq(seteuid(0), 0);
	ck_assert_ptr_null(folder.path);
}
END_TEST

START_TEST(test_sym_cache_may_be_removed_at_any_time)
{
	uint32_t object;

	build("-g");
	fill();
	object = begin(NULL);
	ck_assert_str_eq(function_at(object, "mark_leaf"), "sym_outer");
	fixture_run("rm -r cache");
	check_outer(object);
	ck_assert_str_eq(function_at(object, "mark_tail"), "sym_tail");
	sym_save(sym);
	fill();
	ck_assert_uint_eq(answers_kept(), 1);
}
END_TEST

START_TEST(test_sym_cache_damaged_is_ignored)
{
	uint8_t *data;
	size_t bytes;

	build("-g");
	fill();
	forge(false);
	ck_assert_str_eq(function_at(begin(NULL), "mark_leaf"), "sym_outer");
	/* It is replaced. */
	sym_save(sym);
	data = read_cache(&bytes);
	forge(true);
	ck_assert_str_eq(function_at(begin(NULL), "mark_leaf"), "SYM_OUTER");
	for (size_t kept = 0; kept < bytes; kept += 7) {
		write_cache(data, kept);
		check_outer(begin(NULL));
	}
	free(data);
}
END_TEST

static uint64_t state = 42;

static uint64_t next_random(void)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

static void mutate(uint8_t *data, size_t bytes)
{
	for (uint64_t i = 1 + next_random() % 4; i > 0; i--) {
		size_t at = next_random() % bytes;
		/* The header and the tables behind it say most. */
		size_t front = next_random() % 3 ? at : at % 160;

		data[front] = next_random() % 2 ? (uint8_t)next_random()
						: (uint8_t)(data[front] + 1);
	}
}

/* Every answer of a file that was taken can be had. */
static void read_everything(struct cache_file *file)
{
	struct intern intern = { 0 };

	for (uint32_t i = 0; i < file->header.answer_count; i++) {
		const struct answer *answer =
			cache_file_answer(file, i, &intern);

		ck_assert_ptr_nonnull(answer);
		ck_assert_uint_eq(cache_file_find(file, file->addresses[i]), i);
		for (size_t j = 0; j < answer->count; j++)
			if (answer->frames[j].function != NULL)
				ck_assert_uint_le(
					strlen(answer->frames[j].function),
					INTERN_STRING_LIMIT);
	}
	intern_done(&intern);
}

START_TEST(test_sym_cache_of_an_enemy_does_no_harm)
{
	const uint8_t *identity;
	struct cache_file_header header;
	size_t bytes, taken = 0;
	uint8_t *data;
	uint32_t object;

	build("-g");
	object = begin(NULL);
	for (size_t i = 0; i < MARKS; i++)
		function_at(object, marks[i]);
	sym_save(sym);
	data = read_cache(&bytes);
	memcpy(&header, data, sizeof(header));
	identity = data + bytes - header.identity_bytes;
	for (int i = 0; i < MUTATIONS; i++) {
		size_t kept = next_random() % 8 ? bytes : next_random() % bytes;
		uint8_t *changed = malloc(kept + 1);
		struct cache_file file;

		ck_assert_ptr_nonnull(changed);
		memcpy(changed, data, kept);
		if (kept >= sizeof(header)) {
			mutate(changed, kept);
			make_crc_right(changed, kept);
		}
		if (!cache_file_open(&file, changed, kept, identity,
				     header.identity_bytes))
			continue;
		taken++;
		read_everything(&file);
		cache_file_close(&file);
	}
	free(data);
	/* Lines and letters may be anything. */
	ck_assert_uint_gt(taken, 0);
	ck_assert_uint_lt(taken, MUTATIONS / 2);
}
END_TEST

START_TEST(test_sym_cache_is_bounded)
{
	static const uint8_t block[1000];
	static const struct {
		uint64_t bytes;
		size_t count;
		const char *left;
	} cases[] = {
		{ 5000, 10, "a b c d e" }, /* all within */
		{ 4000, 10, "c d e" },	   /* three quarters */
		{ 5000, 4, "c d e" },
		{ 999, 10, "" },
	};
	struct cache_folder folder;
	char left[64], command[128];
	FILE *file;

	cache_folder_init(&folder, fixture_path("cache/memprof"));
	for (char name = 'a'; name <= 'e'; name++)
		ck_assert(cache_folder_write(
			&folder, (char[]) { name, '.', 's', 'y', 'm', '\0' },
			block, sizeof(block)));
	fixture_run("cd cache/memprof && for n in 1 2 3 4 5; do touch -d "
		    "\"2001-01-0$n\" $(echo abcde | cut -c $n).sym; done && "
		    "touch b.sym.1.tmp other && "
		    "touch -d 2001-01-01 a.sym.2.tmp");
	cache_folder_trim(&folder, cases[_i].bytes, cases[_i].count);
	cache_folder_done(&folder);

	snprintf(command, sizeof(command),
		 "cd cache/memprof && ls *.tmp other && "
		 "echo $(ls | sed -n 's/.sym$//p')");
	file = popen(command, "re");
	ck_assert_ptr_nonnull(file);
	/* What is not of the cache stays, and what may be being written. */
	ck_assert_ptr_nonnull(fgets(left, sizeof(left), file));
	ck_assert_str_eq(left, "b.sym.1.tmp\n");
	ck_assert_ptr_nonnull(fgets(left, sizeof(left), file));
	ck_assert_str_eq(left, "other\n");
	ck_assert_ptr_nonnull(fgets(left, sizeof(left), file));
	left[strcspn(left, "\n")] = '\0';
	ck_assert_str_eq(left, cases[_i].left);
	pclose(file);
}
END_TEST

START_TEST(test_sym_cache_file_used_counts_as_new)
{
	static const uint8_t block[10];
	struct cache_folder folder;
	struct stat status;
	size_t bytes = 0;

	cache_folder_init(&folder, fixture_path("cache/memprof"));
	ck_assert(cache_folder_write(&folder, "a.sym", block, sizeof(block)));
	fixture_run("touch -d 2001-01-01 cache/memprof/a.sym");
	free(cache_folder_read(&folder, "a.sym", &bytes));
	ck_assert_uint_eq(bytes, sizeof(block));
	ck_assert_int_eq(stat("cache/memprof/a.sym", &status), 0);
	ck_assert_int_gt(status.st_mtime, time(NULL) - 3600);
	cache_folder_done(&folder);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sym_cache");
	TCase *tcase = tcase_create("cache");
	SRunner *runner;
	int failed;

	fixture_begin();
	fixture_need("objcopy");
	fixture_need("$CC");
	tcase_set_timeout(tcase, 60);
	tcase_add_checked_fixture(tcase, setup, clear);
	tcase_add_test(tcase, test_sym_cache_answers_without_the_program);
	tcase_add_test(tcase, test_sym_cache_keeps_what_is_unknown_too);
	tcase_add_test(tcase, test_sym_cache_adds_up_over_runs_and_copies);
	tcase_add_test(tcase,
		       test_sym_cache_notices_debug_files_that_come_and_go);
	tcase_add_test(
		tcase,
		test_sym_cache_notices_another_program_with_the_build_id);
	tcase_add_loop_test(
		tcase, test_sym_cache_is_not_for_what_it_cannot_know, 0, 3);
	tcase_add_test(tcase, test_sym_cache_is_for_its_owner_only);
	tcase_add_loop_test(tcase, test_sym_cache_of_others_is_left_alone, 0,
			    8);
	tcase_add_test(tcase,
		       test_sym_cache_is_made_in_folders_of_its_user_only);
	tcase_add_test(tcase, test_sym_cache_is_not_for_borrowed_privileges);
	tcase_add_test(tcase, test_sym_cache_may_be_removed_at_any_time);
	tcase_add_test(tcase, test_sym_cache_damaged_is_ignored);
	tcase_add_test(tcase, test_sym_cache_of_an_enemy_does_no_harm);
	tcase_add_loop_test(tcase, test_sym_cache_is_bounded, 0, 4);
	tcase_add_test(tcase, test_sym_cache_file_used_counts_as_new);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed != 0;
}
