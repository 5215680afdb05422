/* SPDX-License-Identifier: MIT */
/* From moment to moment of a dump. */
#include "config.h"

#include "analyzer/model/history.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/region.h"

static int64_t live_at(const struct mpf_moment *moment)
{
	return (int64_t)(moment->alloc_bytes - moment->free_bytes);
}

/* The moments that an instant can be told by: of several at one time the
 * first, and none where the start or the end is meant. */
static void list_moments(struct history *history, const struct dump *dump)
{
	const uint64_t end = range_duration(dump);
	const bool has_start = !(dump->header.mode & MPF_MODE_FORKED);
	uint64_t last = has_start ? 0 : UINT64_MAX;

	for (size_t i = 0; i < dump->moment_count; i++) {
		const struct mpf_moment *moment = &dump->moments[i];
		uint64_t ns = moment->ns - dump->header.start_ns;

		if (moment->ns == 0 || moment->kind == MPF_MOMENT_MARK ||
		    ns == last || ns == end)
			continue;
		last = ns;
		history->moments[history->moment_count++] = i;
	}
}

/* Of so many in a row, the first of those with most live. */
static void thin_moments(struct history *history, const struct dump *dump,
			 size_t limit)
{
	const size_t all = history->moment_count;
	const size_t group = limit ? (all + limit - 1) / limit : 1;
	size_t kept = 0;

	if (group <= 1)
		return;
	for (size_t first = 0; first < all; first += group) {
		size_t best = history->moments[first];

		for (size_t i = first; i < all && i < first + group; i++) {
			size_t at = history->moments[i];

			if (live_at(&dump->moments[at]) >
			    live_at(&dump->moments[best]))
				best = at;
		}
		history->moments[kept++] = best;
	}
	history->moment_count = kept;
	history->left_out = all - kept;
}

int history_init(struct history *ret_history, const struct analysis *analysis,
		 size_t limit)
{
	const struct dump *dump = analysis->dump;
	const size_t sites = analysis->sites.count + 1;
	const bool is_sampled = analysis->sites.errors != NULL;
	struct history history = { .analysis = analysis };

	history.moments =
		calloc(dump->moment_count + 1, sizeof(*history.moments));
	history.state = region_new(dump->slot_count, sizeof(*history.state));
	history.sites = region_new(sites, sizeof(*history.sites));
	history.sizes = calloc(MPF_BUCKETS, sizeof(*history.sizes));
	history.size_errors = calloc(MPF_BUCKETS, sizeof(*history.size_errors));
	if (is_sampled)
		history.estimates =
			region_new(sites, sizeof(*history.estimates));
	if (!is_sampled || analysis->filter.is_complete)
		history.threads = calloc(dump->thread_count + 1,
					 sizeof(*history.threads));
	*ret_history = history;
	if (!history.moments || !history.state || !history.sites ||
	    !history.sizes || !history.size_errors ||
	    (is_sampled && !history.estimates) ||
	    (!history.threads &&
	     (!is_sampled || analysis->filter.is_complete))) {
		history_done(ret_history);
		return DUMP_MEMORY;
	}
	list_moments(ret_history, dump);
	thin_moments(ret_history, dump, limit);
	return 0;
}

static void apply_moments(struct history *history, size_t last)
{
	const struct dump *dump = history->analysis->dump;

	for (; history->applied <= last; history->applied++) {
		const struct mpf_moment *moment =
			&dump->moments[history->applied];

		for (uint32_t i = 0; i < moment->change_count; i++) {
			const struct mpf_change *change =
				&dump->changes[moment->first_change + i];

			if (change->line)
				history->state[change->line - 1] = *change;
		}
	}
}

static void apply_end(struct history *history)
{
	const struct dump *dump = history->analysis->dump;

	for (size_t i = 0; i < dump->slot_count; i++) {
		const struct mpf_slot *slot = &dump->slots[i];

		history->state[i] = (struct mpf_change) {
			.allocs = slot->allocs,
			.alloc_bytes = slot->alloc_bytes,
			.frees = slot->frees,
			.free_bytes = slot->free_bytes,
			.peak_blocks = slot->peak_blocks,
			.peak_bytes = slot->peak_bytes,
			.epoch = slot->epoch,
			.temporary = slot->temporary,
		};
	}
}

static uint64_t since_start(const struct dump *dump, uint64_t ns)
{
	return ns > dump->header.start_ns ? ns - dump->header.start_ns : 0;
}

/* The next moment that a report could be made of. False: there is none. */
static bool find_moment(struct history *history)
{
	const struct dump *dump = history->analysis->dump;

	while (history->next < history->moment_count) {
		size_t at = history->moments[history->next++];
		const struct mpf_moment *moment = &dump->moments[at];

		apply_moments(history, at);
		if (!range_is_sane(dump, history->state, &moment->overflow)) {
			history->left_out++;
			continue;
		}
		history->now = (struct history_instant) {
			.moment = at,
			.ns = moment->ns - dump->header.start_ns,
			.live_bytes = live_at(moment),
			.peak_ns = since_start(dump, moment->peak_ns),
		};
		history_count(history, &moment->overflow, moment->peak_epoch,
			      moment->peak_bytes);
		return true;
	}
	return false;
}

void history_next(struct history *history)
{
	const struct dump *dump = history->analysis->dump;
	const struct mpf_header *header = &dump->header;

	if (history->now.is_end)
		history->is_over = true;
	if (history->is_over || find_moment(history))
		return;
	history->now = (struct history_instant) {
		.is_end = true,
		.ns = range_duration(dump),
		.peak_ns = since_start(dump, header->peak_ns),
	};
	apply_end(history);
	history_count(history, &header->overflow, header->peak_epoch,
		      header->peak_bytes);
}

void history_done(struct history *history)
{
	size_t sites;

	if (!history->analysis)
		return;
	sites = history->analysis->sites.count + 1;
	free(history->moments);
	free(history->sizes);
	free(history->size_errors);
	free(history->threads);
	region_free(history->state, history->analysis->dump->slot_count,
		    sizeof(*history->state));
	region_free(history->sites, sites, sizeof(*history->sites));
	region_free(history->estimates, sites, sizeof(*history->estimates));
	*history = (struct history) { 0 };
}
