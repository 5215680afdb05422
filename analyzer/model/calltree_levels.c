/* SPDX-License-Identifier: MIT */
/*
 * The call tree, level by level. Each stack is on its way to its other end;
 * with every level it takes one step, to the child that its next place is.
 * What turned out to be small ends there, so that time and memory go with what
 * is worth showing, not with what there is.
 */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/calltree_build.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

/* A stack, or from the top down all that begin alike, on the way. */
struct way {
	struct calltree_source *source;
	uint32_t node;	 /* of the tree: where it is */
	uint32_t at;	 /* node of the dump whose places it passes; 0: none */
	uint32_t passed; /* of these */
	uint32_t site;	 /* upwards: whose stack it is */
	int64_t value;
};

struct ways {
	struct way *array;
	size_t count, room;
};

static int add_way(struct ways *ways, const struct way *way)
{
	if (ways->count == ways->room) {
		size_t room = ways->room ? 2 * ways->room : 1024;
		struct way *array =
			reallocarray(ways->array, room, sizeof(*array));

		if (!array)
			return DUMP_MEMORY;
		ways->array = array;
		ways->room = room;
	}
	ways->array[ways->count++] = *way;
	return 0;
}

/*
 * The next place of the node of the dump that a way is at: 1 with its key, 0
 * when all were passed, or DUMP_MEMORY.
 */
static int next_key(struct calltree_build *build, struct way *way,
		    uint32_t *ret_key)
{
	struct calltree_source *source = way->source;
	struct analysis *analysis = source->analysis;
	uint32_t frame = analysis->tree.frame_of[way->at];
	const uint32_t *numbers;
	size_t count, i = way->passed;

	if (way->at == 0 ||
	    analysis->dump->node_kinds[way->at] == DUMP_NODE_CUT) {
		*ret_key = way->at == 0 ? CALLTREE_NO_STACK : CALLTREE_CUT;
		return way->passed++ == 0;
	}
	if (frame == 0 || names_is_wrapper(&analysis->names, frame))
		return 0;
	if (places_of(&source->places, frame, &numbers, &count) < 0)
		return DUMP_MEMORY;
	if (i == count)
		return 0;
	way->passed++;
	if (!build->options->is_inverted)
		i = count - 1 - i;
	return keys_of_place(&source->key_of, &source->places, numbers[i],
			     ret_key) < 0
		       ? DUMP_MEMORY
		       : 1;
}

/* To the child for the key. order: see struct calltree_raw. */
static int step(struct calltree_build *build, struct way *way, uint32_t key,
		uint64_t order)
{
	size_t count = build->count;
	struct calltree_raw *node;
	int ret = calltree_descend(build, key, &way->node);

	if (ret < 0)
		return ret;
	node = &build->nodes[way->node];
	calltree_add(&node->value, way->value);
	if (build->count > count || order < node->order)
		node->order = order;
	return 1;
}

static bool is_worth_it(const struct calltree_build *build, uint32_t number)
{
	const struct calltree_raw *node = &build->nodes[number];
	size_t depth = build->options->depth;

	return calltree_is_large(build, node) &&
	       (depth == 0 || node->depth <= depth);
}

/* ---- inverted: from what allocates to the root of its stack ---- */

static int begin_up(struct calltree_build *build, struct ways *ways,
		    struct calltree_source *source)
{
	const struct analysis *analysis = source->analysis;
	enum metric metric = build->options->metric;
	int ret = 0;

	for (size_t i = 0; i < analysis->sites.count && ret == 0; i++) {
		const struct site *site = &analysis->sites.array[i];
		const struct way way = { .source = source,
					 .at = site->node,
					 .site = (uint32_t)i,
					 .value = site->counts.of[metric] };

		if (!analysis->filter.keeps[i])
			continue;
		calltree_add(&build->nodes[0].value, way.value);
		ret = add_way(ways, &way);
	}
	return ret;
}

/* 1, or 0 when there is nowhere to go, or a negative code. */
static int step_up(struct calltree_build *build, struct way *way)
{
	const struct analysis *analysis = way->source->analysis;
	uint32_t key;

	while (analysis->dump->node_kinds[way->at] != DUMP_NODE_ROOT) {
		int ret = next_key(build, way, &key);

		if (ret < 0)
			return ret;
		if (ret > 0)
			return step(build, way, key, build->count);
		if (way->at == 0)
			break;
		way->at = tree_parent(&analysis->tree, way->at);
		way->passed = 0;
	}
	return 0;
}

/* All that still can take a step; the others end where they are. */
static int level_up(struct calltree_build *build, struct ways *ways)
{
	size_t left = 0;

	for (size_t i = 0; i < ways->count; i++) {
		struct way *way = &ways->array[i];
		int ret = step_up(build, way);

		if (ret < 0)
			return ret;
		way->source->of_site[way->site] = way->node;
		if (ret > 0)
			ways->array[left++] = *way;
	}
	ways->count = 0;
	for (size_t i = 0; i < left; i++)
		if (is_worth_it(build, ways->array[i].node))
			ways->array[ways->count++] = ways->array[i];
	return 0;
}

int calltree_build_up(struct calltree_build *build)
{
	struct ways ways = { 0 };
	int ret = 0;

	for (size_t t = 0; t < build->source_count && ret == 0; t++)
		ret = begin_up(build, &ways, &build->sources[t]);
	while (ret == 0 && ways.count > 0) {
		ret = level_up(build, &ways);
		/* Each level has parents of its own. */
		intmap_clear(&build->children);
	}
	free(ways.array);
	return ret;
}

/* ---- from the top down ---- */

/* The nodes of a dump, from their parents' side. */
struct links {
	uint32_t *first; /* child; of 0: roots */
	uint32_t *next;	 /* child of the same parent */
	int64_t *sums;	 /* of the sites at and below a node */
	size_t count;
	bool has_no_stack; /* a site that is at 0 */
};

static void links_done(struct links *links)
{
	region_free(links->first, links->count, sizeof(*links->first));
	region_free(links->next, links->count, sizeof(*links->next));
	region_free(links->sums, links->count, sizeof(*links->sums));
}

static int links_init(struct links *links, struct calltree_build *build,
		      const struct analysis *analysis)
{
	const struct sites *sites = &analysis->sites;

	links->count = analysis->dump->node_count;
	links->first = region_new(links->count, sizeof(*links->first));
	links->next = region_new(links->count, sizeof(*links->next));
	links->sums = region_new(links->count, sizeof(*links->sums));
	if (!links->first || !links->next || !links->sums)
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites->count; i++) {
		const struct site *site = &sites->array[i];
		int64_t value = site->counts.of[build->options->metric];

		if (!analysis->filter.keeps[i])
			continue;
		links->has_no_stack |= site->node == 0;
		calltree_add(&links->sums[site->node], value);
		calltree_add(&build->nodes[0].value, value);
	}
	/* From behind: children come first, and lists are in order. */
	for (uint32_t i = (uint32_t)links->count; i-- > 1;) {
		uint32_t parent = 0;

		if (!sites->is_used[i])
			continue;
		if (analysis->dump->node_kinds[i] != DUMP_NODE_ROOT)
			parent = tree_parent(&analysis->tree, i);
		links->next[i] = links->first[parent];
		links->first[parent] = i;
		if (parent != 0)
			calltree_add(&links->sums[parent], links->sums[i]);
	}
	return 0;
}

/* Those that begin where one ended. */
static int go_on(struct ways *ways, const struct links *links,
		 const struct way *from)
{
	int ret = 0;

	for (uint32_t i = links->first[from->at]; i != 0 && ret == 0;
	     i = links->next[i])
		ret = add_way(ways, &(struct way) {
					    .source = from->source,
					    .node = from->node,
					    .at = i,
					    .value = links->sums[i],
				    });
	return ret;
}

/* Of nodes that are equal, that of the first stack of the first dump is the
 * first; what has no stack is the last. */
static uint64_t order_of(const struct way *way)
{
	return (uint64_t)way->source->dump << 32 |
	       (way->at ? way->at : UINT32_MAX);
}

/* All steps that way leads to go to next; open is empty, before and after. */
static int step_down(struct calltree_build *build, const struct links *links,
		     const struct way *way, struct ways *open,
		     struct ways *next)
{
	int ret = add_way(open, way);

	while (open->count > 0 && ret >= 0) {
		struct way one = open->array[--open->count];
		uint32_t key;

		ret = next_key(build, &one, &key);
		if (ret > 0)
			ret = step(build, &one, key, order_of(&one));
		if (ret < 0)
			break;
		one.source->of_node[one.at] = one.node;
		if (ret > 0)
			ret = add_way(next, &one);
		else if (one.at != 0)
			ret = go_on(open, links, &one);
	}
	return ret;
}

static int level_down(struct calltree_build *build, const struct links *links,
		      struct ways *ways, struct ways *open, struct ways *next)
{
	struct ways old = *ways;
	size_t left = 0;
	int ret = 0;

	next->count = 0;
	for (size_t i = 0; i < ways->count && ret >= 0; i++)
		ret = step_down(build,
				&links[ways->array[i].source - build->sources],
				&ways->array[i], open, next);
	for (size_t i = 0; i < next->count; i++)
		if (is_worth_it(build, next->array[i].node))
			next->array[left++] = next->array[i];
	next->count = left;
	*ways = *next;
	*next = old;
	return ret < 0 ? ret : 0;
}

/* Where stacks ended is where what is below them ends too. */
static void end_sites(struct calltree_source *source)
{
	const struct analysis *analysis = source->analysis;
	uint32_t *of_node = source->of_node;

	for (uint32_t i = 1; i < analysis->dump->node_count; i++) {
		uint32_t parent;

		if (of_node[i] != 0 || !analysis->sites.is_used[i] ||
		    analysis->dump->node_kinds[i] == DUMP_NODE_ROOT)
			continue;
		parent = tree_parent(&analysis->tree, i);
		of_node[i] = parent ? of_node[parent] : 0;
	}
	for (size_t i = 0; i < analysis->sites.count; i++)
		source->of_site[i] = of_node[analysis->sites.array[i].node];
}

static int build_down(struct calltree_build *build, struct links *links)
{
	struct ways ways = { 0 }, open = { 0 }, next = { 0 };
	int ret = 0;

	for (size_t t = 0; t < build->source_count && ret == 0; t++) {
		struct way way = { .source = &build->sources[t] };

		ret = links_init(&links[t], build, way.source->analysis);
		if (ret == 0)
			ret = go_on(&ways, &links[t], &way);
		if (ret == 0 && links[t].has_no_stack) {
			way.value = links[t].sums[0];
			ret = add_way(&ways, &way);
		}
	}
	while (ret == 0 && ways.count > 0) {
		ret = level_down(build, links, &ways, &open, &next);
		intmap_clear(&build->children);
	}
	for (size_t t = 0; t < build->source_count && ret == 0; t++)
		end_sites(&build->sources[t]);
	free(ways.array);
	free(open.array);
	free(next.array);
	return ret;
}

int calltree_build_down(struct calltree_build *build)
{
	struct links *links = calloc(build->source_count, sizeof(*links));
	int ret = links ? build_down(build, links) : DUMP_MEMORY;

	for (size_t t = 0; t < build->source_count && links; t++)
		links_done(&links[t]);
	free(links);
	return ret;
}
