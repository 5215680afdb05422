/* SPDX-License-Identifier: MIT */
/* A walk over the stacks of the sites. */
#include "config.h"

#include "analyzer/model/walk.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

/* A node that was entered and not left yet. */
struct entered {
	uint32_t frame;
	uint32_t end; /* the step before which it is left */
};

struct path {
	struct entered *nodes;
	size_t count, room;
};

static int push(struct path *path, uint32_t frame, uint32_t end)
{
	if (path->count == path->room) {
		size_t room = path->room ? 2 * path->room : 256;
		struct entered *nodes =
			reallocarray(path->nodes, room, sizeof(*nodes));

		if (!nodes)
			return DUMP_MEMORY;
		path->nodes = nodes;
		path->room = room;
	}
	path->nodes[path->count++] = (struct entered) { frame, end };
	return 0;
}

/* Of a node that is on the stack of a site; 0: it is a root. */
static uint32_t parent_of(const struct analysis *analysis, uint32_t node)
{
	if (analysis->dump->node_kinds[node] == DUMP_NODE_ROOT)
		return 0;
	return tree_parent(&analysis->tree, node);
}

/* Nodes of the subtrees; of 0 all that are on the stack of a site. Children
 * have greater numbers than their parents. */
static void add_sizes(const struct analysis *analysis, uint32_t *sizes)
{
	for (uint32_t i = (uint32_t)analysis->dump->node_count; i-- > 1;)
		if (analysis->sites.is_used[i])
			sizes[parent_of(analysis, i)] += ++sizes[i];
}

/* The steps of a subtree are side by side, those of what has the greatest
 * number first. ends: of the steps of a node that have no child yet. */
static void put_steps(struct analysis *analysis, struct walk_step *steps,
		      const uint32_t *sizes, uint32_t *ends)
{
	ends[0] = sizes[0];
	for (uint32_t i = 1; i < analysis->dump->node_count; i++) {
		uint32_t parent, frame = analysis->tree.frame_of[i];

		if (!analysis->sites.is_used[i])
			continue;
		parent = parent_of(analysis, i);
		ends[i] = ends[parent];
		ends[parent] -= sizes[i];
		if (frame != 0 && names_is_wrapper(&analysis->names, frame))
			frame = 0;
		steps[ends[parent]] = (struct walk_step) {
			.frame = frame,
			.site = analysis->sites.of_node[i],
			.size = sizes[i],
		};
	}
}

/* Walks go where memory is read in order; the first one makes that so. */
static int make_steps(struct analysis *analysis)
{
	size_t count = analysis->dump->node_count;
	uint32_t *sizes = region_new(count, sizeof(*sizes));
	uint32_t *ends = region_new(count, sizeof(*ends));
	int ret = DUMP_MEMORY;

	if (sizes && ends) {
		add_sizes(analysis, sizes);
		analysis->step_count = sizes[0];
		analysis->steps =
			region_new(sizes[0], sizeof(*analysis->steps));
	}
	if (analysis->steps) {
		put_steps(analysis, analysis->steps, sizes, ends);
		ret = 0;
	}
	region_free(sizes, count, sizeof(*sizes));
	region_free(ends, count, sizeof(*ends));
	return ret;
}

static void leave_until(struct path *path, const struct walk_visitor *visitor,
			uint32_t step)
{
	while (path->count > 0 && path->nodes[path->count - 1].end <= step)
		visitor->leave(visitor->context,
			       path->nodes[--path->count].frame);
}

static int visit(const struct analysis *analysis, struct path *path,
		 const struct walk_visitor *visitor)
{
	const uint32_t count = (uint32_t)analysis->step_count;
	const uint8_t *keeps = analysis->filter.keeps;

	for (uint32_t i = 0; i < count; i++) {
		const struct walk_step *step = &analysis->steps[i];
		uint32_t site = WALK_NO_SITE;
		int ret;

		leave_until(path, visitor, i);
		if (step->site != 0 && keeps[step->site - 1])
			site = step->site - 1;
		ret = visitor->enter(visitor->context, step->frame, site);
		if (ret == 0)
			ret = push(path, step->frame, i + step->size);
		if (ret < 0)
			return ret;
	}
	leave_until(path, visitor, count);
	return 0;
}

int walk_stacks(struct analysis *analysis, const struct walk_visitor *visitor)
{
	struct path path = { 0 };
	int ret = analysis->steps ? 0 : make_steps(analysis);

	if (ret == 0)
		ret = visit(analysis, &path, visitor);
	free(path.nodes);
	return ret;
}

void walk_done(struct analysis *analysis)
{
	region_free(analysis->steps, analysis->step_count,
		    sizeof(*analysis->steps));
	analysis->steps = NULL;
}
