/* SPDX-License-Identifier: MIT */
/* The whole call tree, before it is folded. */
#include "config.h"

#include "analyzer/model/flame_build.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/region.h"

#define TABLE_FIRST 1024u
#define NODES_FIRST 1024u

/* Of one dump. */
struct source {
	struct flame_build *build;
	struct analysis *analysis;
	uint32_t dump;
	struct places places;
	struct keys_of_places key_of;
	uint32_t *of_node; /* per node of the tree: number of ours */
};

static size_t hash(const struct flame_raw *node)
{
	uint64_t key = (uint64_t)node->parent << 32 | node->key;

	return (size_t)intmap_hash(
		key + ((uint64_t)node->kind << 1 | (uint64_t)node->is_inlined) *
			      UINT64_C(0x632be59bd9b4e019));
}

static uint32_t *find(const struct flame_build *build,
		      const struct flame_raw *node)
{
	size_t mask = build->table_room - 1, at = hash(node) & mask;

	for (;; at = (at + 1) & mask) {
		const struct flame_raw *known = &build->nodes[build->table[at]];

		if (build->table[at] == 0 ||
		    (known->parent == node->parent && known->key == node->key &&
		     known->kind == node->kind &&
		     known->is_inlined == node->is_inlined))
			return &build->table[at];
	}
}

static int grow_table(struct flame_build *build)
{
	region_free(build->table, build->table_room, sizeof(*build->table));
	build->table_room =
		build->table_room ? 2 * build->table_room : TABLE_FIRST;
	build->table = region_new(build->table_room, sizeof(*build->table));
	if (!build->table)
		return DUMP_MEMORY;
	for (size_t i = 1; i < build->count; i++)
		*find(build, &build->nodes[i]) = (uint32_t)i;
	return 0;
}

/* The child of parent that is so; made where there is none. 0: no memory. */
static uint32_t child_of(struct flame_build *build, uint32_t parent,
			 struct flame_raw *like)
{
	uint32_t *known;

	like->parent = parent;
	/* Half full at most: runs stay short. */
	if (2 * build->count > build->table_room && grow_table(build) < 0)
		return 0;
	known = find(build, like);
	if (*known != 0) {
		if (build->nodes[*known].line != like->line)
			build->nodes[*known].line = 0;
		return *known;
	}
	if (build->count == build->room) {
		size_t room = build->room + build->room / 2;
		struct flame_raw *nodes =
			reallocarray(build->nodes, room, sizeof(*nodes));

		if (!nodes || room > UINT32_MAX)
			return 0;
		build->nodes = nodes;
		build->room = room;
	}
	*known = (uint32_t)build->count;
	build->nodes[build->count] = *like;
	return (uint32_t)build->count++;
}

/* The activations of a frame below parent. 0: no memory. */
static uint32_t add_frame(struct source *source, uint32_t parent,
			  uint32_t frame)
{
	struct names *names = &source->analysis->names;
	uint32_t module = source->analysis->tree.frames[frame].module;
	const struct sym_frame *known;
	const uint32_t *places;
	size_t count, named = names_of(names, frame, &known);

	if (places_of(&source->places, frame, &places, &count) < 0)
		return 0;
	/* They come innermost first. */
	for (size_t i = count; i-- > 0;) {
		struct flame_raw like = {
			.kind = FLAME_FUNCTION,
			.module = module,
			.is_of_older = source->dump != 0,
			.line = i < named ? known[i].line : 0,
			.is_inlined = i < named && known[i].is_inlined,
		};

		if (keys_of_place(&source->key_of, &source->places, places[i],
				  &like.key) < 0)
			return 0;
		parent = child_of(source->build, parent, &like);
		if (parent == 0)
			return 0;
	}
	return parent;
}

/* Parents come before their children, so one pass is enough. */
static int add_stacks(struct source *source)
{
	const struct tree *tree = &source->analysis->tree;
	const struct dump *dump = tree->dump;

	for (uint32_t i = 1; i < dump->node_count; i++) {
		struct flame_raw cut = { .kind = FLAME_CUT };
		uint32_t parent, frame = tree->frame_of[i];

		if (!source->analysis->sites.is_used[i] ||
		    dump->node_kinds[i] == DUMP_NODE_ROOT)
			continue;
		parent = source->of_node[tree_parent(tree, i)];
		source->of_node[i] = parent;
		if (dump->node_kinds[i] == DUMP_NODE_CUT)
			source->of_node[i] =
				child_of(source->build, parent, &cut);
		else if (frame != 0 &&
			 !names_is_wrapper(&source->analysis->names, frame))
			source->of_node[i] = add_frame(source, parent, frame);
		else
			continue;
		if (source->of_node[i] == 0)
			return DUMP_MEMORY;
	}
	return 0;
}

static int add_sites(struct source *source, uint32_t *of_site)
{
	struct analysis *analysis = source->analysis;

	for (size_t i = 0; i < analysis->sites.count; i++) {
		const struct site *site = &analysis->sites.array[i];
		struct flame_raw none = { .kind = FLAME_NO_STACK };
		uint32_t self = names_self(&analysis->names, site->node);
		uint32_t frame = analysis->tree.frame_of[self];
		uint32_t at = source->of_node[self];

		of_site[i] = FLAME_NOWHERE;
		if (!analysis->filter.keeps[i])
			continue;
		if (frame == 0)
			at = child_of(source->build, at, &none);
		/* A stack of nothing but wrappers was left out so far. */
		else if (names_is_wrapper(&analysis->names, frame))
			at = add_frame(source, at, frame);
		if (at == 0)
			return DUMP_MEMORY;
		of_site[i] = at;
	}
	return 0;
}

static int add_dump(struct flame_build *build, uint32_t dump)
{
	struct analysis *analysis = build->analyses[dump];
	const size_t nodes = analysis->dump->node_count;
	struct source source = { .build = build,
				 .analysis = analysis,
				 .dump = dump,
				 .key_of = { .keys = &build->keys,
					     .analysis = analysis,
					     .dump = dump } };
	int ret =
		places_init(&source.places, &analysis->names, PLACES_FUNCTION);

	source.of_node = region_new(nodes, sizeof(*source.of_node));
	build->of_site[dump] =
		calloc(analysis->sites.count + 1, sizeof(**build->of_site));
	if (!source.of_node || !build->of_site[dump])
		ret = DUMP_MEMORY;
	if (ret == 0)
		ret = add_stacks(&source);
	if (ret == 0)
		ret = add_sites(&source, build->of_site[dump]);
	region_free(source.of_node, nodes, sizeof(*source.of_node));
	places_done(&source.places);
	keys_of_places_done(&source.key_of);
	return ret;
}

int flame_build_init(struct flame_build *build, struct analysis *analysis,
		     struct analysis *older)
{
	int ret;

	*build = (struct flame_build) {
		.count = 1,
		.room = NODES_FIRST,
		.analyses = { analysis, older },
		.dumps = older ? 2 : 1,
	};
	build->nodes = calloc(build->room, sizeof(*build->nodes));
	ret = build->nodes ? grow_table(build) : DUMP_MEMORY;
	for (uint32_t d = 0; d < build->dumps && ret == 0; d++)
		ret = add_dump(build, d);
	region_free(build->table, build->table_room, sizeof(*build->table));
	build->table = NULL;
	return ret;
}

void flame_build_done(struct flame_build *build)
{
	free(build->nodes);
	keys_done(&build->keys);
	region_free(build->table, build->table_room, sizeof(*build->table));
	for (size_t d = 0; d < FLAME_DUMPS; d++)
		free(build->of_site[d]);
	*build = (struct flame_build) { 0 };
}

void flame_add_values(int64_t *sum, const int64_t *more)
{
	for (int m = 0; m < FLAME_METRICS; m++)
		sum[m] = (int64_t)((uint64_t)sum[m] + (uint64_t)more[m]);
}

void flame_add_site(int64_t *sum, const struct counts *counts)
{
	for (int m = 0; m < FLAME_METRICS; m++)
		sum[m] = (int64_t)((uint64_t)sum[m] +
				   (uint64_t)counts->of[flame_metrics[m]]);
}

double flame_variance(const struct error *error, int metric)
{
	double deviation = error_of(error, flame_metrics[metric]);

	return deviation * deviation;
}

double flame_share(const int64_t *values, const int64_t *whole,
		   const int64_t *older, const int64_t *older_whole)
{
	double greatest = 0;

	for (int m = 0; m < FLAME_METRICS; m++) {
		double all = (double)whole[m];
		double part = (double)values[m];

		if (all > 0 && part / all > greatest)
			greatest = part / all;
		if (!older)
			continue;
		all = (double)older_whole[m];
		part = (double)older[m];
		if (all > 0 && part / all > greatest)
			greatest = part / all;
	}
	return greatest;
}

bool flame_has_share(const int64_t *values, const int64_t *whole,
		     const int64_t *older, const int64_t *older_whole)
{
	for (int m = 0; m < FLAME_METRICS; m++)
		if ((whole[m] > 0 && values[m] > 0) ||
		    (older && older_whole[m] > 0 && older[m] > 0))
			return true;
	return false;
}
