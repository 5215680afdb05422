/* SPDX-License-Identifier: MIT */
/* What both ways to build a call tree need. */
#include "config.h"

#include "analyzer/model/calltree_build.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

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
		.order = build->count,
	};
	*ret_node = (uint32_t)build->count++;
	return 0;
}

int calltree_descend(struct calltree_build *build, uint32_t key, uint32_t *node)
{
	uint32_t *child;
	int ret = 0;

	child = intmap_at(&build->children, (uint64_t)*node << 32 | key, 0);
	if (!child)
		return DUMP_MEMORY;
	if (*child == 0)
		ret = add_node(build, *node, key, child);
	*node = *child;
	return ret;
}

static int open_source(struct calltree_source *source,
		       struct analysis *analysis, uint32_t dump,
		       enum places_by by, struct keys *keys)
{
	source->analysis = analysis;
	source->dump = dump;
	source->key_of = (struct keys_of_places) { .keys = keys,
						   .analysis = analysis,
						   .dump = dump };
	if (places_init(&source->places, &analysis->names, by) < 0)
		return DUMP_MEMORY;
	source->of_node = region_new(analysis->dump->node_count,
				     sizeof(*source->of_node));
	source->of_site =
		calloc(analysis->sites.count + 1, sizeof(*source->of_site));
	return source->of_node && source->of_site ? 0 : DUMP_MEMORY;
}

int calltree_build_init(struct calltree_build *build, const struct set *set,
			const struct calltree_options *options,
			struct keys *keys)
{
	uint32_t root;
	int ret;

	*build = (struct calltree_build) { .options = options, .keys = keys };
	build->sources = calloc(set->count, sizeof(*build->sources));
	if (!build->sources)
		return DUMP_MEMORY;
	build->source_count = set->count;
	ret = add_node(build, 0, CALLTREE_ALL, &root);
	for (uint32_t t = 0; t < set->count && ret == 0; t++)
		ret = open_source(&build->sources[t], &set->array[t], t,
				  options->by, keys);
	if (ret < 0)
		return ret;
	if (options->folds_recursion)
		ret = calltree_build_whole(build);
	else if (options->is_inverted)
		ret = calltree_build_up(build);
	else
		ret = calltree_build_down(build);
	intmap_clear(&build->children);
	return ret;
}

void calltree_build_done(struct calltree_build *build)
{
	for (size_t t = 0; t < build->source_count; t++) {
		struct calltree_source *source = &build->sources[t];

		if (!source->analysis)
			continue;
		places_done(&source->places);
		region_free(source->of_node, source->analysis->dump->node_count,
			    sizeof(*source->of_node));
		free(source->of_site);
		keys_of_places_done(&source->key_of);
	}
	free(build->sources);
	free(build->nodes);
	intmap_clear(&build->children);
}
