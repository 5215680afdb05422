/* SPDX-License-Identifier: MIT */
/* What became of the process of a dump, as far as a reader can tell. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/unit/dump_case.h"

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

static void add(TCase *tests)
{
	tcase_add_test(tests, test_dump_tells_running_from_killed);
	tcase_add_test(tests, test_dump_may_be_a_copy);
	tcase_add_test(tests, test_dump_tells_killed_from_replaced);
	tcase_add_test(tests,
		       test_dump_of_a_killed_process_is_its_owners_again);
}

int main(void)
{
	return dump_case_run("dump process", add);
}
