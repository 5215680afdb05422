/* SPDX-License-Identifier: MIT */
/* The whole call tree at once, recursion folded. */
#include "config.h"

#include "analyzer/model/analysis.h"
#include "analyzer/model/calltree_build.h"
#include "analyzer/model/dump.h"

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
	return find_above(build, key, node)
		       ? 0
		       : calltree_descend(build, key, node);
}

/* All activations of a frame, towards the innermost or away from it. */
static int descend_frame(struct calltree_build *build,
			 struct calltree_source *source, uint32_t frame,
			 uint32_t *node)
{
	const uint32_t *numbers;
	size_t count;
	int ret = 0;

	if (places_of(&source->places, frame, &numbers, &count) < 0)
		return DUMP_MEMORY;
	for (size_t i = 0; i < count && ret == 0; i++) {
		size_t at = build->options->is_inverted ? i : count - 1 - i;
		uint32_t key;

		ret = keys_of_place(&source->key_of, &source->places,
				    numbers[at], &key);
		if (ret == 0)
			ret = descend(build, key, node);
	}
	return ret;
}

/* Parents first: the node of a stack is below that of its caller's stack. */
static int build_down(struct calltree_build *build,
		      struct calltree_source *source)
{
	const struct analysis *analysis = source->analysis;
	uint32_t *of_node = source->of_node;
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
static int build_up(struct calltree_build *build,
		    struct calltree_source *source, uint32_t at,
		    uint32_t *ret_node)
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

static int add_sites(struct calltree_build *build,
		     struct calltree_source *source)
{
	const struct analysis *analysis = source->analysis;
	uint32_t *of_site = source->of_site;
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
			of_site[i] = source->of_node[site->node];
		else
			ret = build_up(build, source, site->node, &of_site[i]);
		if (ret == 0)
			calltree_add(&build->nodes[of_site[i]].value,
				     site->counts.of[metric]);
	}
	return ret;
}

int calltree_build_whole(struct calltree_build *build)
{
	int ret = 0;

	for (size_t t = 0; t < build->source_count && ret == 0; t++) {
		if (!build->options->is_inverted)
			ret = build_down(build, &build->sources[t]);
		if (ret == 0)
			ret = add_sites(build, &build->sources[t]);
	}
	for (size_t i = build->count; i-- > 1;)
		calltree_add(&build->nodes[build->nodes[i].parent].value,
			     build->nodes[i].value);
	return ret;
}
