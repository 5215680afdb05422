/* SPDX-License-Identifier: MIT */
/*
 * What slots had counted at an instant, put together as sites.c, top_threads.c
 * and top_sizes.c do with the slots of the dump itself.
 */
#include "config.h"

#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/history.h"

/* How peaks are read at the instant. */
struct reading {
	uint32_t peak_epoch;
	bool is_peak_now;
};

static bool is_realloc(uint64_t class_pc)
{
	switch (MPF_PC_KIND(class_pc)) {
	case MPF_NODE_CLASS:
		return MPF_CLASS_CALL(class_pc) == MPF_CALL_REALLOC;
	case MPF_NODE_SIZED:
		return MPF_SIZED_CALL(class_pc) == MPF_CALL_REALLOC;
	default:
		return false;
	}
}

/* MPF_BUCKETS: not known. */
static unsigned bucket_of(uint64_t class_pc)
{
	switch (MPF_PC_KIND(class_pc)) {
	case MPF_NODE_CLASS:
		return MPF_CLASS_BUCKET(class_pc);
	case MPF_NODE_SIZED:
		return mpf_bucket(MPF_SIZED_BYTES(class_pc));
	default:
		return MPF_BUCKETS;
	}
}

static void read_slot(const struct mpf_change *state, uint64_t class_pc,
		      const struct reading *reading, struct counts *ret)
{
	const int64_t blocks = (int64_t)(state->allocs - state->frees);
	const int64_t bytes = (int64_t)(state->alloc_bytes - state->free_bytes);
	const bool has_peak =
		!reading->is_peak_now && state->epoch == reading->peak_epoch;

	ret->of[METRIC_ALLOCATIONS] = (int64_t)state->allocs;
	ret->of[METRIC_ALLOCATED_BYTES] = (int64_t)state->alloc_bytes;
	ret->of[METRIC_FREES] = (int64_t)state->frees;
	ret->of[METRIC_FREED_BYTES] = (int64_t)state->free_bytes;
	ret->of[METRIC_REALLOCS] =
		is_realloc(class_pc) ? (int64_t)state->allocs : 0;
	ret->of[METRIC_LIVE_BLOCKS] = blocks;
	ret->of[METRIC_LIVE_BYTES] = bytes;
	ret->of[METRIC_PEAK_BLOCKS] = has_peak ? state->peak_blocks : blocks;
	ret->of[METRIC_PEAK_BYTES] = has_peak ? state->peak_bytes : bytes;
	ret->of[METRIC_TEMPORARY] = (int64_t)state->temporary;
}

/* Sums of what is live and of what was at the peak, as they are recorded. */
static void find_peak(struct history *history,
		      const struct mpf_overflow *overflow, uint32_t peak_epoch,
		      uint64_t peak_bytes)
{
	const struct dump *dump = history->analysis->dump;
	const struct reading reading = { .peak_epoch = peak_epoch };
	int64_t live = 0, peak = 0;
	int64_t beside =
		(int64_t)(overflow->alloc_bytes - overflow->free_bytes);

	for (size_t i = 0; i < dump->slot_count; i++) {
		struct counts counts;

		if (dump->slots[i].class_node == 0)
			continue;
		read_slot(&history->state[i], 0, &reading, &counts);
		live += counts.of[METRIC_LIVE_BYTES];
		peak += counts.of[METRIC_PEAK_BYTES];
	}
	history->now.slots_live_bytes = live;
	if (history->now.is_end)
		history->now.live_bytes = live + beside;
	history->now.is_peak_now =
		live > peak || live + beside > (int64_t)peak_bytes;
}

static void add_slot(struct history *history, size_t slot, uint32_t owner,
		     const struct reading *reading)
{
	const struct analysis *analysis = history->analysis;
	const struct dump *dump = analysis->dump;
	const uint64_t class_pc = dump->nodes[dump->slots[slot].class_node].pc;
	const uint32_t site = sites_of_slot(&analysis->sites, slot);
	const unsigned bucket = bucket_of(class_pc);
	const bool is_kept = site != SITES_NONE && analysis->filter.keeps[site];
	double before[METRIC_COUNT] = { 0 };
	struct estimate part = { 0 };
	struct counts counts;

	read_slot(&history->state[slot], class_pc, reading, &counts);
	counts_add(site == SITES_NONE ? &history->unsampled
				      : &history->sites[site],
		   &counts);
	if (history->estimates && site != SITES_NONE) {
		struct estimate *sum = &history->estimates[site];

		memcpy(before, sum->value, sizeof(before));
		estimate_add(sum, dump->header.sample_bytes, class_pc, &counts);
	}
	/* Threads of a sampled dump know their own totals. */
	if (history->threads && (is_kept || history->estimates))
		counts_add(&history->threads[owner], &counts);
	if (!is_kept || bucket >= MPF_BUCKETS)
		return;
	if (!history->estimates) {
		counts_add(&history->sizes[bucket], &counts);
		return;
	}
	estimate_add_part(&history->sizes[bucket], before,
			  history->estimates[site].value);
	estimate_add(&part, dump->header.sample_bytes, class_pc, &counts);
	error_add(&history->size_errors[bucket], &part.error);
}

static void adjust(struct counts *counts)
{
	for (int m = METRIC_LIVE_BLOCKS; m <= METRIC_PEAK_BYTES; m++)
		if (counts->of[m] < 0)
			counts->of[m] = 0;
}

/* What has no slot is a site of its own. */
static void add_overflow(struct history *history,
			 const struct mpf_overflow *overflow,
			 uint64_t peak_bytes)
{
	const struct sites *sites = &history->analysis->sites;
	const struct reading live = { .is_peak_now = true };
	const struct mpf_change state = {
		.allocs = overflow->allocs,
		.alloc_bytes = overflow->alloc_bytes,
		.frees = overflow->frees,
		.free_bytes = overflow->free_bytes,
	};
	int64_t known = history->unsampled.of[METRIC_PEAK_BYTES];
	struct counts *counts = &history->unsampled;

	if (overflow->allocs == 0 && overflow->frees == 0) {
		for (size_t i = 0; i < sites->count; i++)
			adjust(&history->sites[i]);
		adjust(&history->unsampled);
		return;
	}
	for (size_t i = 0; i < sites->count; i++) {
		known += history->sites[i].of[METRIC_PEAK_BYTES];
		if (sites->array[i].kind == SITE_OVERFLOW)
			counts = &history->sites[i];
	}
	read_slot(&state, 0, &live, counts);
	if (history->now.is_peak_now)
		return;
	counts->of[METRIC_PEAK_BYTES] =
		(int64_t)peak_bytes > known ? (int64_t)peak_bytes - known : 0;
	if (counts->of[METRIC_PEAK_BLOCKS] < 0)
		counts->of[METRIC_PEAK_BLOCKS] = 0;
}

static void use_estimates(struct history *history)
{
	const struct sites *sites = &history->analysis->sites;
	struct estimate_room room;

	estimate_room_init(&room);
	history->total.of[METRIC_REALLOCS] = 0;
	for (size_t i = 0; i < sites->count; i++) {
		struct counts *counts = &history->sites[i];
		const struct counts recorded = *counts;

		if (sites->array[i].kind == SITE_STACK) {
			estimate_round(counts, &history->estimates[i], &room);
			/* What was adjusted stays so. */
			for (int m = METRIC_LIVE_BLOCKS; m <= METRIC_PEAK_BYTES;
			     m++)
				if (recorded.of[m] == 0)
					counts->of[m] = 0;
			adjust(counts);
		}
		history->total.of[METRIC_REALLOCS] +=
			counts->of[METRIC_REALLOCS];
	}
}

static void clear(struct history *history)
{
	const size_t sites = history->analysis->sites.count;

	memset(history->sites, 0, sites * sizeof(*history->sites));
	memset(history->sizes, 0, MPF_BUCKETS * sizeof(*history->sizes));
	memset(history->size_errors, 0,
	       MPF_BUCKETS * sizeof(*history->size_errors));
	if (history->estimates)
		memset(history->estimates, 0,
		       sites * sizeof(*history->estimates));
	if (history->threads)
		memset(history->threads, 0,
		       history->analysis->dump->thread_count *
			       sizeof(*history->threads));
	history->unsampled = (struct counts) { 0 };
	history->total = (struct counts) { 0 };
	history->selection = (struct counts) { 0 };
}

void history_count(struct history *history, const struct mpf_overflow *overflow,
		   uint32_t peak_epoch, uint64_t peak_bytes)
{
	const struct analysis *analysis = history->analysis;
	const struct dump *dump = analysis->dump;
	struct reading reading = { .peak_epoch = peak_epoch };

	clear(history);
	find_peak(history, overflow, peak_epoch, peak_bytes);
	reading.is_peak_now = history->now.is_peak_now;
	for (size_t r = 0; r < dump->run_count; r++) {
		const struct dump_run *run = &dump->runs[r];

		for (size_t i = run->first; i < run->first + run->count; i++)
			if (dump->slots[i].class_node != 0)
				add_slot(history, i, run->owner, &reading);
	}
	add_overflow(history, overflow, peak_bytes);
	history->total = history->unsampled;
	for (size_t i = 0; i < analysis->sites.count; i++)
		counts_add(&history->total, &history->sites[i]);
	if (history->estimates)
		use_estimates(history);
	for (size_t i = 0; i < analysis->sites.count; i++)
		if (analysis->filter.keeps[i])
			counts_add(&history->selection, &history->sites[i]);
}
