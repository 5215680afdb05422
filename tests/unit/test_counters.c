/* SPDX-License-Identifier: MIT */
/* Counters and the composition of the peak, against brute force. */
#include "config.h"

#include "preload/record/counters.h"

#include <stdlib.h>
#include <string.h>

#include "tests/unit/recording.h"

#define RUNS	   20000
#define EVENTS_MAX 400
#define CLASSES	   6

struct state {
	int64_t blocks[CLASSES], bytes[CLASSES];
};

struct run {
	struct mpf_slot *slots; /* in the dump, one of each class */
	struct state now, best; /* best: at the first greatest total */
	int64_t total, best_total;
};

/* Slots by hand: counters know nothing of classes. */
static struct mpf_slot *new_slots(void)
{
	uint64_t offset;
	struct mpf_segment *segment =
		mp_file_segment(MPF_SEG_SLOTS, 0, sizeof(struct mpf_slot), 0,
				4096, true, &offset);

	ck_assert_ptr_nonnull(segment);
	return (struct mpf_slot *)segment + 1;
}

static void reset(struct run *run, struct mp_writer *writer)
{
	struct mpf_slot *slots = run->slots;

	memset(run, 0, sizeof(*run));
	run->slots = slots;
	memset(slots, 0, CLASSES * sizeof(*slots));
	writer->delta = 0;
	mp_file.header->live_bytes = 0;
	mp_file.header->peak_bytes = 0;
	mp_file.header->peak_epoch = 1;
}

static void event(struct run *run, struct mp_writer *writer, bool is_free,
		  unsigned c, uint64_t bytes)
{
	if (is_free) {
		mp_counters_free(writer, &run->slots[c], bytes);
		run->now.blocks[c]--;
		run->now.bytes[c] -= (int64_t)bytes;
		run->total -= (int64_t)bytes;
	} else {
		mp_counters_alloc(writer, &run->slots[c], bytes);
		run->now.blocks[c]++;
		run->now.bytes[c] += (int64_t)bytes;
		run->total += (int64_t)bytes;
	}
	if (run->total > run->best_total) {
		run->best_total = run->total;
		run->best = run->now;
	}
}

/* The reader's rule of format.h, slot by slot. */
static void check_peak(const struct run *run)
{
	const struct mpf_header *header = mp_file.header;
	bool is_now = run->total > (int64_t)header->peak_bytes;
	int64_t peak = is_now ? run->total : (int64_t)header->peak_bytes;

	ck_assert_int_eq(peak, run->best_total);
	for (unsigned c = 0; c < CLASSES; c++) {
		const struct mpf_slot *slot = &run->slots[c];
		bool is_kept = !is_now && slot->epoch == header->peak_epoch;
		int64_t blocks =
			is_kept ? slot->peak_blocks
				: (int64_t)(slot->allocs - slot->frees);
		int64_t bytes = is_kept ? slot->peak_bytes
					: (int64_t)(slot->alloc_bytes -
						    slot->free_bytes);

		ck_assert_int_eq(bytes, run->best.bytes[c]);
		/* Blocks of no bytes come and go at one and the same total. */
		ck_assert_int_eq(blocks, run->best.blocks[c]);
	}
}

/* Sizes repeat, so that equal peaks are common; none is 0. */
START_TEST(test_counters_peak_is_that_of_brute_force)
{
	static struct mp_writer writer;
	static struct run run;
	static struct {
		unsigned c;
		uint64_t bytes;
	} live[EVENTS_MAX];
	const uint64_t sizes[] = { 1, 25, 100, 4096, 70000 };

	srand(99);
	recording_create("dump");
	run.slots = new_slots();
	for (unsigned i = 0; i < RUNS; i++) {
		unsigned events = 1 + (unsigned)rand() % EVENTS_MAX, n = 0;

		reset(&run, &writer);
		for (unsigned e = 0; e < events; e++) {
			if (n && rand() % 100 < 48) {
				unsigned k = (unsigned)rand() % n;

				event(&run, &writer, true, live[k].c,
				      live[k].bytes);
				live[k] = live[--n];
			} else {
				live[n].c = (unsigned)rand() % CLASSES;
				live[n].bytes = sizes[rand() % 5];
				event(&run, &writer, false, live[n].c,
				      live[n].bytes);
				n++;
			}
			if (rand() % 16 == 0)
				check_peak(&run);
		}
		check_peak(&run);
	}
}
END_TEST

START_TEST(test_counters_keep_the_first_of_equal_peaks)
{
	static struct mp_writer writer;
	static struct run run;

	recording_create("dump");
	run.slots = new_slots();
	event(&run, &writer, false, 0, 100);
	event(&run, &writer, true, 0, 100);
	event(&run, &writer, false, 1, 100);
	event(&run, &writer, true, 1, 100);

	ck_assert_int_eq(run.best.bytes[0], 100);
	check_peak(&run);
}
END_TEST

START_TEST(test_counters_peak_may_be_the_last_allocation)
{
	static struct mp_writer writer;
	static struct run run;

	recording_create("dump");
	run.slots = new_slots();
	event(&run, &writer, false, 0, 10);
	event(&run, &writer, true, 0, 10);
	event(&run, &writer, false, 1, 11);

	ck_assert_uint_eq(mp_file.header->peak_bytes, 10);
	ck_assert_int_eq(run.best_total, 11);
	check_peak(&run);
}
END_TEST

START_TEST(test_counters_flush_before_64_kib_are_owed)
{
	static struct mp_writer writer;
	static struct run run;

	recording_create("dump");
	run.slots = new_slots();
	event(&run, &writer, false, 0, MP_FLUSH_BYTES - 1);
	ck_assert_uint_eq(mp_file.header->live_bytes, 0);
	event(&run, &writer, false, 0, 1);
	ck_assert_uint_eq(mp_file.header->live_bytes, MP_FLUSH_BYTES);
	ck_assert_int_eq(writer.delta, 0);
	event(&run, &writer, true, 0, 1);
	event(&run, &writer, true, 0, MP_FLUSH_BYTES - 1);

	ck_assert_uint_eq(mp_file.header->live_bytes, 0);
	ck_assert_uint_eq(mp_file.header->peak_bytes, MP_FLUSH_BYTES);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("counters");

	tcase_add_test(tcase, test_counters_peak_is_that_of_brute_force);
	tcase_add_test(tcase, test_counters_keep_the_first_of_equal_peaks);
	tcase_add_test(tcase, test_counters_peak_may_be_the_last_allocation);
	tcase_add_test(tcase, test_counters_flush_before_64_kib_are_owed);
	return recording_run(tcase, "counters");
}
