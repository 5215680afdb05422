/* SPDX-License-Identifier: MIT */
/* What a second thread gets is all that was written, in order. */
#include "config.h"

#include <check.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/base/worker.h"

#define WRITES 3000u

struct got {
	uint64_t bytes;
	uint64_t hash;
};

static void consume(void *context, const void *bytes, size_t count)
{
	struct got *got = context;
	const uint8_t *at = bytes;

	for (size_t i = 0; i < count; i++)
		got->hash = (got->hash ^ at[i]) * UINT64_C(0x100000001b3);
	got->bytes += count;
}

/* Pieces of 0 bytes, of a few, and larger than any block. */
START_TEST(test_worker_consumes_all_that_is_written_in_order)
{
	static uint8_t piece[1 << 20];
	struct got now = { 0 }, later = { 0 };
	struct worker *worker = worker_open(consume, &later);
	uint32_t state = 1;

	ck_assert_ptr_nonnull(worker);
	for (size_t i = 0; i < sizeof(piece); i++)
		piece[i] = (uint8_t)(i * 7 + i / 251);
	for (unsigned i = 0; i < WRITES; i++) {
		size_t count = i % 1000 == 999 ? sizeof(piece) : i % 97;

		state = state * 1664525 + 1013904223;
		piece[0] = (uint8_t)(state >> 24);
		consume(&now, piece, count);
		worker_write(worker, piece, count);
	}
	worker_close(worker);

	ck_assert_uint_eq(later.bytes, now.bytes);
	ck_assert_uint_eq(later.bytes, 3289236);
	ck_assert_uint_eq(later.hash, now.hash);
}
END_TEST

START_TEST(test_worker_that_gets_nothing_ends)
{
	struct got got = { 0 };

	worker_close(worker_open(consume, &got));
	worker_close(NULL);
	ck_assert_uint_eq(got.bytes, 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("worker");
	TCase *tcase = tcase_create("worker");
	SRunner *runner = srunner_create(suite);
	int failed;

	tcase_add_test(tcase,
		       test_worker_consumes_all_that_is_written_in_order);
	tcase_add_test(tcase, test_worker_that_gets_nothing_ends);
	suite_add_tcase(suite, tcase);
	srunner_run_all(runner, CK_ENV);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
