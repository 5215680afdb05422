/* SPDX-License-Identifier: MIT */
/* What was live at each site over time. */
#include "config.h"

#include "analyzer/model/series.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/region.h"

int series_init(struct series *ret_series, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	struct series series = { .analysis = analysis };

	for (size_t i = 0; i < dump->moment_count; i++)
		if (dump->moments[i].change_count > series.touched_room)
			series.touched_room = dump->moments[i].change_count;
	series.live = calloc(analysis->sites.count + 1, sizeof(*series.live));
	series.slot_live =
		region_new(dump->slot_count, sizeof(*series.slot_live));
	series.touched =
		region_new(series.touched_room, sizeof(*series.touched));
	*ret_series = series;
	if (series.live && series.slot_live && series.touched)
		return 0;
	series_done(ret_series);
	return DUMP_MEMORY;
}

/* How many blocks one of a slot stands for. */
static double weight_of(const struct dump *dump, size_t slot)
{
	const uint64_t pc = dump->nodes[dump->slots[slot].class_node].pc;

	if (dump->header.sample_bytes == 0 || MPF_PC_KIND(pc) != MPF_NODE_SIZED)
		return 1;
	return estimate_weight(dump->header.sample_bytes, MPF_SIZED_BYTES(pc));
}

/* A slot has that much live now. */
static uint32_t set_slot(struct series *series, size_t slot, int64_t live)
{
	const struct analysis *analysis = series->analysis;
	const uint32_t site = sites_of_slot(&analysis->sites, slot);

	if (site != SITES_NONE)
		series->live[site] += (double)(live - series->slot_live[slot]) *
				      weight_of(analysis->dump, slot);
	series->slot_live[slot] = live;
	return site;
}

static void apply(struct series *series, const struct mpf_moment *moment)
{
	const struct dump *dump = series->analysis->dump;

	series->touched_count = 0;
	series->is_all_new = false;
	for (uint32_t i = 0; i < moment->change_count; i++) {
		const struct mpf_change *change =
			&dump->changes[moment->first_change + i];
		uint32_t site;

		if (change->line == 0)
			continue;
		site = set_slot(
			series, change->line - 1,
			(int64_t)(change->alloc_bytes - change->free_bytes));
		if (site != SITES_NONE)
			series->touched[series->touched_count++] = site;
	}
}

static void apply_end(struct series *series)
{
	const struct dump *dump = series->analysis->dump;

	series->touched_count = 0;
	series->is_all_new = true;
	for (size_t i = 0; i < dump->slot_count; i++)
		if (dump->slots[i].class_node)
			set_slot(series, i,
				 (int64_t)(dump->slots[i].alloc_bytes -
					   dump->slots[i].free_bytes));
}

bool series_next(struct series *series)
{
	const struct dump *dump = series->analysis->dump;

	if (series->is_over)
		return false;
	while (series->next < dump->moment_count) {
		size_t i = series->next++;
		const struct mpf_moment *moment = &dump->moments[i];

		if (moment->ns == 0 || moment->kind == MPF_MOMENT_MARK)
			continue;
		series->moment = i;
		series->ns = moment->ns - dump->header.start_ns;
		apply(series, moment);
		return true;
	}
	series->is_over = true;
	series->moment = SERIES_END;
	series->ns = range_duration(dump);
	apply_end(series);
	return true;
}

void series_done(struct series *series)
{
	if (!series->analysis)
		return;
	free(series->live);
	region_free(series->slot_live, series->analysis->dump->slot_count,
		    sizeof(*series->slot_live));
	region_free(series->touched, series->touched_room,
		    sizeof(*series->touched));
	*series = (struct series) { 0 };
}
