/* SPDX-License-Identifier: MIT */
/* Timelines of dumps: instants, ranges, what grows, and what is wrong. */
#include "config.h"

#include <check.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/growth.h"
#include "analyzer/model/history.h"
#include "analyzer/model/timeline.h"
#include "tests/unit/all_views.h"
#include "tests/unit/dump_sample.h"

#define MS UINT64_C(1000000)

static char folder[] = "/tmp/memprof-test-ranges-XXXXXX";
static char path[sizeof(folder) + 16];
static struct dump_sample sample;
static struct analysis analysis;

/* The sample runs for two seconds; its slots number 1 to 3 are of thread0
 * (malloc of 100, realloc of 50, new of 8), 1 and 2 of thread1 (new of 8,
 * calloc of 4096). */
static void set_up(void)
{
	struct dump_builder *builder = &sample.builder;
	struct mpf_point *point;
	struct mpf_moment *moment;
	struct mpf_change *change;

	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
	dump_sample_init(&sample);
	dump_builder_point(builder, 0);
	moment = dump_builder_moment(builder, MPF_MOMENT_MARK, 100 * MS,
				     "begun");
	moment->allocs = 1;
	moment->alloc_bytes = 77;
	moment =
		dump_builder_moment(builder, MPF_MOMENT_INTERVAL, 250 * MS, "");
	moment->allocs = 4;
	moment->alloc_bytes = 400;
	dump_builder_change(builder, sample.thread0, 1, 100, 4, 0);
	moment = dump_builder_moment(builder, MPF_MOMENT_SNAPSHOT, 1000 * MS,
				     "half");
	moment->allocs = 9 + 2;
	moment->alloc_bytes = 900 + 8192;
	moment->peak_epoch = 7;
	moment->peak_bytes = 9000;
	moment->peak_ns = 5000 * MS + 900 * MS;
	change = dump_builder_change(builder, sample.thread0, 1, 100, 9, 0);
	change->epoch = 7;
	change->peak_blocks = 8;
	change->peak_bytes = 808;
	dump_builder_change(builder, sample.thread1, 2, 4096, 2, 0);
	moment = dump_builder_moment(builder, MPF_MOMENT_INTERVAL, 1500 * MS,
				     "");
	moment->allocs = 511;
	moment->alloc_bytes = 900 + 8192 + 4000;
	dump_builder_change(builder, sample.thread1, 1, 8, 500, 0);
	/* Out of order, and one of them twice. */
	for (int i = 0; i < 2; i++) {
		point = dump_builder_point(builder, 1200 * MS);
		point->allocs = 11;
		point->alloc_bytes = 9092;
		point->rss_bytes = 1 << 20;
	}
	point = dump_builder_point(builder, 500 * MS);
	point->allocs = 4;
	point->alloc_bytes = 400;
}

static void tear_down(void)
{
	analysis_close(&analysis);
	dump_builder_done(&sample.builder);
	remove(path);
	rmdir(folder);
}

static int open_range(const char *from, const char *to, bool is_for_series)
{
	const struct analysis_options options = {
		.without_names = true,
		.range = { .from = from,
			   .to = to,
			   .is_for_series = is_for_series },
	};
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	analysis_close(&analysis);
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	return analysis_open(&analysis, path, &options, &error, fault, &regex);
}

static void expect(enum metric metric, int64_t value)
{
	int64_t found = analysis.sites.totals.of[metric];

	ck_assert_msg(found == value, "metric %d is %lld and not %lld",
		      (int)metric, (long long)found, (long long)value);
}

static uint64_t taken(const char *instant)
{
	ck_assert_int_eq(open_range(NULL, instant, false), 0);
	return analysis.range.to.ns / MS;
}

/* What a history says of its instants. */
struct seen {
	uint64_t ns;
	struct counts total;
	struct counts of_node[64]; /* by node of the tree */
};

static size_t see_history(size_t limit, struct seen *ret_seen,
			  size_t *ret_left_out)
{
	struct history history;
	size_t count = 0;

	ck_assert_int_eq(open_range(NULL, NULL, false), 0);
	ck_assert_int_eq(history_init(&history, &analysis, limit), 0);
	for (history_next(&history); !history.is_over; history_next(&history)) {
		ret_seen[count].ns = history.now.ns;
		ret_seen[count].total = history.total;
		for (size_t i = 0; i < analysis.sites.count; i++)
			ret_seen[count].of_node[analysis.sites.array[i].node] =
				history.sites[i];
		count++;
	}
	*ret_left_out = history.left_out;
	history_done(&history);
	return count;
}

START_TEST(test_history_is_what_ranges_say)
{
	static struct seen seen[8];
	size_t left_out, count = see_history(0, seen, &left_out);

	ck_assert_uint_eq(count, 4);
	ck_assert_uint_eq(left_out, 0);
	for (size_t k = 0; k < count; k++) {
		char to[32];

		snprintf(to, sizeof(to), "%lluns",
			 (unsigned long long)seen[k].ns);
		ck_assert_int_eq(open_range(NULL, to, false), 0);
		ck_assert(analysis.range.to.is_exact);
		ck_assert_mem_eq(&seen[k].total, &analysis.sites.totals,
				 sizeof(seen[k].total));
		for (size_t i = 0; i < analysis.sites.count; i++) {
			const struct site *site = &analysis.sites.array[i];

			ck_assert_mem_eq(&seen[k].of_node[site->node],
					 &site->counts, sizeof(site->counts));
		}
	}
}
END_TEST

/* Of 250, 1000 and 1500 ms the last has most live, and all are in a row. */
START_TEST(test_history_keeps_the_largest_heaps)
{
	static struct seen seen[8];
	size_t left_out, count = see_history(1, seen, &left_out);

	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(left_out, 2);
	ck_assert_uint_eq(seen[0].ns, 1500 * MS);
	ck_assert_uint_eq(seen[1].ns, 2000 * MS);
}
END_TEST

START_TEST(test_instants)
{
	ck_assert_uint_eq(taken("half"), 1000);
	ck_assert(analysis.range.to.is_exact);
	ck_assert_uint_eq(taken("start"), 0);
	ck_assert_uint_eq(taken("end"), 2000);
	/* A mark has no details. */
	ck_assert_uint_eq(taken("begun"), 0);
	ck_assert_uint_eq(analysis.range.to.asked_ns, 100 * MS);
	ck_assert(!analysis.range.to.is_exact);
	ck_assert_uint_eq(taken("1s"), 1000);
	ck_assert_uint_eq(taken("1.2"), 1000);
	ck_assert_uint_eq(taken("1300ms"), 1500);
	ck_assert_uint_eq(taken("50%"), 1000);
	ck_assert_uint_eq(taken("100%"), 2000);
	ck_assert_uint_eq(taken("1h"), 2000);
	ck_assert_uint_eq(taken("peak"), 1000);
	ck_assert_int_eq(open_range(NULL, "1x", false), RANGE_BAD);
	ck_assert_int_eq(open_range(NULL, "", false), RANGE_BAD);
	ck_assert_int_eq(open_range(NULL, "hal", false), RANGE_BAD);
	ck_assert_int_eq(open_range(NULL, "1e300h", false), RANGE_BAD);
	ck_assert_int_eq(open_range(NULL, "inf", false), RANGE_BAD);
	ck_assert_int_eq(open_range("end", "start", false), RANGE_EMPTY);
	dump_builder_header(&sample.builder)->mode &=
		~(uint32_t)MPF_MODE_TIMELINE;
	ck_assert_int_eq(open_range(NULL, "half", false), RANGE_NOTHING);
}
END_TEST

START_TEST(test_as_of_an_instant)
{
	ck_assert_int_eq(open_range(NULL, "half", false), 0);
	expect(METRIC_ALLOCATIONS, 11);
	expect(METRIC_ALLOCATED_BYTES, 9092);
	expect(METRIC_FREES, 0);
	expect(METRIC_LIVE_BLOCKS, 11);
	expect(METRIC_LIVE_BYTES, 9092);
	/* At the end of it more was live than at the recorded peak. */
	expect(METRIC_PEAK_BYTES, 9092);
	ck_assert(analysis.sites.is_peak_now);
	ck_assert_int_eq(open_range(NULL, "start", false), 0);
	expect(METRIC_ALLOCATIONS, 0);
	expect(METRIC_LIVE_BYTES, 0);
	ck_assert_uint_eq(analysis.sites.count, 0);
	ck_assert_int_eq(open_range(NULL, "end", false), 0);
	expect(METRIC_ALLOCATIONS, 1015);
	expect(METRIC_LIVE_BYTES, 600 + 150 + 4096);
	expect(METRIC_PEAK_BYTES, 900 + 150 + 8192);
}
END_TEST

START_TEST(test_between_instants)
{
	ck_assert_int_eq(open_range("250ms", "half", false), 0);
	expect(METRIC_ALLOCATIONS, 5 + 2);
	expect(METRIC_ALLOCATED_BYTES, 500 + 8192);
	expect(METRIC_LIVE_BYTES, 9092);
	ck_assert_int_eq(open_range("half", "end", false), 0);
	expect(METRIC_ALLOCATIONS, 1015 - 11);
	expect(METRIC_FREES, 1005);
	expect(METRIC_REALLOCS, 3);
	expect(METRIC_LIVE_BYTES, 600 + 150 + 4096);
	/* From the start on everything is counted, and the peak is in it. */
	ck_assert_int_eq(open_range("start", "end", false), 0);
	expect(METRIC_ALLOCATIONS, 1015);
	expect(METRIC_PEAK_BYTES, 900 + 150 + 8192);
	/* The recording's peak was at a second: behind it, it is the greatest
	 * detailed moment. */
	ck_assert_int_eq(open_range("1.5s", "end", false), 0);
	expect(METRIC_PEAK_BYTES, 900 + 8192 + 4000);
	ck_assert_uint_eq(analysis.summary.peak_ns, 1500 * MS);
}
END_TEST

START_TEST(test_series_of_points)
{
	static const uint64_t times[] = { 0, 100, 250, 500, 1000, 1200, 1500 };
	struct timeline timeline;

	ck_assert_int_eq(open_range(NULL, NULL, true), 0);
	ck_assert_int_eq(timeline_init(&timeline, &analysis), 0);
	ck_assert_uint_eq(timeline.count, 7);
	for (size_t i = 0; i < timeline.count; i++)
		ck_assert_uint_eq(timeline.points[i].ns, times[i] * MS);
	ck_assert_int_eq(timeline.points[1].live_bytes, 77);
	ck_assert(!timeline.points[1].is_detailed);
	ck_assert(timeline.points[2].is_detailed);
	ck_assert_int_eq(timeline.points[5].live_bytes, 9092);
	ck_assert_int_eq(timeline.peak_bytes, 13092);
	ck_assert_uint_eq(timeline.peak_rss, 1 << 20);
	/* 4,000 bytes in 0.3 s. */
	ck_assert_int_eq((int)timeline.points[6].bytes_per_s, 13333);
	ck_assert_uint_eq(timeline.event_count, 2);
	ck_assert_str_eq(timeline.events[1].name, "half");
	ck_assert_uint_eq(timeline.layer_count, 5);
	ck_assert_int_eq(timeline.layers[0].live_bytes, 0);
	ck_assert_int_eq(timeline.layers[2].live_bytes, 9092);
	ck_assert_int_eq(timeline.layers[2].sites[0], 8192);
	ck_assert_int_eq(timeline.layers[4].sites[0], 4096);
	timeline_done(&timeline);
	/* A part of it. */
	ck_assert_int_eq(open_range("0.4s", "1.1s", true), 0);
	ck_assert_int_eq(timeline_init(&timeline, &analysis), 0);
	ck_assert_uint_eq(timeline.count, 2);
	ck_assert_uint_eq(timeline.event_count, 1);
	timeline_done(&timeline);
}
END_TEST

START_TEST(test_columns)
{
	struct timeline_column columns[20];
	struct timeline_axis axis;
	struct timeline timeline;

	ck_assert_int_eq(open_range(NULL, NULL, true), 0);
	ck_assert_int_eq(timeline_init(&timeline, &analysis), 0);
	axis = timeline_own_axis(&timeline);
	timeline_columns(&timeline, &axis, 20, columns);
	ck_assert_int_eq(columns[0].live_bytes, 0);
	ck_assert_int_eq(columns[1].live_bytes, 77);
	ck_assert_int_eq(columns[2].live_bytes, 400);
	ck_assert(columns[2].is_detailed);
	/* Until the next point the heap is what it was. */
	ck_assert_int_eq(columns[9].live_bytes, 400);
	ck_assert(!columns[9].is_detailed);
	ck_assert_int_eq(columns[10].live_bytes, 9092);
	ck_assert(columns[15].has_peak);
	ck_assert_int_eq(columns[19].live_bytes, 13092);
	ck_assert_uint_eq(timeline_column_of(&axis, 20, 0), 0);
	ck_assert_uint_eq(timeline_column_of(&axis, 20, 2000 * MS), 19);
	ck_assert_uint_eq(timeline_column_of(&axis, 20, UINT64_MAX), 19);
	timeline_done(&timeline);
}
END_TEST

START_TEST(test_growth)
{
	struct dump_builder *builder = &sample.builder;
	struct growth growth;

	/* Site b (new) had 0, 0, 0, 4000 and 0 at the end: it does not grow.
	 * Site a grows: floors 400, 400, 900: the second is not above. */
	ck_assert_int_eq(open_range(NULL, NULL, true), 0);
	ck_assert_int_eq(growth_init(&growth, &analysis), 0);
	ck_assert_uint_eq(growth.moments[0], 1);
	ck_assert_uint_eq(growth.moments[1], 0);
	ck_assert(growth.is_too_short);
	ck_assert_uint_eq(growth.count, 0);
	growth_done(&growth);
	dump_builder_done(builder);
	dump_sample_init(&sample);
	for (unsigned i = 0; i < 8; i++) {
		dump_builder_moment(builder, MPF_MOMENT_INTERVAL,
				    i * 250 * MS + 1, "");
		/* One up, one up and down. */
		dump_builder_change(builder, sample.thread0, 1, 100,
				    i < 5 ? i + 1 : 6, 0);
		dump_builder_change(builder, sample.thread1, 2, 4096, 2, i % 2);
	}
	ck_assert_int_eq(open_range(NULL, NULL, true), 0);
	ck_assert_int_eq(growth_init(&growth, &analysis), 0);
	ck_assert(!growth.is_too_short);
	ck_assert_uint_eq(growth.count, 1);
	ck_assert_uint_eq(analysis.sites.array[growth.rows[0].site].node,
			  sample.a);
	ck_assert_int_eq(growth.rows[0].floors[0], 100);
	ck_assert_int_eq(growth.rows[0].floors[1], 300);
	ck_assert_int_eq(growth.rows[0].floors[2], 500);
	ck_assert_int_eq(growth.rows[0].floors[3], 600);
	ck_assert_int_eq(growth.rows[0].grown, 500);
	/* 500 bytes in 1.5 seconds. */
	ck_assert_int_eq(growth.rows[0].per_hour, 1200000);
	growth_done(&growth);
}
END_TEST

static void refuse(const char *what)
{
	struct dump_error error;
	struct dump *dump = NULL;
	struct dump_options salvage = { .salvage = true };

	dump_builder_save(&sample.builder, path, UINT64_MAX);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), DUMP_CORRUPT);
	ck_assert_str_eq(error.what, what);
	ck_assert_int_eq(dump_open(path, &salvage, &dump, &error), 0);
	ck_assert_uint_ge(dump->dropped_count, 1);
	ck_assert_str_eq(dump->dropped[0].what, what);
	dump_close(dump);
}

static void *element(uint32_t type, uint64_t index)
{
	return dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, type, 0, index));
}

static struct mpf_moment *moment_of(uint64_t index)
{
	return element(MPF_SEG_MOMENTS, index);
}

static struct mpf_change *change_of(uint64_t index)
{
	return element(MPF_SEG_CHANGES, index);
}

START_TEST(test_broken)
{
	struct mpf_moment moment = *moment_of(3);
	struct mpf_change change = *change_of(1);

	moment_of(3)->ns = 1;
	refuse("time of a moment");
	*moment_of(3) = moment;
	moment_of(3)->ns += 700 * MS; /* behind the next one */
	refuse("time of a moment");
	*moment_of(3) = moment;
	moment_of(3)->kind = 4;
	refuse("kind of a moment");
	*moment_of(3) = moment;
	moment_of(3)->name.bytes = MPF_MOMENT_NAME_BYTES;
	refuse("name of a moment");
	*moment_of(3) = moment;
	moment_of(3)->name.offset = 8;
	refuse("name of a moment");
	*moment_of(3) = moment;
	moment_of(3)->change_count = UINT32_MAX;
	refuse("changes of a moment");
	*moment_of(3) = moment;
	moment_of(3)->first_change = 1; /* which another has */
	refuse("changes of a moment");
	*moment_of(3) = moment;
	moment_of(3)->alloc_bytes = UINT64_MAX;
	refuse("value of a moment");
	*moment_of(3) = moment;
	moment_of(3)->overflow.frees = UINT64_MAX;
	refuse("value of a moment");
	*moment_of(3) = moment;
	change_of(1)->line = UINT32_MAX;
	refuse("slot of a change");
	change_of(1)->line = 1;
	refuse("slot of a change");
	*change_of(1) = change;
	change_of(1)->allocs = UINT64_MAX;
	refuse("value of a change");
	*change_of(1) = change;
	change_of(1)->peak_bytes = INT64_MIN;
	refuse("value of a change");
	*change_of(1) = change;
	((struct mpf_point *)element(MPF_SEG_POINTS, 1))->ns = 7;
	refuse("time of a point");
	((struct mpf_point *)element(MPF_SEG_POINTS, 1))->ns = 5000 * MS;
	((struct mpf_point *)element(MPF_SEG_POINTS, 1))->frees = UINT64_MAX;
	refuse("value of a point");
}
END_TEST

/* A segment of changes that came after the reader's look at how long the dump
 * is: what needs it is not known yet, which is no damage. */
START_TEST(test_moments_that_are_too_young)
{
	const struct mpf_moment last = *moment_of(4);
	struct dump_error error;
	struct dump *dump;
	void *map;
	int fd;

	moment_of(4)->change_count = 4096 / sizeof(struct mpf_change);
	refuse("changes of a moment");
	dump_builder_is_ours(&sample.builder);
	dump_builder_save(&sample.builder, path, UINT64_MAX);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	map = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
	close(fd);
	ck_assert_ptr_ne(map, MAP_FAILED);
	ck_assert_int_eq(dump_open(path, NULL, &dump, &error), 0);
	ck_assert_int_eq(dump->process, DUMP_RUNNING);
	ck_assert_uint_eq(dump->dropped_count, 0);
	ck_assert_uint_ne(dump->moments[3].ns, 0);
	ck_assert_uint_lt(dump->moments[3].ns, last.ns);
	ck_assert_uint_eq(dump->moments[4].ns, 0);
	dump_close(dump);
	munmap(map, 4096);
}
END_TEST

/* Each is possible, together they are not. */
START_TEST(test_broken_together)
{
	change_of(2)->alloc_bytes = DUMP_MAX_COUNT;
	change_of(3)->alloc_bytes = DUMP_MAX_COUNT;
	ck_assert_int_eq(open_range(NULL, "end", false), 0);
	ck_assert_int_eq(open_range(NULL, "half", false), DUMP_CORRUPT);
}
END_TEST

START_TEST(test_counters_that_go_back)
{
	change_of(1)->allocs = 100;
	ck_assert_int_eq(open_range(NULL, "half", false), 0);
	ck_assert_int_eq(open_range("250ms", "half", false), DUMP_CORRUPT);
}
END_TEST

/* Elements of the area that does not count are not looked at. */
START_TEST(test_two_areas)
{
	struct dump_builder *builder = &sample.builder;
	uint64_t at = dump_builder_segment(builder, MPF_SEG_MOMENTS, 1,
					   sizeof(struct mpf_moment), 0, 4096);
	struct mpf_moment *moment = dump_builder_at(builder, at + 128);

	moment->ns = 5000 * MS + 1;
	moment->kind = 99;
	ck_assert_int_eq(open_range(NULL, NULL, false), 0);
	ck_assert_uint_eq(analysis.summary.snapshots, 1);
	dump_builder_header(builder)->timeline_area = 1;
	refuse("kind of a moment");
}
END_TEST

START_TEST(test_views)
{
	static const char *const instants[] = { NULL, "half", "start" };
	FILE *null = fopen("/dev/null", "we");

	ck_assert_ptr_nonnull(null);
	for (size_t i = 0; i < 3; i++)
		for (int n = 0; n < ALL_VIEWS_COUNT; n++) {
			ck_assert_int_eq(open_range(instants[i], "end", false),
					 0);
			ck_assert_int_eq(
				all_views_print(null, &analysis, n, "x.c"), 0);
		}
	fclose(null);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("ranges");
	TCase *tcase = tcase_create("ranges");
	SRunner *runner;
	int failed;

	tcase_add_checked_fixture(tcase, set_up, tear_down);
	tcase_add_test(tcase, test_instants);
	tcase_add_test(tcase, test_history_is_what_ranges_say);
	tcase_add_test(tcase, test_history_keeps_the_largest_heaps);
	tcase_add_test(tcase, test_as_of_an_instant);
	tcase_add_test(tcase, test_between_instants);
	tcase_add_test(tcase, test_series_of_points);
	tcase_add_test(tcase, test_columns);
	tcase_add_test(tcase, test_growth);
	tcase_add_test(tcase, test_broken);
	tcase_add_test(tcase, test_moments_that_are_too_young);
	tcase_add_test(tcase, test_broken_together);
	tcase_add_test(tcase, test_counters_that_go_back);
	tcase_add_test(tcase, test_two_areas);
	tcase_add_test(tcase, test_views);
	suite_add_tcase(suite, tcase);
	runner = srunner_create(suite);
	srunner_run_all(runner, CK_NORMAL);
	failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed ? 1 : 0;
}
