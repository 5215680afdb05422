/* SPDX-License-Identifier: MIT */
/*
 * Copying what a program records into while it goes on: pread() is ours here,
 * so what the program does happens at the worst instant, the same each time.
 */
#include "config.h"

#include "analyzer/cmd/keeper_copy.h"

#include <check.h>
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define NOW   UINT64_C(123456789)
#define PARTS 8

/* As a recorder makes them: no order at all. */
static const uint32_t types[PARTS] = {
	MPF_SEG_TEXT,	 MPF_SEG_NODES,	  MPF_SEG_SLOTS, MPF_SEG_MODULES,
	MPF_SEG_CHANGES, MPF_SEG_THREADS, MPF_SEG_CODES, MPF_SEG_POINTS,
};

static int memory, file;
static uint64_t used;
static struct mpf_header header;
static uint32_t order[PARTS]; /* types as they were copied first */
static size_t order_count;

/* What the program does when contents of that type are read. */
static uint32_t at_type;
static void (*happen)(void);

static uint64_t at_of(size_t i)
{
	return MPF_HEADER_BYTES + i * MPF_PAGE;
}

static void put(const void *bytes, size_t count, uint64_t at)
{
	ck_assert_int_eq(pwrite(memory, bytes, count, (off_t)at),
			 (ssize_t)count);
}

static void put_header(void)
{
	header.used_bytes = used;
	put(&header, sizeof(header), 0);
}

static void add_segment(uint32_t type)
{
	const struct mpf_segment segment = { .magic = MPF_SEGMENT_MAGIC,
					     .type = type,
					     .bytes = MPF_PAGE,
					     .elem_bytes = 1 };
	char contents[MPF_PAGE - sizeof(segment)];

	memset(contents, (int)type, sizeof(contents));
	put(&segment, sizeof(segment), used);
	put(contents, sizeof(contents), used + sizeof(segment));
	used += MPF_PAGE;
}

/* Contents are read in one piece with their segment. */
static void note(size_t bytes, uint64_t at)
{
	struct mpf_segment segment;

	if (bytes < MPF_PAGE || at < MPF_HEADER_BYTES)
		return;
	ck_assert_int_eq(
		syscall(SYS_pread64, memory, &segment, sizeof(segment), at),
		sizeof(segment));
	if (order_count < PARTS)
		order[order_count++] = segment.type;
	if (happen && segment.type == at_type)
		happen();
}

ssize_t pread(int fd, void *buf, size_t bytes, off_t at)
{
	ssize_t got = syscall(SYS_pread64, fd, buf, bytes, at);

	if (fd == memory)
		note(bytes, (uint64_t)at);
	return got;
}

static void set_up(void)
{
	memory = memfd_create("memory", MFD_CLOEXEC);
	file = memfd_create("file", MFD_CLOEXEC);
	ck_assert_int_ge(memory, 0);
	ck_assert_int_ge(file, 0);
	header = (struct mpf_header) { .state = MPF_RUNNING };
	memcpy(header.magic, MPF_MAGIC, sizeof(header.magic));
	used = MPF_HEADER_BYTES;
	for (size_t i = 0; i < PARTS; i++)
		add_segment(types[i]);
	put_header();
	order_count = 0;
	happen = NULL;
}

static void tear_down(void)
{
	close(memory);
	close(file);
}

static int copy(struct mpf_header *ret_header)
{
	return keeper_copy_running(memory, file, ret_header, NOW);
}

static uint32_t type_in_file(uint64_t at)
{
	struct mpf_segment segment = { 0 };

	(void)!pread(file, &segment, sizeof(segment), (off_t)at);
	return segment.type;
}

static int position(uint32_t type)
{
	for (size_t i = 0; i < order_count; i++)
		if (order[i] == type)
			return (int)i;
	ck_abort_msg("type %u was not copied", type);
}

START_TEST(test_keeper_copy_takes_what_others_refer_to_after_them)
{
	/* By how much later others are referred to. */
	static const uint32_t later[] = {
		MPF_SEG_CHANGES, MPF_SEG_SLOTS, MPF_SEG_NODES,
		MPF_SEG_MODULES, MPF_SEG_TEXT,
	};
	struct mpf_header got;

	ck_assert_int_eq(copy(&got), 0);

	ck_assert_uint_eq(order_count, PARTS);
	for (size_t i = 1; i < sizeof(later) / sizeof(later[0]); i++)
		ck_assert_int_lt(position(later[i - 1]), position(later[i]));
	ck_assert_int_lt(position(MPF_SEG_POINTS), position(MPF_SEG_SLOTS));
	ck_assert_int_lt(position(MPF_SEG_THREADS), position(MPF_SEG_NODES));
	ck_assert_int_lt(position(MPF_SEG_CODES), position(MPF_SEG_TEXT));
	for (size_t i = 0; i < PARTS; i++)
		ck_assert_uint_eq(type_in_file(at_of(i)), types[i]);
	ck_assert_uint_eq(got.used_bytes, used);
	ck_assert_uint_eq(got.end_ns, NOW);
	ck_assert_uint_eq(got.state, MPF_RUNNING);
}
END_TEST

static void record_more(void)
{
	happen = NULL;
	add_segment(MPF_SEG_SLOTS);
	add_segment(MPF_SEG_NODES);
	add_segment(MPF_SEG_CHANGES);
	add_segment(MPF_SEG_TEXT);
	put_header();
}

/* Stacks that old counters refer to may be new; new counters are left out. */
START_TEST(test_keeper_copy_leaves_out_counters_that_came_meanwhile)
{
	struct mpf_header got;
	const uint64_t former = used;

	at_type = MPF_SEG_SLOTS;
	happen = record_more;
	ck_assert_int_eq(copy(&got), 0);

	ck_assert_uint_eq(got.used_bytes, used);
	ck_assert_uint_eq(type_in_file(former), MPF_SEG_GAP);
	ck_assert_uint_eq(type_in_file(former + MPF_PAGE), MPF_SEG_NODES);
	ck_assert_uint_eq(type_in_file(former + 2ul * MPF_PAGE), MPF_SEG_GAP);
	ck_assert_uint_eq(type_in_file(former + 3ul * MPF_PAGE), MPF_SEG_TEXT);
	ck_assert_int_eq(lseek(file, 0, SEEK_END), (off_t)used);
}
END_TEST

/* The area that was valid is overwritten by the second time after that. */
static void thin_thrice(void)
{
	header.thin_sequence += 3;
	put_header();
}

static void thin_thrice_once(void)
{
	happen = NULL;
	thin_thrice();
}

START_TEST(test_keeper_copy_begins_anew_when_moments_were_thinned)
{
	struct mpf_header got;

	at_type = MPF_SEG_CHANGES;
	happen = thin_thrice;
	ck_assert_int_eq(copy(&got), -1);
	ck_assert_int_eq(errno, EAGAIN);

	happen = thin_thrice_once;
	ck_assert_int_eq(copy(&got), 0);
	ck_assert_uint_eq(got.thin_sequence, header.thin_sequence);
}
END_TEST

static void judge_and_list(void)
{
	happen = NULL;
	header.leak_sequence += 2;
	header.live_sequence += 2;
	put_header();
}

START_TEST(test_keeper_copy_has_no_verdicts_that_were_written_meanwhile)
{
	struct mpf_header got;

	at_type = MPF_SEG_SLOTS;
	happen = judge_and_list;
	ck_assert_int_eq(copy(&got), 0);
	ck_assert_uint_eq(got.leak_sequence % 2, 1);
	ck_assert_uint_eq(got.live_sequence % 2, 1);

	ck_assert_int_eq(copy(&got), 0);
	ck_assert_uint_eq(got.leak_sequence, 2);
	ck_assert_uint_eq(got.live_sequence, 2);
}
END_TEST

/* What the program wrote over; the length of a segment, and of all. */
START_TEST(test_keeper_copy_believes_nothing)
{
	static const uint64_t lengths[] = { 0, 1, MPF_PAGE + 1, MPF_PAGE * 99,
					    UINT64_MAX };
	const uint64_t at = at_of(2) + offsetof(struct mpf_segment, bytes);
	const uint64_t right = MPF_PAGE;
	struct mpf_header got;

	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		put(&lengths[i], sizeof(lengths[i]), at);
		ck_assert_int_eq(copy(&got), -1);
		ck_assert_int_eq(errno, EINVAL);
	}
	put(&right, sizeof(right), at);
	header.used_bytes = UINT64_MAX;
	put(&header, sizeof(header), 0);
	ck_assert_int_eq(copy(&got), 0);
	ck_assert_uint_eq(got.used_bytes, used);
	header.magic[0] ^= 1;
	put(&header, sizeof(header), 0);
	ck_assert(!keeper_copy_header(memory, &got));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keeper_copy");
	TCase *tests = tcase_create("keeper_copy");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tests, set_up, tear_down);
	tcase_add_test(tests,
		       test_keeper_copy_takes_what_others_refer_to_after_them);
	tcase_add_test(
		tests,
		test_keeper_copy_leaves_out_counters_that_came_meanwhile);
	tcase_add_test(tests,
		       test_keeper_copy_begins_anew_when_moments_were_thinned);
	tcase_add_test(
		tests,
		test_keeper_copy_has_no_verdicts_that_were_written_meanwhile);
	tcase_add_test(tests, test_keeper_copy_believes_nothing);
	suite_add_tcase(suite, tests);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
