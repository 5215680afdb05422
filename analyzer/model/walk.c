/* SPDX-License-Identifier: MIT */
/* A walk over the stacks of the sites. */
#include "config.h"

#include "analyzer/model/walk.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

/* All that is needed of a node in one place: nodes are met in no order that
 * the processor's caches could follow. */
struct walk_node {
	uint32_t child, sibling; /* 0: none. Roots are children of node 0 */
	uint32_t frame;		 /* of the program; 0: none */
	uint32_t site;		 /* number + 1 when it is looked at */
};

struct path {
	uint32_t *nodes;
	size_t count, room;
};

static int push(struct path *path, uint32_t node)
{
	if (path->count == path->room) {
		size_t room = path->room ? 2 * path->room : 256;
		uint32_t *nodes =
			reallocarray(path->nodes, room, sizeof(*nodes));

		if (!nodes)
			return DUMP_MEMORY;
		path->nodes = nodes;
		path->room = room;
	}
	path->nodes[path->count++] = node;
	return 0;
}

/* Links each node that is on the stack of a site to its parent. */
static void link_nodes(struct walk_node *nodes, struct analysis *analysis)
{
	const struct tree *tree = &analysis->tree;
	const struct dump *dump = tree->dump;

	for (uint32_t i = 1; i < dump->node_count; i++) {
		uint32_t parent = 0, frame = tree->frame_of[i];
		uint32_t site = analysis->sites.of_node[i];

		if (!analysis->sites.is_used[i])
			continue;
		if (dump->node_kinds[i] != DUMP_NODE_ROOT)
			parent = tree_parent(tree, i);
		if (frame != 0 && !names_is_wrapper(&analysis->names, frame))
			nodes[i].frame = frame;
		if (site != 0 && analysis->filter.keeps[site - 1])
			nodes[i].site = site;
		nodes[i].sibling = nodes[parent].child;
		nodes[parent].child = i;
	}
}

static int visit(const struct walk_node *nodes, struct path *path,
		 const struct walk_visitor *visitor)
{
	uint32_t node = nodes[0].child;
	int ret = 0;

	while (node != 0) {
		ret = visitor->enter(visitor->context, nodes[node].frame,
				     nodes[node].site - 1);
		if (ret == 0)
			ret = push(path, node);
		if (ret < 0)
			return ret;
		node = nodes[node].child;
		/* Up to where there is a sibling. */
		while (node == 0 && path->count > 0) {
			uint32_t last = path->nodes[--path->count];

			visitor->leave(visitor->context, nodes[last].frame);
			node = nodes[last].sibling;
		}
	}
	return 0;
}

int walk_stacks(struct analysis *analysis, const struct walk_visitor *visitor)
{
	size_t count = analysis->dump->node_count + 1;
	struct walk_node *nodes = region_new(count, sizeof(*nodes));
	struct path path = { 0 };
	int ret = DUMP_MEMORY;

	if (nodes) {
		link_nodes(nodes, analysis);
		ret = visit(nodes, &path, visitor);
	}
	region_free(nodes, count, sizeof(*nodes));
	free(path.nodes);
	return ret;
}
