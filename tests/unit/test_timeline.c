/* SPDX-License-Identifier: MIT */
/* When points and moments are taken, with a clock of the test's own, and what
 * is left of them when they become many. */
#include "config.h"

#include "preload/record/timeline.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "preload/record/file.h"
#include "preload/record/moments.h"
#include "preload/record/points.h"
#include "preload/record/unseen.h"
#include "tests/unit/recording.h"

#define MS	   UINT64_C(1000000)
#define BASE	   UINT64_C(0x500000000000)
#define STATES_MAX 4096

static struct {
	uint64_t now; /* also the ticks: one a nanosecond */
	uint64_t rss;
	uint64_t asked; /* times the real clock was asked */
	uint64_t blocks;
} fake = { .now = 1000 * MS, .rss = 12345 };

static uint64_t fake_now(void)
{
	fake.asked++;
	return fake.now;
}

static uint64_t fake_ticks(void)
{
	return fake.now;
}

static uint64_t fake_rss(void)
{
	return fake.rss;
}

static void begin(void)
{
	mp_timeline_source =
		(struct mp_timeline_source) { fake_now, fake_ticks, fake_rss };
	recording_boot("dump");
	/* The recording began by the real clock. */
	mp_file.header->start_ns = fake.now;
}

__attribute__((noinline)) static void take(size_t bytes)
{
	struct mp_regs regs = MP_REGS_CALLER();

	mp_recorder_alloc((const void *)(BASE + fake.blocks++ * 4096), bytes,
			  MPF_CALL_MALLOC, &regs);
}

/* So many allocations of a byte, and as many frees of them. */
static void churn(unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		take(1);
		fake.blocks--;
		mp_recorder_free((const void *)(BASE + fake.blocks * 4096));
	}
}

typedef void element_fn(const void *element, void *arg);

/* Every element of a type (and owner), with those under headers left out. */
static void each(uint32_t type, uint32_t owner, element_fn *fn, void *arg)
{
	const uint8_t *dump = (const uint8_t *)mp_file.header;
	uint64_t at = MPF_HEADER_BYTES;

	while (at < mp_file.header->used_bytes) {
		const struct mpf_segment *segment = (const void *)(dump + at);
		uint64_t n = segment->elem_bytes;

		if (segment->type == type && segment->owner == owner)
			for (uint64_t i = n < 64 ? 64 : n; i < segment->bytes;
			     i += n)
				fn(dump + at + i, arg);
		at += segment->bytes;
	}
}

struct found {
	size_t count;
	struct mpf_point points[STATES_MAX];
	struct mpf_moment moments[STATES_MAX];
	size_t changes;
};

static void find_point(const void *element, void *arg)
{
	const struct mpf_point *point = element;
	struct found *found = arg;

	if (point->ns)
		found->points[found->count++] = *point;
}

static void find_moment(const void *element, void *arg)
{
	const struct mpf_moment *moment = element;
	struct found *found = arg;

	if (moment->ns)
		found->moments[found->count++] = *moment;
}

static struct found *points(void)
{
	static struct found found;

	found.count = 0;
	each(MPF_SEG_POINTS, 0, find_point, &found);
	return &found;
}

static struct found *moments(void)
{
	static struct found found;

	found.count = 0;
	each(MPF_SEG_MOMENTS, mp_file.header->timeline_area, find_moment,
	     &found);
	return &found;
}

/* Live bytes after the changes of moments 0 to last, slot by slot. */
static int64_t live_after(const struct found *found, size_t last)
{
	static struct mpf_change state[1 << 16];
	const uint8_t *dump = (const uint8_t *)mp_file.header;
	int64_t live = 0;

	memset(state, 0, sizeof(state));
	for (size_t m = 0; m <= last; m++) {
		uint64_t first = found->moments[m].first_change;
		uint64_t end = first + found->moments[m].change_count;
		uint32_t before = 0;
		uint64_t at = MPF_HEADER_BYTES;

		while (at < mp_file.header->used_bytes) {
			const struct mpf_segment *segment =
				(const void *)(dump + at);
			const struct mpf_change *changes =
				(const void *)segment;
			uint64_t n = segment->bytes / sizeof(*changes);

			for (uint64_t i = 1;
			     segment->type == MPF_SEG_CHANGES &&
			     segment->owner == mp_file.header->timeline_area &&
			     i < n;
			     i++) {
				if (segment->first + i < first ||
				    segment->first + i >= end)
					continue;
				/* In the order of their lines. */
				ck_assert_uint_gt(changes[i].line, before);
				before = changes[i].line;
				state[before] = changes[i];
			}
			at += segment->bytes;
		}
	}
	for (size_t i = 0; i < sizeof(state) / sizeof(state[0]); i++)
		live += (int64_t)(state[i].alloc_bytes - state[i].free_bytes);
	return live;
}

START_TEST(test_points_when_due)
{
	struct found *found;
	uint64_t asked;

	begin();
	found = points();
	ck_assert_uint_eq(found->count, 1);
	ck_assert_uint_eq(found->points[0].rss_bytes, 12345);
	ck_assert_uint_eq(found->points[0].allocs, 0);
	take(100);
	/* No time goes by: none is due, and the clock is left alone. */
	asked = fake.asked;
	churn(10000);
	ck_assert_uint_eq(fake.asked, asked);
	ck_assert_uint_eq(points()->count, 1);
	fake.now += MS;
	churn(256);
	found = points();
	ck_assert_uint_eq(found->count, 2);
	ck_assert_uint_eq(found->points[1].ns, fake.now);
	ck_assert_uint_eq(
		found->points[1].alloc_bytes - found->points[1].free_bytes,
		100 + (found->points[1].allocs - 1 - found->points[1].frees));
	/* A large change is worth a look at once. */
	fake.now += MS;
	take(1 << 20);
	found = points();
	ck_assert_uint_eq(found->count, 3);
	ck_assert_uint_eq(found->points[2].alloc_bytes -
				  found->points[2].free_bytes,
			  100 + (1 << 20));
}
END_TEST

START_TEST(test_ticks_that_run_backwards)
{
	begin();
	churn(1000);
	fake.now -= 500 * MS;
	churn(256);
	/* It asked the clock, and went on from there. */
	fake.now += 1000 * MS;
	churn(256);
	ck_assert_uint_ge(points()->count, 2);
}
END_TEST

START_TEST(test_points_are_thinned)
{
	struct found *found;

	begin();
	for (unsigned i = 1; i < MP_POINTS_MAX; i++) {
		fake.now += MS;
		churn(256);
	}
	ck_assert_uint_eq(points()->count, MP_POINTS_MAX);
	ck_assert_uint_eq(mp_file.header->timeline_step_ns, MS);
	fake.now += MS;
	churn(256);
	found = points();
	ck_assert_uint_eq(found->count, MP_POINTS_MAX / 2 + 1);
	ck_assert_uint_eq(mp_file.header->timeline_step_ns, 2 * MS);
	for (size_t i = 0; i < found->count - 1; i++)
		ck_assert_uint_eq(found->points[i].ns,
				  mp_file.header->start_ns + 2 * i * MS);
	/* The step is twice as long now. */
	fake.now += MS;
	churn(256);
	ck_assert_uint_eq(points()->count, MP_POINTS_MAX / 2 + 1);
}
END_TEST

START_TEST(test_marks_and_snapshots)
{
	struct found *found;

	begin();
	take(100);
	ck_assert(mp_timeline_mark("a"));
	take(50);
	fake.now += 1;
	ck_assert(mp_timeline_snapshot("b"));
	ck_assert(mp_timeline_snapshot(""));
	ck_assert(!mp_timeline_mark(""));
	ck_assert(!mp_timeline_mark(NULL));
	found = moments();
	ck_assert_uint_eq(found->count, 3);
	ck_assert_uint_eq(found->moments[0].kind, MPF_MOMENT_MARK);
	ck_assert_uint_eq(found->moments[0].alloc_bytes, 100);
	ck_assert_uint_eq(found->moments[0].change_count, 0);
	ck_assert_uint_eq(found->moments[1].kind, MPF_MOMENT_SNAPSHOT);
	ck_assert_uint_eq(found->moments[1].allocs, 2);
	ck_assert_uint_eq(found->moments[1].alloc_bytes, 150);
	ck_assert_int_eq(live_after(found, 1), 150);
	/* Nothing changed since. */
	ck_assert_uint_eq(found->moments[2].change_count, 0);
	ck_assert_int_eq(memcmp((const uint8_t *)mp_file.header +
					found->moments[2].name.offset,
				"snapshot-1", 10),
			 0);
	ck_assert_uint_eq(mp_file.header->moments_lost, 0);
}
END_TEST

START_TEST(test_long_names_are_cut)
{
	char name[300];

	begin();
	memset(name, 'x', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	ck_assert(mp_timeline_mark(name));
	ck_assert_uint_eq(moments()->moments[0].name.bytes,
			  MPF_MOMENT_NAME_BYTES - 1);
}
END_TEST

/* 65 moments at intervals with a snapshot among them: what is left tells the
 * same of its instants. */
START_TEST(test_intervals_are_thinned)
{
	static int64_t expected[STATES_MAX];
	struct found *found;
	int64_t live = 0;

	begin();
	for (unsigned i = 0; i < MP_MOMENTS_INTERVALS; i++) {
		/* Each time another site and another size. */
		take((size_t)1 << (i % 16));
		live += INT64_C(1) << (i % 16);
		fake.now += 20 * MS;
		churn(256);
		expected[i] = (int64_t)moments()->moments[i].alloc_bytes -
			      (int64_t)moments()->moments[i].free_bytes;
		ck_assert_int_ge(expected[i], live);
		ck_assert_int_le(expected[i], live + 1);
		ck_assert_int_eq(live_after(moments(), i), expected[i]);
	}
	ck_assert_uint_eq(moments()->count, MP_MOMENTS_INTERVALS);
	ck_assert(mp_timeline_snapshot("kept"));
	ck_assert_uint_eq(mp_file.header->timeline_area, 0);
	fake.now += 20 * MS;
	churn(256);
	ck_assert_uint_eq(mp_file.header->timeline_area, 1);
	ck_assert_uint_eq(mp_file.header->thin_sequence, 2);
	ck_assert_uint_eq(mp_file.header->timeline_detail_ns, 40 * MS);
	found = moments();
	/* 32 of the 64, the snapshot, and the one that is new. */
	ck_assert_uint_eq(found->count, MP_MOMENTS_INTERVALS / 2 + 2);
	for (size_t i = 0; i < MP_MOMENTS_INTERVALS / 2; i++) {
		ck_assert_uint_eq(found->moments[i].kind, MPF_MOMENT_INTERVAL);
		ck_assert_int_eq(live_after(found, i), expected[2 * i]);
	}
	ck_assert_uint_eq(found->moments[MP_MOMENTS_INTERVALS / 2].kind,
			  MPF_MOMENT_SNAPSHOT);
	ck_assert_int_eq(live_after(found, MP_MOMENTS_INTERVALS / 2), live);
	/* And back into the first area, which is used again. */
	while (mp_file.header->timeline_area == 1) {
		fake.now += 40 * MS;
		churn(256);
	}
	found = moments();
	for (size_t i = 0; i < found->count; i++)
		ck_assert_int_eq(live_after(found, i),
				 (int64_t)(found->moments[i].alloc_bytes -
					   found->moments[i].free_bytes));
}
END_TEST

static uint64_t slow_rss(void)
{
	fake.now += MS;
	return 1;
}

START_TEST(test_cost_is_bounded)
{
	begin();
	mp_timeline_source.rss_bytes = slow_rss;
	fake.now += 10 * MS;
	churn(256);
	ck_assert_uint_eq(points()->count, 2);
	/* It took a millisecond: none for 100 of them. */
	fake.now += 99 * MS;
	churn(256);
	ck_assert_uint_eq(points()->count, 2);
	fake.now += MS;
	churn(256);
	ck_assert_uint_eq(points()->count, 3);
}
END_TEST

static uint64_t no_rss(void)
{
	fake.rss++;
	return 0;
}

/* Not more often than every 10 ms, and never again once it was refused. */
START_TEST(test_resident_memory_is_read_seldom)
{
	struct found *found;

	begin();
	for (unsigned i = 0; i < 20; i++) {
		fake.now += MS;
		churn(256);
	}
	found = points();
	ck_assert_uint_eq(found->count, 21);
	for (unsigned i = 0; i < 21; i++)
		ck_assert_uint_eq(found->points[i].rss_bytes,
				  i % 10 ? 0 : 12345);
	ck_assert(mp_timeline_mark("each"));
	ck_assert_uint_eq(moments()->moments[moments()->count - 1].rss_bytes,
			  12345);
	mp_timeline_source.rss_bytes = no_rss;
	fake.rss = 0;
	ck_assert(mp_timeline_mark("refused"));
	ck_assert(mp_timeline_mark("known"));
	ck_assert_uint_eq(fake.rss, 1);
}
END_TEST

START_TEST(test_requests)
{
	begin();
	memcpy(mp_file.header->snapshot_name, "wanted", 7);
	mp_file.header->snapshot_wanted = 1;
	ck_assert_uint_eq(moments()->count, 0);
	churn(256);
	ck_assert_uint_eq(mp_file.header->snapshot_served, 1);
	ck_assert_uint_eq(moments()->count, 1);
	ck_assert_uint_eq(moments()->moments[0].name.bytes, 6);
	/* A name that has no end. */
	memset(mp_file.header->snapshot_name, 'y', MPF_MOMENT_NAME_BYTES);
	mp_file.header->snapshot_wanted = 2;
	mp_timeline_signalled();
	ck_assert_uint_eq(mp_file.header->snapshot_served, 2);
	ck_assert_uint_eq(moments()->count, 2);
	ck_assert_uint_eq(moments()->moments[1].name.bytes, 63);
	mp_timeline_signalled();
	ck_assert_uint_eq(moments()->count, 3);
}
END_TEST

static const char *name_of(const struct mpf_moment *moment)
{
	static char name[MPF_MOMENT_NAME_BYTES];

	memset(name, 0, sizeof(name));
	memcpy(name, (const uint8_t *)mp_file.header + moment->name.offset,
	       moment->name.bytes);
	return name;
}

START_TEST(test_snapshots_by_the_clock)
{
	const struct mp_settings every = { .snapshot_every = 3 };
	struct found *found;

	begin();
	mp_timeline_init(&every);
	fake.now += 19 * MS;
	churn(256);
	ck_assert_uint_eq(moments()->count, 0);
	fake.now += 2981 * MS;
	churn(256);
	found = moments();
	ck_assert_uint_eq(found->count, 2);
	ck_assert_uint_eq(found->moments[0].kind, MPF_MOMENT_INTERVAL);
	ck_assert_str_eq(name_of(&found->moments[1]), "every-1");
	/* It did not allocate for long: one for all that were due. */
	fake.now += 20000 * MS;
	churn(256);
	found = moments();
	ck_assert_uint_eq(found->count, 4);
	ck_assert_str_eq(name_of(&found->moments[3]), "every-2");
}
END_TEST

START_TEST(test_snapshots_at_peaks)
{
	const struct mp_settings peaks = { .snapshot_peak = 50 };
	static const struct {
		size_t bytes; /* more live */
		const char *name;
	} steps[] = { { 1 << 20, "peak-1" },
		      { 1 << 18, NULL }, /* 25% above */
		      { 1 << 18, NULL }, /* 50% */
		      { 1 << 17, "peak-2" } };

	begin();
	mp_timeline_init(&peaks);
	for (size_t i = 0; i < 4; i++) {
		size_t count = moments()->count;

		fake.now += MS;
		take(steps[i].bytes);
		ck_assert_uint_eq(moments()->count,
				  count + (steps[i].name != NULL));
		if (steps[i].name)
			ck_assert_str_eq(name_of(&moments()->moments[count]),
					 steps[i].name);
	}
}
END_TEST

START_TEST(test_names_have_a_limit)
{
	begin();
	for (unsigned i = 0; i < MP_MOMENTS_NAMED; i++)
		ck_assert(mp_timeline_mark("m"));
	ck_assert(!mp_timeline_mark("m"));
	ck_assert(!mp_timeline_snapshot("s"));
	ck_assert_uint_eq(mp_file.header->moments_lost, 2);
	/* Those at intervals go on. */
	fake.now += 20 * MS;
	churn(256);
	ck_assert_uint_eq(moments()->count, MP_MOMENTS_NAMED + 1);
}
END_TEST

/* Memory that is this process's alone, for the kernel's own figures. */
START_TEST(test_memory_beside_the_recorded_blocks)
{
	const size_t bytes = 32 << 20;
	struct mpf_header *header;
	uint64_t before;
	void *memory;

	begin();
	header = mp_file.header;
	ck_assert_uint_ne(mp_unseen_read_rss(), 0);
	mp_unseen_look(fake.now, 0);
	before = header->private_bytes;
	ck_assert_uint_ne(before, 0);
	ck_assert_uint_eq(header->unseen_peak_bytes, before);

	memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	ck_assert_ptr_ne(memory, MAP_FAILED);
	memset(memory, 1, bytes);
	/* Not read: nothing to look at. */
	mp_unseen_look(0, 77);
	ck_assert_uint_eq(header->private_bytes, before);
	ck_assert_uint_gt(mp_unseen_read_rss(), bytes);
	mp_unseen_look(fake.now + 5, 1 << 20);
	ck_assert_uint_eq(header->private_ns, fake.now + 5);
	ck_assert_uint_ge(header->private_bytes, before + bytes);
	ck_assert_uint_eq(header->private_live_bytes, 1 << 20);
	ck_assert_uint_eq(header->unseen_peak_bytes,
			  header->private_bytes - (1 << 20));

	/* Less than was recorded, or less than nothing: not less than none. */
	munmap(memory, bytes);
	before = header->unseen_peak_bytes;
	mp_unseen_read_rss();
	mp_unseen_look(fake.now + 6, -5);
	ck_assert_uint_eq(header->private_live_bytes, 0);
	mp_unseen_read_rss();
	mp_unseen_look(fake.now + 7, INT64_MAX);
	ck_assert_uint_eq(header->unseen_peak_bytes, before);
	ck_assert_uint_eq(header->unseen, 0);

	ck_assert_uint_eq(header->resident_peak_bytes, 0);
	mp_unseen_end();
	ck_assert_uint_ge(header->resident_peak_bytes, bytes);
	ck_assert_uint_lt(header->private_bytes, before);

	mp_unseen_forked();
	ck_assert_uint_eq(header->private_bytes, 0);
	ck_assert_uint_eq(header->unseen_peak_bytes, 0);
	ck_assert_uint_eq(header->resident_peak_bytes, 0);
}
END_TEST

START_TEST(test_forked_child)
{
	int status;
	pid_t pid;

	begin();
	take(1000);
	ck_assert(mp_timeline_snapshot("parent"));
	pid = fork();
	if (pid == 0) {
		mp_recorder_forked();
		ck_assert_uint_eq(points()->count, 1);
		ck_assert_uint_eq(points()->points[0].alloc_bytes, 1000);
		/* What it inherited is its first moment. */
		ck_assert_uint_eq(moments()->count, 1);
		ck_assert_uint_eq(moments()->moments[0].kind,
				  MPF_MOMENT_INTERVAL);
		ck_assert_int_eq(live_after(moments(), 0), 1000);
		take(10);
		ck_assert(mp_timeline_snapshot("child"));
		ck_assert_int_eq(live_after(moments(), 1), 1010);
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
	ck_assert_uint_eq(moments()->count, 1);
}
END_TEST

int main(void)
{
	TCase *tcase = tcase_create("timeline");

	tcase_add_test(tcase, test_points_when_due);
	tcase_add_test(tcase, test_ticks_that_run_backwards);
	tcase_add_test(tcase, test_points_are_thinned);
	tcase_add_test(tcase, test_marks_and_snapshots);
	tcase_add_test(tcase, test_long_names_are_cut);
	tcase_add_test(tcase, test_intervals_are_thinned);
	tcase_add_test(tcase, test_cost_is_bounded);
	tcase_add_test(tcase, test_resident_memory_is_read_seldom);
	tcase_add_test(tcase, test_requests);
	tcase_add_test(tcase, test_snapshots_by_the_clock);
	tcase_add_test(tcase, test_snapshots_at_peaks);
	tcase_add_test(tcase, test_names_have_a_limit);
	tcase_add_test(tcase, test_memory_beside_the_recorded_blocks);
	tcase_add_test(tcase, test_forked_child);
	return recording_run(tcase, "timeline");
}
