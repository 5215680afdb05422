/* SPDX-License-Identifier: MIT */
/* Courses made up from sums: every course that can be has one. */
#include "config.h"

#include <check.h>
#include <stdlib.h>

#include "analyzer/model/replay.h"

/* A course of a few blocks, drawn at random, and its sums. */
static struct counts draw(unsigned *state)
{
	struct counts counts = { 0 };
	int64_t *of = counts.of;
	int blocks = rand_r(state) % 6;

	for (int i = 0; i < blocks; i++) {
		int64_t bytes = rand_r(state) % 4;
		bool is_at_peak = rand_r(state) % 2,
		     is_live = rand_r(state) % 2;

		of[METRIC_ALLOCATIONS]++;
		of[METRIC_ALLOCATED_BYTES] += bytes;
		of[METRIC_PEAK_BLOCKS] += is_at_peak;
		of[METRIC_PEAK_BYTES] += is_at_peak ? bytes : 0;
		of[METRIC_LIVE_BLOCKS] += is_live;
		of[METRIC_LIVE_BYTES] += is_live ? bytes : 0;
		of[METRIC_TEMPORARY] += !is_live && rand_r(state) % 2;
	}
	return counts;
}

static void check_part(const struct replay_part *part)
{
	int64_t size, larger = replay_larger(part, &size);

	ck_assert_int_ge(part->blocks, 0);
	ck_assert_int_ge(larger, 0);
	ck_assert_int_le(larger, part->blocks);
	ck_assert_int_eq(part->blocks * size + larger, part->bytes);
}

START_TEST(test_replay_has_a_course_for_every_one_that_can_be)
{
	unsigned state = 1;

	for (int i = 0; i < 5000; i++) {
		const struct counts counts = draw(&state);
		const int64_t *of = counts.of;
		struct replay replay;

		ck_assert_int_eq(replay_plan(&replay, &counts), 0);

		check_part(&replay.passing);
		check_part(&replay.peak_only);
		check_part(&replay.lasting);
		check_part(&replay.end_only);
		ck_assert_int_eq(replay.lasting.blocks +
					 replay.peak_only.blocks,
				 of[METRIC_PEAK_BLOCKS]);
		ck_assert_int_eq(replay.lasting.bytes + replay.peak_only.bytes,
				 of[METRIC_PEAK_BYTES]);
		ck_assert_int_eq(replay.lasting.blocks + replay.end_only.blocks,
				 of[METRIC_LIVE_BLOCKS]);
		ck_assert_int_eq(replay.lasting.bytes + replay.end_only.bytes,
				 of[METRIC_LIVE_BYTES]);
		ck_assert_int_eq(
			replay.passing.blocks + replay.peak_only.blocks +
				replay.lasting.blocks + replay.end_only.blocks,
			of[METRIC_ALLOCATIONS]);
		ck_assert_int_eq(replay.passing.bytes + replay.peak_only.bytes +
					 replay.lasting.bytes +
					 replay.end_only.bytes,
				 of[METRIC_ALLOCATED_BYTES]);
		ck_assert_int_ge(replay.temporary, 0);
		ck_assert_int_le(replay.temporary, replay.passing.blocks);
		ck_assert_int_ge(replay.peak_temporary, 0);
		ck_assert_int_le(replay.peak_temporary,
				 replay.peak_only.blocks);
	}
}
END_TEST

START_TEST(test_replay_refuses_what_cannot_be)
{
	static const struct counts broken[] = {
		/* More at the peak than ever came. */
		{ .of = { [METRIC_ALLOCATIONS] = 1,
			  [METRIC_PEAK_BLOCKS] = 2 } },
		/* Bytes without a block. */
		{ .of = { [METRIC_ALLOCATED_BYTES] = 1 } },
		{ .of = { [METRIC_ALLOCATIONS] = 1,
			  [METRIC_ALLOCATED_BYTES] = 1,
			  [METRIC_LIVE_BYTES] = 1 } },
		{ .of = { [METRIC_ALLOCATIONS] = -1 } },
		{ .of = { [METRIC_ALLOCATIONS] = INT64_MAX >> 3,
			  [METRIC_PEAK_BLOCKS] = INT64_MAX >> 3,
			  [METRIC_PEAK_BYTES] = INT64_MAX >> 3 } },
	};
	struct replay replay;

	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
		ck_assert_int_eq(replay_plan(&replay, &broken[i]),
				 REPLAY_IMPOSSIBLE);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("replay");
	TCase *tcase = tcase_create("replay");
	SRunner *runner;
	int failed;

	tcase_add_test(tcase,
		       test_replay_has_a_course_for_every_one_that_can_be);
	tcase_add_test(tcase, test_replay_refuses_what_cannot_be);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
