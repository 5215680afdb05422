/* SPDX-License-Identifier: MIT */
/* The call tree as flame graphs draw it. */
#include "config.h"

#include "analyzer/model/flame.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/region.h"

const enum metric flame_metrics[FLAME_METRICS] = {
	METRIC_PEAK_BYTES,  METRIC_LIVE_BYTES, METRIC_ALLOCATED_BYTES,
	METRIC_ALLOCATIONS, METRIC_TEMPORARY,
};

struct builder {
	struct flame *flame;
	size_t room;
	struct intmap known; /* parent and key, kind: the node */

	/* Of one dump after the other. */
	struct analysis *analysis;
	bool is_older;
	struct places places;
	uint32_t *key_of; /* per place: number + 1 */
	size_t key_room;
	uint32_t *of_node; /* per node of the tree: number of ours */
};

/* The child of parent that is so; made where there is none. 0: no memory. */
static uint32_t child_of(struct builder *builder, uint32_t parent,
			 const struct flame_node *like)
{
	struct flame *flame = builder->flame;
	uint32_t *known = intmap_at(
		&builder->known, (uint64_t)parent << 32 | like->key,
		(uint32_t)like->kind << 1 | (uint32_t)like->is_inlined);

	if (!known)
		return 0;
	if (*known != 0) {
		if (flame->nodes[*known].line != like->line)
			flame->nodes[*known].line = 0;
		return *known;
	}
	if (flame->count == builder->room) {
		size_t room = 2 * builder->room;
		struct flame_node *nodes =
			reallocarray(flame->nodes, room, sizeof(*nodes));

		if (!nodes || room > UINT32_MAX)
			return 0;
		flame->nodes = nodes;
		builder->room = room;
	}
	*known = (uint32_t)flame->count;
	flame->nodes[flame->count] = *like;
	flame->nodes[flame->count].parent = parent;
	return (uint32_t)flame->count++;
}

static int key_of(struct builder *builder, uint32_t place, uint32_t *ret_key)
{
	if (place >= builder->key_room) {
		size_t room = 2 * (size_t)place + 64;
		uint32_t *keys =
			reallocarray(builder->key_of, room, sizeof(*keys));

		if (!keys)
			return DUMP_MEMORY;
		for (size_t i = builder->key_room; i < room; i++)
			keys[i] = 0;
		builder->key_of = keys;
		builder->key_room = room;
	}
	if (builder->key_of[place] == 0) {
		if (keys_add(&builder->flame->keys, builder->analysis,
			     builder->is_older, &builder->places.array[place],
			     ret_key) < 0)
			return DUMP_MEMORY;
		builder->key_of[place] = *ret_key + 1;
	}
	*ret_key = builder->key_of[place] - 1;
	return 0;
}

/* The activations of a frame below parent. 0: no memory. */
static uint32_t add_frame(struct builder *builder, uint32_t parent,
			  uint32_t frame)
{
	struct names *names = &builder->analysis->names;
	uint32_t module = builder->analysis->tree.frames[frame].module;
	const struct sym_frame *known;
	const uint32_t *places;
	size_t count, named = names_of(names, frame, &known);

	if (places_of(&builder->places, frame, &places, &count) < 0)
		return 0;
	/* They come innermost first. */
	for (size_t i = count; i-- > 0;) {
		struct flame_node like = {
			.kind = FLAME_FUNCTION,
			.module = module,
			.is_of_older = builder->is_older,
			.line = i < named ? known[i].line : 0,
			.is_inlined = i < named && known[i].is_inlined,
		};

		if (key_of(builder, places[i], &like.key) < 0)
			return 0;
		parent = child_of(builder, parent, &like);
		if (parent == 0)
			return 0;
	}
	return parent;
}

/* Parents come before their children, so one pass is enough. */
static int add_stacks(struct builder *builder)
{
	const struct tree *tree = &builder->analysis->tree;
	const struct dump *dump = tree->dump;

	for (uint32_t i = 1; i < dump->node_count; i++) {
		uint32_t parent, frame = tree->frame_of[i];

		if (!builder->analysis->sites.is_used[i] ||
		    dump->node_kinds[i] == DUMP_NODE_ROOT)
			continue;
		parent = builder->of_node[tree_parent(tree, i)];
		builder->of_node[i] = parent;
		if (dump->node_kinds[i] == DUMP_NODE_CUT)
			builder->of_node[i] = child_of(
				builder, parent,
				&(struct flame_node) { .kind = FLAME_CUT });
		else if (frame != 0 &&
			 !names_is_wrapper(&builder->analysis->names, frame))
			builder->of_node[i] = add_frame(builder, parent, frame);
		else
			continue;
		if (builder->of_node[i] == 0)
			return DUMP_MEMORY;
	}
	return 0;
}

static double variance_of(const struct error *error, enum metric metric)
{
	double deviation = error_of(error, metric);

	return deviation * deviation;
}

static int add_sites(struct builder *builder)
{
	struct analysis *analysis = builder->analysis;

	for (size_t i = 0; i < analysis->sites.count; i++) {
		const struct site *site = &analysis->sites.array[i];
		uint32_t self = names_self(&analysis->names, site->node);
		uint32_t frame = analysis->tree.frame_of[self];
		uint32_t at = builder->of_node[self];

		if (!builder->is_older)
			builder->flame->of_site[i] = FLAME_NOWHERE;
		if (!analysis->filter.keeps[i])
			continue;
		if (frame == 0)
			at = child_of(builder, at,
				      &(struct flame_node) {
					      .kind = FLAME_NO_STACK });
		/* A stack of nothing but wrappers was left out so far. */
		else if (names_is_wrapper(&analysis->names, frame))
			at = add_frame(builder, at, frame);
		if (at == 0)
			return DUMP_MEMORY;
		if (!builder->is_older)
			builder->flame->of_site[i] = at;
		for (int m = 0; m < FLAME_METRICS; m++) {
			struct flame_node *node = &builder->flame->nodes[at];

			(builder->is_older ? node->older_self
					   : node->self)[m] +=
				site->counts.of[flame_metrics[m]];
			if (analysis->sites.errors && !builder->is_older)
				node->self_variance[m] +=
					variance_of(&analysis->sites.errors[i],
						    flame_metrics[m]);
		}
	}
	return 0;
}

static void add_totals(struct flame *flame)
{
	for (size_t i = flame->count; i-- > 0;) {
		struct flame_node *node = &flame->nodes[i];
		struct flame_node *parent = &flame->nodes[node->parent];

		for (int m = 0; m < FLAME_METRICS; m++) {
			node->total[m] += node->self[m];
			node->total_variance[m] += node->self_variance[m];
			node->older_total[m] += node->older_self[m];
			if (i == 0)
				continue;
			parent->total[m] += node->total[m];
			parent->total_variance[m] += node->total_variance[m];
			parent->older_total[m] += node->older_total[m];
		}
	}
}

/* A node and the greatest share that it has of any metric. */
struct ranked {
	double share;
	uint32_t node;
};

static double share_of(const struct flame *flame, size_t i)
{
	double greatest = 0;

	for (int m = 0; m < FLAME_METRICS; m++) {
		double whole = (double)flame->nodes[0].total[m];
		double share = (double)flame->nodes[i].total[m];
		double older_whole = (double)flame->nodes[0].older_total[m];
		double older_share = (double)flame->nodes[i].older_total[m];

		if (whole > 0 && share / whole > greatest)
			greatest = share / whole;
		if (older_whole > 0 && older_share / older_whole > greatest)
			greatest = older_share / older_whole;
	}
	return greatest;
}

/* Parents, which have no less than their children, come before them. */
static int compare_shares(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;

	if (a->share != b->share)
		return a->share > b->share ? -1 : 1;
	return a->node < b->node ? -1 : a->node > b->node;
}

/* Marks the nodes that stay. */
static int choose(struct flame *flame, size_t limit, uint8_t *keeps)
{
	struct ranked *ranked = calloc(flame->count, sizeof(*ranked));
	size_t count = 0;

	if (!ranked)
		return DUMP_MEMORY;
	keeps[0] = 1;
	for (size_t i = 1; i < flame->count; i++) {
		double share = share_of(flame, i);

		if (share > 0)
			ranked[count++] =
				(struct ranked) { .share = share,
						  .node = (uint32_t)i };
	}
	flame->all_count = count + 1;
	if (limit != 0 && count + 1 > limit) {
		qsort(ranked, count, sizeof(*ranked), compare_shares);
		flame->share = ranked[limit - 1].share;
		count = limit - 1;
	}
	for (size_t i = 0; i < count; i++)
		keeps[ranked[i].node] = 1;
	free(ranked);
	return 0;
}

/* Leaves the other nodes out; those that stay move together. */
static int fold(struct flame *flame, size_t limit, size_t sites)
{
	uint32_t *numbers = calloc(flame->count, sizeof(*numbers));
	uint8_t *keeps = calloc(flame->count, 1);
	size_t kept = 0;
	int ret = numbers && keeps ? choose(flame, limit, keeps) : DUMP_MEMORY;

	for (size_t i = 0; i < flame->count && ret == 0; i++) {
		uint32_t parent = numbers[flame->nodes[i].parent];

		if (!keeps[i]) {
			numbers[i] = parent;
			flame->nodes[parent].folded += share_of(flame, i) > 0;
			continue;
		}
		numbers[i] = (uint32_t)kept;
		flame->nodes[kept] = flame->nodes[i];
		flame->nodes[kept++].parent = parent;
	}
	for (size_t i = 0; i < sites && ret == 0; i++) {
		uint32_t at = flame->of_site[i];

		if (at == FLAME_NOWHERE)
			continue;
		flame->is_folded[i] = !keeps[at];
		flame->of_site[i] = numbers[at];
	}
	if (ret == 0)
		flame->count = kept;
	free(numbers);
	free(keeps);
	return ret;
}

static int add_dump(struct builder *builder, struct analysis *analysis,
		    bool is_older)
{
	const size_t nodes = analysis->dump->node_count;
	int ret;

	builder->analysis = analysis;
	builder->is_older = is_older;
	ret = places_init(&builder->places, &analysis->names, PLACES_FUNCTION);
	builder->of_node = region_new(nodes, sizeof(*builder->of_node));
	if (!builder->of_node)
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = add_stacks(builder);
	if (ret == 0)
		ret = add_sites(builder);
	region_free(builder->of_node, nodes, sizeof(*builder->of_node));
	places_done(&builder->places);
	free(builder->key_of);
	builder->key_of = NULL;
	builder->key_room = 0;
	return ret;
}

int flame_init_pair(struct flame *ret_flame, struct analysis *analysis,
		    struct analysis *older, size_t limit)
{
	const size_t sites = analysis->sites.count;
	struct flame flame = { .count = 1,
			       .is_estimate = analysis->sites.errors != NULL };
	struct builder builder = { .flame = &flame, .room = 64 };
	int ret = 0;

	flame.nodes = calloc(builder.room, sizeof(*flame.nodes));
	flame.of_site = calloc(sites + 1, sizeof(*flame.of_site));
	flame.is_folded = calloc(sites + 1, 1);
	if (!flame.nodes || !flame.of_site || !flame.is_folded)
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = add_dump(&builder, analysis, false);
	if (ret == 0 && older)
		ret = add_dump(&builder, older, true);
	if (ret == 0) {
		add_totals(&flame);
		ret = fold(&flame, limit, sites);
	}
	intmap_clear(&builder.known);
	if (ret == 0)
		*ret_flame = flame;
	else
		flame_done(&flame);
	return ret;
}

static bool has_self(const struct flame_node *node)
{
	for (int m = 0; m < FLAME_METRICS; m++)
		if (node->self[m] != 0)
			return true;
	return false;
}

/* A path from each node that has something itself up to the root becomes one
 * down from it, and what it has is that of the path's end. */
static int invert(struct builder *builder, const struct flame *from)
{
	for (size_t i = 1; i < from->count; i++) {
		const struct flame_node *node = &from->nodes[i];
		struct flame_node *end;
		uint32_t at = 0;

		if (!has_self(node))
			continue;
		for (size_t up = i; up != 0; up = from->nodes[up].parent) {
			const struct flame_node like = {
				.key = from->nodes[up].key,
				.module = from->nodes[up].module,
				.line = from->nodes[up].line,
				.kind = from->nodes[up].kind,
				.is_inlined = from->nodes[up].is_inlined,
			};

			at = child_of(builder, at, &like);
			if (at == 0)
				return DUMP_MEMORY;
		}
		end = &builder->flame->nodes[at];
		for (int m = 0; m < FLAME_METRICS; m++) {
			end->self[m] += node->self[m];
			end->self_variance[m] += node->self_variance[m];
		}
	}
	return 0;
}

int flame_init_inverted(struct flame *ret_flame, struct analysis *analysis,
			size_t limit)
{
	struct flame from, flame = { .count = 1 };
	struct builder builder = { .flame = &flame, .room = 64 };
	int ret = flame_init(&from, analysis, 0);

	if (ret < 0)
		return ret;
	flame.is_estimate = from.is_estimate;
	flame.nodes = calloc(builder.room, sizeof(*flame.nodes));
	if (!flame.nodes)
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = invert(&builder, &from);
	if (ret == 0) {
		flame.keys = from.keys;
		from.keys = (struct keys) { 0 };
		add_totals(&flame);
		ret = fold(&flame, limit, 0);
	}
	intmap_clear(&builder.known);
	flame_done(&from);
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
	keys_done(&flame->keys);
	free(flame->nodes);
	free(flame->of_site);
	free(flame->is_folded);
	*flame = (struct flame) { 0 };
}
