/* SPDX-License-Identifier: MIT */
/* How large the blocks are. */
#include "config.h"

#include "analyzer/model/sizes.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

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

static void set_range(struct sizes_row *row, unsigned bucket)
{
	row->first = row->last = bucket;
	if (bucket <= 8)
		return;
	row->first = (UINT64_C(1) << (bucket - 6)) + 1;
	row->last = bucket == MPF_BUCKETS - 1 ? UINT64_MAX
					      : UINT64_C(1) << (bucket - 5);
}

int sizes_init(struct sizes *ret_sizes, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	struct estimate *sums = calloc(MPF_BUCKETS, sizeof(*sums));
	struct counts *exact = calloc(MPF_BUCKETS, sizeof(*exact));
	struct sizes sizes = {
		.is_estimate = analysis->sites.errors != NULL,
		.rows = calloc(MPF_BUCKETS, sizeof(*sizes.rows)),
	};
	struct estimate_room room;

	if (!sums || !exact || !sizes.rows) {
		free(sums);
		free(exact);
		free(sizes.rows);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < dump->slot_count; i++) {
		uint32_t site = sites_of_slot(&analysis->sites, i);
		struct counts counts;
		unsigned bucket;

		if (site == SITES_NONE || !analysis->filter.keeps[site])
			continue;
		bucket = bucket_of(dump->nodes[dump->slots[i].class_node].pc);
		if (bucket >= MPF_BUCKETS)
			continue;
		sites_slot_counts(&analysis->sites, i, &counts);
		counts_add(&exact[bucket], &counts);
		sites_slot_estimate(&analysis->sites, i, &sums[bucket]);
	}
	estimate_room_init(&room);
	for (unsigned b = 0; b < MPF_BUCKETS; b++) {
		struct sizes_row *row = &sizes.rows[sizes.count];

		if (analysis->sites.errors)
			estimate_round(&row->counts, &sums[b], &room);
		else
			row->counts = exact[b];
		if (counts_is_zero(&row->counts))
			continue;
		row->bucket = b;
		row->error = sums[b].error;
		set_range(row, b);
		sizes.count++;
	}
	free(sums);
	free(exact);
	*ret_sizes = sizes;
	return 0;
}

void sizes_done(struct sizes *sizes)
{
	free(sizes->rows);
	*sizes = (struct sizes) { 0 };
}
