/* SPDX-License-Identifier: MIT */
/* The whole call tree with one number per node. */
#include "config.h"

#include "analyzer/model/calltree_build.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

/* One dump of the set. */
struct source {
	struct analysis *analysis;
	uint32_t dump;
	struct places places;
	uint32_t *key_of; /* per place: number + 1 */
	size_t key_room;
};

static int add_node(struct calltree_build *build, uint32_t parent, uint32_t key,
		    uint32_t *ret_node)
{
	if (build->count == CALLTREE_MAX_NODES)
		return CALLTREE_TOO_LARGE;
	if (build->count == build->room) {
		size_t room = build->room ? 2 * build->room : 1024;
		struct calltree_raw *nodes =
			reallocarray(build->nodes, room, sizeof(*nodes));

		if (!nodes)
			return DUMP_MEMORY;
		build->nodes = nodes;
		build->room = room;
	}
	build->nodes[build->count] = (struct calltree_raw) {
		.parent = parent,
		.key = key,
		.depth = build->count ? build->nodes[parent].depth + 1 : 0,
	};
	*ret_node = (uint32_t)build->count++;
	return 0;
}

/* Where a place on the way to the root is the same, that. */
static bool find_above(const struct calltree_build *build, uint32_t key,
		       uint32_t *node)
{
	for (uint32_t at = *node; at != 0; at = build->nodes[at].parent) {
		if (build->nodes[at].key != key)
			continue;
		*node = at;
		return true;
	}
	return false;
}

static int descend(struct calltree_build *build, uint32_t key, uint32_t *node)
{
	uint32_t *child;
	int ret = 0;

	if (build->options->folds_recursion && find_above(build, key, node))
		return 0;
	child = intmap_at(&build->children, (uint64_t)*node << 32 | key, 0);
	if (!child)
		return DUMP_MEMORY;
	if (*child == 0)
		ret = add_node(build, *node, key, child);
	*node = *child;
	return ret;
}

static int key_of(struct calltree_build *build, struct source *source,
		  uint32_t place, uint32_t *ret_key)
{
	if (place >= source->key_room) {
		size_t room = 2 * (size_t)place + 64;
		uint32_t *keys =
			reallocarray(source->key_of, room, sizeof(*keys));

		if (!keys)
			return DUMP_MEMORY;
		for (size_t i = source->key_room; i < room; i++)
			keys[i] = 0;
		source->key_of = keys;
		source->key_room = room;
	}
	if (source->key_of[place] == 0) {
		if (keys_add(build->keys, source->analysis, source->dump,
			     &source->places.array[place], ret_key) < 0)
			return DUMP_MEMORY;
		source->key_of[place] = *ret_key + 1;
	}
	*ret_key = source->key_of[place] - 1;
	return 0;
}

/* All activations of a frame, towards the innermost or away from it. */
static int descend_frame(struct calltree_build *build, struct source *source,
			 uint32_t frame, uint32_t *node)
{
	const uint32_t *numbers;
	size_t count;
	int ret = 0;

	if (places_of(&source->places, frame, &numbers, &count) < 0)
		return DUMP_MEMORY;
	for (size_t i = 0; i < count && ret == 0; i++) {
		size_t at = build->options->is_inverted ? i : count - 1 - i;
		uint32_t key;

		ret = key_of(build, source, numbers[at], &key);
		if (ret == 0)
			ret = descend(build, key, node);
	}
	return ret;
}

/* Parents first: the node of a stack is below that of its caller's stack. */
static int build_down(struct calltree_build *build, struct source *source,
		      uint32_t *of_node)
{
	const struct analysis *analysis = source->analysis;
	const struct tree *tree = &analysis->tree;
	int ret = 0;

	for (uint32_t i = 1; i < analysis->dump->node_count && ret == 0; i++) {
		enum dump_node_kind kind = analysis->dump->node_kinds[i];
		uint32_t frame = tree->frame_of[i];

		if (!analysis->sites.is_used[i] || kind == DUMP_NODE_ROOT)
			continue;
		of_node[i] = of_node[tree_parent(tree, i)];
		if (kind == DUMP_NODE_CUT)
			ret = descend(build, CALLTREE_CUT, &of_node[i]);
		else if (frame != 0 &&
			 !names_is_wrapper(&source->analysis->names, frame))
			ret = descend_frame(build, source, frame, &of_node[i]);
	}
	return ret;
}

/* One stack from its inner end, not deeper than is asked for. */
static int build_up(struct calltree_build *build, struct source *source,
		    uint32_t at, uint32_t *ret_node)
{
	const struct tree *tree = &source->analysis->tree;
	const struct dump *dump = source->analysis->dump;
	size_t depth = build->options->depth;
	uint32_t node = 0;
	int ret = 0;

	for (; at != 0 && dump->node_kinds[at] != DUMP_NODE_ROOT && ret == 0;
	     at = tree_parent(tree, at)) {
		uint32_t frame = tree->frame_of[at];

		if (depth && build->nodes[node].depth > depth)
			break;
		if (dump->node_kinds[at] == DUMP_NODE_CUT)
			ret = descend(build, CALLTREE_CUT, &node);
		else if (frame != 0 &&
			 !names_is_wrapper(&source->analysis->names, frame))
			ret = descend_frame(build, source, frame, &node);
	}
	*ret_node = node;
	return ret;
}

static int add_sites(struct calltree_build *build, struct source *source,
		     const uint32_t *of_node, uint32_t *of_site)
{
	const struct analysis *analysis = source->analysis;
	int ret = 0;

	for (size_t i = 0; i < analysis->sites.count && ret == 0; i++) {
		const struct site *site = &analysis->sites.array[i];
		enum metric metric = build->options->metric;

		if (!analysis->filter.keeps[i])
			continue;
		of_site[i] = 0;
		if (site->node == 0)
			ret = descend(build, CALLTREE_NO_STACK, &of_site[i]);
		else if (!build->options->is_inverted)
			of_site[i] = of_node[site->node];
		else
			ret = build_up(build, source, site->node, &of_site[i]);
		if (ret == 0)
			calltree_add(&build->nodes[of_site[i]].value,
				     site->counts.of[metric]);
	}
	return ret;
}

static int add_dump(struct calltree_build *build, struct analysis *analysis,
		    uint32_t dump)
{
	struct source source = { .analysis = analysis, .dump = dump };
	size_t nodes = analysis->dump->node_count;
	uint32_t *of_node = region_new(nodes, sizeof(*of_node));
	int ret = places_init(&source.places, &analysis->names,
			      build->options->by);

	build->of_site[dump] = calloc(analysis->sites.count + 1,
				      sizeof(*build->of_site[dump]));
	if (!of_node || !build->of_site[dump])
		ret = DUMP_MEMORY;
	if (ret == 0 && !build->options->is_inverted)
		ret = build_down(build, &source, of_node);
	if (ret == 0)
		ret = add_sites(build, &source, of_node, build->of_site[dump]);
	region_free(of_node, nodes, sizeof(*of_node));
	places_done(&source.places);
	free(source.key_of);
	return ret;
}

int calltree_build_init(struct calltree_build *build, const struct set *set,
			const struct calltree_options *options,
			struct keys *keys)
{
	uint32_t root;
	int ret;

	*build = (struct calltree_build) {
		.options = options,
		.keys = keys,
		.dumps = set->count,
	};
	build->of_site = calloc(set->count, sizeof(*build->of_site));
	ret = build->of_site ? add_node(build, 0, CALLTREE_ALL, &root)
			     : DUMP_MEMORY;
	for (uint32_t t = 0; t < set->count && ret == 0; t++)
		ret = add_dump(build, &set->array[t], t);
	intmap_clear(&build->children);
	return ret;
}

void calltree_build_done(struct calltree_build *build)
{
	for (size_t t = 0; t < build->dumps && build->of_site; t++)
		free(build->of_site[t]);
	free(build->of_site);
	free(build->nodes);
	intmap_clear(&build->children);
}
