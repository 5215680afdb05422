/* SPDX-License-Identifier: MIT */
/* When points and moments are taken, and by whom. */
#include "config.h"

#include "preload/record/timeline.h"

#include "preload/base/lock.h"
#include "preload/base/say.h"
#include "preload/base/sys.h"
#include "preload/base/ticks.h"
#include "preload/record/census.h"
#include "preload/record/live.h"
#include "preload/record/moments.h"
#include "preload/record/points.h"
#include "preload/record/unseen.h"

#define NS_PER_S     UINT64_C(1000000000)
#define STEP_FIRST   UINT64_C(1000000)	 /* between points */
#define DETAIL_FIRST UINT64_C(20000000)	 /* between moments at intervals */
#define LONGEST	     (UINT64_C(1) << 58) /* nine years */
#define RSS_STEP     UINT64_C(10000000)
#define COST_FACTOR  100u
#define PATIENCE     1000u /* times a millisecond */

static _Atomic uint64_t latest; /* of clock_now(), since the start */

/* Never before the start of the recording, nor before what it said last: what
 * stands between us and the kernel may have other ideas of the time. */
static uint64_t clock_now(void)
{
	const uint64_t start = mp_file.header->start_ns;
	uint64_t now = mp_sys_clock_ns(CLOCK_MONOTONIC) - start;
	uint64_t last = atomic_load(&latest);

	if (now > LONGEST)
		now = 0;
	while (now > last)
		if (atomic_compare_exchange_weak(&latest, &last, now))
			return start + now;
	return start + last;
}

struct mp_timeline_source mp_timeline_source = { clock_now, mp_ticks,
						 mp_unseen_read_rss };

/* What asks for snapshots by itself. Set at boot. */
static struct {
	uint64_t every_ns; /* 0: no */
	uint32_t peak_percent;
} wish;

static struct {
	_Atomic bool is_on;
	struct mp_lock lock;
	_Atomic uint64_t due_ticks;  /* when to look at the time */
	_Atomic uint64_t wait_ticks; /* how far ahead that was set */
	_Atomic uint32_t signals;    /* that asked and were not served */

	/* Lock. */
	uint64_t step_ns, detail_ns; /* of points; of moments at intervals */
	uint64_t point_due, detail_due, every_due, rss_due; /* times */
	uint64_t start_ns, start_ticks;
	int64_t peak_taken;  /* greatest total at the last snapshot of it */
	uint32_t numbers[4]; /* of names that were made, by enum origin */
	bool has_intervals;  /* until there was no space for one */
	bool has_rss;
} timeline;

/* Who asked for a snapshot without naming it. */
enum origin { BY_CALL, BY_SIGNAL, BY_CLOCK, BY_PEAK };
static const char *const origins[] = { "snapshot", "signal", "every", "peak" };

/* Opens a file for an instant, which others may see: so not often by itself,
 * and once refused never again. */
static uint64_t rss_now(uint64_t now, bool is_asked)
{
	uint64_t rss;

	if (!timeline.has_rss || (!is_asked && now < timeline.rss_due))
		return 0;
	timeline.rss_due = now + RSS_STEP;
	rss = mp_timeline_source.rss_bytes();
	timeline.has_rss = rss != 0;
	return rss;
}

static uint64_t later(uint64_t now, uint64_t step, uint64_t begun)
{
	uint64_t wait = (now - begun) * COST_FACTOR;

	return now + (wait > step ? wait : step);
}

/* When the counter of ticks is to be near the time. */
static void set_due_ticks(uint64_t now)
{
	uint64_t ticks = mp_timeline_source.ticks();
	uint64_t due = timeline.point_due, wait;
	double per_ns = 1;

	if (timeline.has_intervals && timeline.detail_due < due)
		due = timeline.detail_due;
	if (wish.every_ns && timeline.every_due < due)
		due = timeline.every_due;
	wait = due > now ? due - now : 0;
	if (now - timeline.start_ns >= STEP_FIRST &&
	    ticks > timeline.start_ticks)
		per_ns = (double)(ticks - timeline.start_ticks) /
			 (double)(now - timeline.start_ns);
	wait = (uint64_t)((double)wait * per_ns);
	atomic_store_explicit(&timeline.wait_ticks, wait, memory_order_relaxed);
	atomic_store_explicit(&timeline.due_ticks, ticks + wait,
			      memory_order_relaxed);
}

static void take_point(bool may_wait)
{
	struct mpf_point point = { .ns = mp_timeline_source.now_ns() };
	struct mp_census sums;
	bool is_thinned = false;

	if (mp_census_take(&sums, NULL, NULL)) {
		point.rss_bytes = rss_now(point.ns, false);
		point.allocs = sums.allocs;
		point.alloc_bytes = sums.alloc_bytes;
		point.frees = sums.frees;
		point.free_bytes = sums.free_bytes;
		mp_unseen_look(point.rss_bytes ? point.ns : 0,
			       (int64_t)(sums.alloc_bytes - sums.free_bytes));
		mp_points_add(&point, may_wait, &is_thinned);
	}
	if (is_thinned)
		timeline.step_ns *= 2;
	mp_file.header->timeline_step_ns = timeline.step_ns;
	timeline.point_due =
		later(mp_timeline_source.now_ns(), timeline.step_ns, point.ns);
}

static void take_interval(bool may_wait)
{
	struct mpf_moment moment = { .ns = mp_timeline_source.now_ns(),
				     .kind = MPF_MOMENT_INTERVAL };

	if (mp_moments_is_full()) {
		timeline.has_intervals =
			mp_moments_thin(may_wait) && !mp_moments_is_full();
		timeline.detail_ns *= 2;
	}
	if (timeline.has_intervals) {
		moment.rss_bytes = rss_now(moment.ns, false);
		mp_moments_add(&moment, may_wait);
	}
	mp_file.header->timeline_detail_ns = timeline.detail_ns;
	timeline.detail_due = later(mp_timeline_source.now_ns(),
				    timeline.detail_ns, moment.ns);
}

static void count_lost(void)
{
	__atomic_fetch_add(&mp_file.header->moments_lost, 1, __ATOMIC_RELAXED);
}

static bool take_named(enum mpf_moment_kind kind, const char *name,
		       bool may_wait)
{
	struct mpf_moment moment = { .ns = mp_timeline_source.now_ns(),
				     .kind = kind };
	bool is_taken = false;
	size_t bytes = 0;

	while (bytes < MPF_MOMENT_NAME_BYTES - 1 && name[bytes])
		bytes++;
	moment.name = mp_file_text(name, bytes, may_wait);
	if (moment.name.offset) {
		moment.rss_bytes = rss_now(moment.ns, true);
		is_taken = mp_moments_add(&moment, may_wait);
	}
	if (is_taken && kind == MPF_MOMENT_SNAPSHOT)
		mp_live_list(may_wait);
	if (!is_taken)
		count_lost();
	return is_taken;
}

static bool take_numbered(enum origin origin, bool may_wait)
{
	char name[MPF_MOMENT_NAME_BYTES];
	struct mp_text text;

	mp_text_init(&text, name, sizeof(name));
	mp_text_str(&text, origins[origin]);
	mp_text_str(&text, "-");
	mp_text_dec(&text, ++timeline.numbers[origin]);
	return take_named(MPF_MOMENT_SNAPSHOT, name, may_wait);
}

/* A request from outside: the header was written by another process, so its
 * name may be anything. */
static bool serve_request(bool may_wait)
{
	struct mpf_header *header = mp_file.header;
	uint32_t wanted =
		__atomic_load_n(&header->snapshot_wanted, __ATOMIC_ACQUIRE);
	char name[MPF_MOMENT_NAME_BYTES];

	if (wanted == header->snapshot_served)
		return false;
	__builtin_memcpy(name, header->snapshot_name, sizeof(name));
	name[sizeof(name) - 1] = '\0';
	if (name[0])
		take_named(MPF_MOMENT_SNAPSHOT, name, may_wait);
	else
		take_numbered(BY_CALL, may_wait);
	__atomic_store_n(&header->snapshot_served, wanted, __ATOMIC_RELEASE);
	return true;
}

/* Signals that came, and requests. */
static void serve(bool may_wait)
{
	uint32_t signals = atomic_exchange(&timeline.signals, 0);

	if (serve_request(may_wait) && signals)
		signals--;
	while (signals--)
		take_numbered(BY_SIGNAL, may_wait);
}

static void serve_peak(bool may_wait)
{
	int64_t peak = (int64_t)__atomic_load_n(&mp_file.header->peak_bytes,
						__ATOMIC_RELAXED);
	int64_t live = (int64_t)__atomic_load_n(&mp_file.header->live_bytes,
						__ATOMIC_RELAXED);
	int64_t least;

	/* A peak is only noted once the total falls. */
	if (live > peak)
		peak = live;
	least = timeline.peak_taken / 100 * wish.peak_percent +
		timeline.peak_taken % 100 * wish.peak_percent / 100;
	if (peak - timeline.peak_taken <= least)
		return;
	timeline.peak_taken = peak;
	take_numbered(BY_PEAK, may_wait);
}

static void take_due(bool may_wait)
{
	uint64_t now = mp_timeline_source.now_ns();

	if (now >= timeline.point_due) {
		take_point(may_wait);
		if (wish.peak_percent)
			serve_peak(may_wait);
	}
	if (timeline.has_intervals && now >= timeline.detail_due)
		take_interval(may_wait);
	if (wish.every_ns && now >= timeline.every_due) {
		take_numbered(BY_CLOCK, may_wait);
		timeline.every_due += wish.every_ns;
		if (timeline.every_due <= now)
			timeline.every_due = now + wish.every_ns;
	}
	set_due_ticks(mp_timeline_source.now_ns());
}

static bool is_asked(void)
{
	const struct mpf_header *header = mp_file.header;

	return __atomic_load_n(&header->snapshot_wanted, __ATOMIC_RELAXED) !=
		       header->snapshot_served ||
	       atomic_load_explicit(&timeline.signals, memory_order_relaxed);
}

static bool is_due(void)
{
	/* Ahead by more than was waited for: it went backwards. */
	return atomic_load_explicit(&timeline.due_ticks, memory_order_relaxed) -
		       mp_timeline_source.ticks() - 1 >=
	       atomic_load_explicit(&timeline.wait_ticks, memory_order_relaxed);
}

/* Whoever asked while the lock was held goes away, so it is looked at again
 * once it is free. */
static void release(bool may_wait)
{
	mp_lock_release(&timeline.lock);
	while (is_asked() && mp_lock_try(&timeline.lock)) {
		serve(may_wait);
		mp_lock_release(&timeline.lock);
	}
}

void mp_timeline_pulse(struct mp_writer *writer)
{
	bool may_wait = !writer->is_nested;

	if (!atomic_load_explicit(&timeline.is_on, memory_order_relaxed)) {
		writer->pulse_left = UINT32_MAX;
		return;
	}
	/* 2, 4, 8, ... allocations: many programs start up and then wait. */
	if (writer->pulse_wait < MP_TIMELINE_EVENTS - 1)
		writer->pulse_wait = 2 * writer->pulse_wait + 1;
	writer->pulse_left = writer->pulse_wait;
	if ((!is_due() && !is_asked()) || !mp_lock_try(&timeline.lock))
		return;
	serve(may_wait);
	if (is_due())
		take_due(may_wait);
	release(may_wait);
}

/*
 * For calls of the program: a busy writer, so that handlers use another, and
 * the lock. A handler waits only a little, because what it interrupted may
 * hold a lock that the holder of this one waits for; others not for ever,
 * because a handler may have jumped out of the holder.
 */
static struct mp_writer *enter(void)
{
	struct mp_writer *writer;
	unsigned tries;

	if (!atomic_load_explicit(&timeline.is_on, memory_order_relaxed))
		return NULL;
	writer = mp_writer_enter();
	tries = writer && !writer->is_nested ? PATIENCE : 1;
	while (writer && tries--)
		if (mp_lock_take_soon(&timeline.lock))
			return writer;
	if (writer)
		mp_writer_leave(writer);
	return NULL;
}

static void leave(struct mp_writer *writer)
{
	release(!writer->is_nested);
	mp_writer_leave(writer);
}

static bool take_called(enum mpf_moment_kind kind, const char *name)
{
	struct mp_writer *writer = enter();
	bool is_taken;

	if (!writer) {
		if (atomic_load(&timeline.is_on))
			count_lost();
		return false;
	}
	if (name && *name)
		is_taken = take_named(kind, name, !writer->is_nested);
	else
		is_taken = take_numbered(BY_CALL, !writer->is_nested);
	leave(writer);
	return is_taken;
}

bool mp_timeline_mark(const char *name)
{
	return name && *name && take_called(MPF_MOMENT_MARK, name);
}

bool mp_timeline_snapshot(const char *name)
{
	return take_called(MPF_MOMENT_SNAPSHOT, name);
}

void mp_timeline_signalled(void)
{
	struct mp_writer *writer;

	if (!atomic_load_explicit(&timeline.is_on, memory_order_relaxed))
		return;
	atomic_fetch_add(&timeline.signals, 1);
	writer = enter();
	if (!writer)
		return; /* whoever is in there serves it */
	serve(!writer->is_nested);
	leave(writer);
}

/* What the parent had is not the child's. Nobody else runs. */
static void begin(void)
{
	struct mpf_header *header = mp_file.header;

	header->mode |= MPF_MODE_TIMELINE;
	header->timeline_area = 0;
	header->timeline_step_ns = timeline.step_ns = STEP_FIRST;
	header->timeline_detail_ns = timeline.detail_ns = DETAIL_FIRST;
	header->moments_lost = 0;
	header->snapshot_wanted = header->snapshot_served = 0;
	mp_moments_forked();
	atomic_store(&latest, 0); /* a forked child has a start of its own */
	timeline.start_ns = mp_timeline_source.now_ns();
	timeline.start_ticks = mp_timeline_source.ticks();
	timeline.detail_due = timeline.start_ns + DETAIL_FIRST;
	timeline.every_due = timeline.start_ns + wish.every_ns;
	timeline.peak_taken = 0;
	timeline.has_intervals = true;
	timeline.has_rss = true;
	timeline.rss_due = 0;
	take_point(true);
	set_due_ticks(mp_timeline_source.now_ns());
	atomic_store(&timeline.is_on, true);
}

void mp_timeline_init(const struct mp_settings *settings)
{
	if (settings->no_timeline)
		return;
	wish.every_ns = settings->snapshot_every * NS_PER_S;
	wish.peak_percent = settings->snapshot_peak;
	begin();
}

void mp_timeline_forked(void)
{
	if (!atomic_load(&timeline.is_on))
		return;
	mp_lock_reset(&timeline.lock);
	mp_census_forked();
	mp_points_forked();
	atomic_store(&timeline.signals, 0);
	__builtin_memset(timeline.numbers, 0, sizeof(timeline.numbers));
	begin();
	/* What it inherited is where its timeline begins. */
	take_interval(true);
}

void mp_timeline_end(void)
{
	struct mp_writer *writer = enter();

	if (!writer)
		return;
	serve(!writer->is_nested);
	timeline.rss_due = 0;
	take_point(!writer->is_nested);
	leave(writer);
}
