/* SPDX-License-Identifier: MIT */
/* The flat table by size of the blocks. */
#include "config.h"

#include "analyzer/model/top_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

/* By bucket, of the sites looked at. */
struct sizes {
	struct counts counts[MPF_BUCKETS];
	struct error errors[MPF_BUCKETS]; /* of a sampled dump */
	struct estimate
		*of_sites; /* the same: of the slots so far, by number */
	bool is_known[MPF_BUCKETS];
};

/* False for a class that holds no sizes. */
static bool bucket_of(uint64_t class_pc, unsigned *ret_bucket)
{
	switch (MPF_PC_KIND(class_pc)) {
	case MPF_NODE_CLASS:
		*ret_bucket = MPF_CLASS_BUCKET(class_pc);
		break;
	case MPF_NODE_SIZED:
		*ret_bucket = mpf_bucket(MPF_SIZED_BYTES(class_pc));
		break;
	default:
		return false;
	}
	return *ret_bucket < MPF_BUCKETS;
}

void top_bucket_range(unsigned bucket, uint64_t *ret_first, uint64_t *ret_last)
{
	*ret_first = *ret_last = bucket;
	if (bucket <= 8)
		return;
	*ret_first = (UINT64_C(1) << (bucket - 6)) + 1;
	*ret_last = bucket >= 69 ? UINT64_MAX : UINT64_C(1) << (bucket - 5);
}

/* As its site is rounded, so that sizes and sites have the same sum. */
static void add_estimate(struct sizes *sizes, const struct sites *sites,
			 size_t slot, uint32_t site, unsigned bucket)
{
	struct estimate *sum = &sizes->of_sites[site], part = { 0 };
	double before[METRIC_COUNT];

	memcpy(before, sum->value, sizeof(before));
	sites_slot_estimate(sites, slot, sum);
	estimate_add_part(&sizes->counts[bucket], before, sum->value);
	sites_slot_estimate(sites, slot, &part);
	error_add(&sizes->errors[bucket], &part.error);
}

static void add_slots(struct sizes *sizes, const struct analysis *analysis)
{
	const struct sites *sites = &analysis->sites;
	const struct dump *dump = analysis->dump;

	for (size_t i = 0; i < dump->slot_count; i++) {
		uint32_t site = sites_of_slot(sites, i);
		struct counts counts;
		unsigned bucket;

		if (site == SITES_NONE || !analysis->filter.keeps[site] ||
		    !bucket_of(dump->nodes[dump->slots[i].class_node].pc,
			       &bucket))
			continue;
		sizes->is_known[bucket] = true;
		if (sites->errors) {
			add_estimate(sizes, sites, i, site, bucket);
			continue;
		}
		sites_slot_counts(sites, i, &counts);
		counts_add(&sizes->counts[bucket], &counts);
	}
}

/* What has no class has no sizes. */
static void add_rest(struct top *top, const struct sites *sites,
		     const uint8_t *keeps)
{
	struct top_row *row = &top->rows[top->count];

	row->place.module = MODULES_NONE;
	row->has_no_stack = true;
	for (size_t i = 0; i < sites->count; i++)
		if (sites->array[i].kind == SITE_OVERFLOW && keeps[i])
			counts_add(&row->self, &sites->array[i].counts);
	row->cumulative = row->self;
	if (!counts_is_zero(&row->self))
		top->count++;
}

uint8_t *top_greatest_of_sites(const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	uint8_t *greatest = calloc(analysis->sites.count + 1, 1);

	for (size_t i = 0; i < dump->slot_count && greatest; i++) {
		uint32_t site = sites_of_slot(&analysis->sites, i);
		unsigned bucket;

		if (site != SITES_NONE && dump->slots[i].allocs != 0 &&
		    bucket_of(dump->nodes[dump->slots[i].class_node].pc,
			      &bucket) &&
		    bucket > greatest[site])
			greatest[site] = (uint8_t)bucket;
	}
	return greatest;
}

static int make_rows(struct top *top, struct sizes *sizes,
		     const struct sites *sites, const uint8_t *keeps)
{
	top->rows = calloc(MPF_BUCKETS + 1, sizeof(*top->rows));
	if (sites->errors)
		top->errors = calloc(MPF_BUCKETS + 1, sizeof(*top->errors));
	if (!top->rows || (sites->errors && !top->errors))
		return DUMP_MEMORY;
	for (unsigned i = 0; i < MPF_BUCKETS; i++) {
		const struct counts *counts = &sizes->counts[i];

		if (!sizes->is_known[i])
			continue;
		if (sites->errors)
			top->errors[top->count] = (struct top_error) {
				.self = sizes->errors[i],
				.cumulative = sizes->errors[i],
			};
		top->rows[top->count++] = (struct top_row) {
			.self = *counts,
			.cumulative = *counts,
			.bucket = i,
			.greatest = i,
			.place.module = MODULES_NONE,
		};
	}
	add_rest(top, sites, keeps);
	return 0;
}

int top_sizes(struct top *top, struct analysis *analysis)
{
	const struct sites *sites = &analysis->sites;
	struct sizes *sizes = calloc(1, sizeof(*sizes));
	int ret = DUMP_MEMORY;

	if (sizes && sites->errors)
		sizes->of_sites =
			calloc(sites->count + 1, sizeof(*sizes->of_sites));
	if (sizes && (sizes->of_sites || !sites->errors)) {
		add_slots(sizes, analysis);
		ret = make_rows(top, sizes, sites, analysis->filter.keeps);
	}
	free(sizes ? sizes->of_sites : NULL);
	free(sizes);
	return ret;
}
