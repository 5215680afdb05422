/* SPDX-License-Identifier: MIT */
/* Which live block an address belongs to. */
#include "config.h"

#include "analyzer/model/find.h"

#include "analyzer/model/ages.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

static struct find_block describe(const struct analysis *analysis,
				  const struct mpf_live *live, double tick_ns)
{
	const struct mpf_header *header = &analysis->dump->header;
	struct find_block block = {
		.address = live->address,
		.bytes = live->bytes,
		.site = SITES_NONE,
	};

	if (live->class_node)
		block.site = sites_of_class(&analysis->sites, live->class_node);
	if (live->born_allocs == 0)
		return block;
	block.has_age = true;
	/* It may have been made while they were listed. */
	if (header->live_allocs > live->born_allocs)
		block.age_allocs = header->live_allocs - live->born_allocs;
	block.age_ns = tick_ns * (double)live->ticks;
	return block;
}

/* Innermost first: those that begin later, then smaller ones. */
static void add(struct find *find, const struct find_block *block)
{
	size_t at = find->count;

	while (at > 0 && (find->blocks[at - 1].address < block->address ||
			  (find->blocks[at - 1].address == block->address &&
			   find->blocks[at - 1].bytes > block->bytes)))
		at--;
	if (at == FIND_BLOCKS)
		return;
	if (find->count < FIND_BLOCKS)
		find->count++;
	for (size_t i = find->count - 1; i > at; i--)
		find->blocks[i] = find->blocks[i - 1];
	find->blocks[at] = *block;
}

bool find_init(struct find *ret_find, const struct analysis *analysis,
	       uint64_t address)
{
	const struct dump *dump = analysis->dump;
	const struct mpf_header *header = &dump->header;
	double tick_ns = ages_ns_per_tick(dump);
	struct find find = {
		.address = address,
		.lost = header->live_lost,
		.has_time = tick_ns > 0 &&
			    header->live_ticks >= header->start_ticks,
	};

	if (!dump->has_live || !(header->mode & MPF_MODE_ADDRESSES))
		return false;
	if (find.has_time)
		find.listed_ns =
			ages_rounded(tick_ns * (double)(header->live_ticks -
							header->start_ticks));
	for (size_t i = 0; i < dump->live_count; i++) {
		const struct mpf_live *live = &dump->live[i];
		struct find_block block;

		if (live->blocks == 0 || live->address > address)
			continue;
		block = describe(analysis, live, tick_ns);
		if (address - block.address < block.bytes ||
		    address == block.address) {
			add(&find, &block);
		} else if (!find.has_before ||
			   block.address + block.bytes >
				   find.before.address + find.before.bytes) {
			find.before = block;
			find.has_before = true;
		}
	}
	/* Only where there is nothing better. */
	if (find.count)
		find.has_before = false;
	*ret_find = find;
	return true;
}
