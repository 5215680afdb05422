/* SPDX-License-Identifier: MIT */
/* The call tree as flame graphs draw it: from the top down. */
#include "config.h"

#include "analyzer/model/flame.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/flame_build.h"
#include "analyzer/model/region.h"

const enum metric flame_metrics[FLAME_METRICS] = {
	METRIC_PEAK_BYTES,  METRIC_LIVE_BYTES, METRIC_ALLOCATED_BYTES,
	METRIC_ALLOCATIONS, METRIC_TEMPORARY,
};

/* What all nodes have, and which of them stay. */
struct folding {
	const struct flame_build *build;
	size_t count;				       /* of nodes */
	int64_t (*totals[FLAME_DUMPS])[FLAME_METRICS]; /* per dump, or NULL */
	double (*self_variances)[FLAME_METRICS];       /* NULL: exact */
	double (*variances)[FLAME_METRICS];	       /* of the totals */
	uint32_t *numbers; /* per node: of it, or of what it is folded into */
	uint8_t *keeps;
};

static int folding_init(struct folding *folding,
			const struct flame_build *build)
{
	const size_t count = build->count;

	*folding = (struct folding) { .build = build, .count = count };
	for (size_t d = 0; d < build->dumps; d++) {
		folding->totals[d] =
			region_new(count, sizeof(**folding->totals));
		if (!folding->totals[d])
			return DUMP_MEMORY;
	}
	if (build->analyses[0]->sites.errors) {
		folding->self_variances =
			region_new(count, sizeof(*folding->self_variances));
		folding->variances =
			region_new(count, sizeof(*folding->variances));
		if (!folding->self_variances || !folding->variances)
			return DUMP_MEMORY;
	}
	folding->numbers = region_new(count, sizeof(*folding->numbers));
	folding->keeps = region_new(count, 1);
	return folding->numbers && folding->keeps ? 0 : DUMP_MEMORY;
}

static void folding_done(struct folding *folding)
{
	const size_t count = folding->count;

	for (size_t d = 0; d < FLAME_DUMPS; d++)
		region_free(folding->totals[d], count,
			    sizeof(**folding->totals));
	region_free(folding->self_variances, count,
		    sizeof(*folding->self_variances));
	region_free(folding->variances, count, sizeof(*folding->variances));
	region_free(folding->numbers, count, sizeof(*folding->numbers));
	region_free(folding->keeps, count, 1);
}

/* What the sites have at their nodes, then with what is below these. */
static void add_totals(struct folding *folding)
{
	const struct flame_build *build = folding->build;

	for (size_t d = 0; d < build->dumps; d++) {
		const struct sites *sites = &build->analyses[d]->sites;
		int64_t(*totals)[FLAME_METRICS] = folding->totals[d];

		for (size_t i = 0; i < sites->count; i++) {
			uint32_t at = build->of_site[d][i];

			if (at == FLAME_NOWHERE)
				continue;
			flame_add_site(totals[at], &sites->array[i].counts);
			for (int m = 0;
			     m < FLAME_METRICS && d == 0 && folding->variances;
			     m++)
				folding->self_variances[at][m] +=
					flame_variance(&sites->errors[i], m);
		}
		for (size_t i = build->count; i-- > 1;)
			flame_add_values(totals[build->nodes[i].parent],
					 totals[i]);
	}
	for (size_t i = build->count; i-- > 0 && folding->variances;) {
		uint32_t parent = build->nodes[i].parent;

		for (int m = 0; m < FLAME_METRICS; m++) {
			folding->variances[i][m] +=
				folding->self_variances[i][m];
			if (i > 0)
				folding->variances[parent][m] +=
					folding->variances[i][m];
		}
	}
}

static const int64_t *values_of(const struct folding *folding, size_t dump,
				size_t node)
{
	return folding->totals[dump] ? folding->totals[dump][node] : NULL;
}

/* Marks the nodes that stay. */
static int choose(struct folding *folding, struct flame *flame, size_t limit)
{
	const int64_t *whole = values_of(folding, 0, 0);
	const int64_t *older_whole = values_of(folding, 1, 0);
	struct flame_ranks ranks = { 0 };
	size_t count = 1;

	folding->keeps[0] = 1;
	for (size_t i = 1; i < folding->count; i++) {
		folding->keeps[i] =
			flame_has_share(values_of(folding, 0, i), whole,
					values_of(folding, 1, i), older_whole);
		count += folding->keeps[i];
	}
	flame->all_count = count;
	if (limit == 0 || count <= limit)
		return 0;
	/* One more: what of the others has the greatest share. */
	if (flame_ranks_init(&ranks, limit) < 0)
		return DUMP_MEMORY;
	for (size_t i = 1; i < folding->count; i++) {
		if (!folding->keeps[i])
			continue;
		folding->keeps[i] = 0;
		flame_ranks_add(
			&ranks,
			&(struct flame_rank) {
				.share = flame_share(
					values_of(folding, 0, i), whole,
					values_of(folding, 1, i), older_whole),
				.first = (uint32_t)i,
				.number = (uint32_t)i });
	}
	flame_ranks_sort(&ranks);
	flame->share = ranks.heap[limit - 1].share;
	for (size_t i = 0; i + 1 < limit; i++)
		folding->keeps[ranks.heap[i].number] = 1;
	flame_ranks_done(&ranks);
	return 0;
}

static void describe(const struct folding *folding, size_t from,
		     uint32_t parent, struct flame_node *ret)
{
	const struct flame_raw *raw = &folding->build->nodes[from];

	*ret = (struct flame_node) {
		.parent = parent,
		.key = raw->key,
		.module = raw->module,
		.is_of_older = raw->is_of_older,
		.line = raw->line,
		.kind = (enum flame_kind)raw->kind,
		.is_inlined = raw->is_inlined,
	};
	for (int m = 0; m < FLAME_METRICS; m++) {
		ret->total[m] = folding->totals[0][from][m];
		if (folding->totals[1])
			ret->older_total[m] = folding->totals[1][from][m];
		if (!folding->variances)
			continue;
		ret->self_variance[m] = folding->self_variances[from][m];
		ret->total_variance[m] = folding->variances[from][m];
	}
}

/* Those that stay, in the order in which they were met. */
static int add_nodes(struct folding *folding, struct flame *flame)
{
	const struct flame_build *build = folding->build;
	size_t kept = 0;

	for (size_t i = 0; i < folding->count; i++)
		kept += folding->keeps[i];
	flame->nodes = calloc(kept, sizeof(*flame->nodes));
	if (!flame->nodes)
		return DUMP_MEMORY;
	for (size_t i = 0; i < folding->count; i++) {
		uint32_t parent = folding->numbers[build->nodes[i].parent];

		if (folding->keeps[i]) {
			describe(folding, i, parent,
				 &flame->nodes[flame->count]);
			folding->numbers[i] = (uint32_t)flame->count++;
			continue;
		}
		folding->numbers[i] = parent;
		flame->nodes[parent].folded += flame_has_share(
			values_of(folding, 0, i), values_of(folding, 0, 0),
			values_of(folding, 1, i), values_of(folding, 1, 0));
	}
	return 0;
}

/* What the nodes that stay have themselves, and where each site is. */
static void add_sites(const struct folding *folding, struct flame *flame)
{
	const struct flame_build *build = folding->build;

	for (size_t d = 0; d < build->dumps; d++) {
		const struct sites *sites = &build->analyses[d]->sites;

		for (size_t i = 0; i < sites->count; i++) {
			uint32_t at = build->of_site[d][i];
			struct flame_node *node;

			if (at == FLAME_NOWHERE)
				continue;
			node = &flame->nodes[folding->numbers[at]];
			if (folding->keeps[at])
				flame_add_site(d ? node->older_self
						 : node->self,
					       &sites->array[i].counts);
			if (d > 0)
				continue;
			flame->is_folded[i] = !folding->keeps[at];
			build->of_site[d][i] = folding->numbers[at];
		}
	}
}

static int fold(struct flame *flame, struct flame_build *build, size_t limit)
{
	struct folding folding;
	int ret = folding_init(&folding, build);

	if (ret == 0) {
		add_totals(&folding);
		ret = choose(&folding, flame, limit);
	}
	if (ret == 0)
		ret = add_nodes(&folding, flame);
	if (ret == 0)
		add_sites(&folding, flame);
	folding_done(&folding);
	return ret;
}

int flame_init_pair(struct flame *ret_flame, struct analysis *analysis,
		    struct analysis *older, size_t limit)
{
	struct flame flame = { .is_estimate = analysis->sites.errors != NULL };
	struct flame_build build;
	int ret = flame_build_init(&build, analysis, older);

	flame.is_folded = calloc(analysis->sites.count + 1, 1);
	if (!flame.is_folded)
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = fold(&flame, &build, limit);
	if (ret == 0) {
		flame.of_site = build.of_site[0];
		build.of_site[0] = NULL;
		flame.keys = build.keys;
		build.keys = (struct keys) { 0 };
	}
	flame_build_done(&build);
	if (ret == 0)
		*ret_flame = flame;
	else
		flame_done(&flame);
	return ret;
}

int flame_init(struct flame *ret_flame, struct analysis *analysis, size_t limit)
{
	return flame_init_pair(ret_flame, analysis, NULL, limit);
}

void flame_done(struct flame *flame)
{
	free(flame->nodes);
	free(flame->of_site);
	free(flame->is_folded);
	keys_done(&flame->keys);
	*flame = (struct flame) { 0 };
}
