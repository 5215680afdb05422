/* SPDX-License-Identifier: MIT */
/* The call tree: what of it is shown, and in which order. */
#include "config.h"

#include "analyzer/model/calltree.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/calltree_build.h"
#include "analyzer/model/dump.h"

/* Those that are kept get their numbers in the order of the raw tree; the
 * others have that of the last one on their way that is. */
static size_t choose(struct calltree_build *build)
{
	size_t depth = build->options->depth, count = 1;

	build->nodes[0].kept = 0;
	build->nodes[0].is_kept = true;
	for (size_t i = 1; i < build->count; i++) {
		struct calltree_raw *node = &build->nodes[i];
		const struct calltree_raw *parent = &build->nodes[node->parent];

		node->is_kept = parent->is_kept &&
				(depth == 0 || node->depth <= depth) &&
				calltree_is_large(build, node);
		node->kept = node->is_kept ? (uint32_t)count++ : parent->kept;
	}
	return count;
}

/* A node as it is kept, and its links while they are put in order. */
struct kept {
	struct calltree_node node;
	struct error error;
	int64_t value;
	uint64_t order;
	uint32_t number; /* in the order of the raw tree */
};

static void describe(struct kept *kept, const struct calltree_build *build)
{
	for (size_t i = 0; i < build->count; i++) {
		const struct calltree_raw *raw = &build->nodes[i];
		const struct calltree_raw *parent = &build->nodes[raw->parent];

		if (raw->is_kept) {
			kept[raw->kept].node.parent = parent->kept;
			kept[raw->kept].node.key = raw->key;
			kept[raw->kept].node.depth = raw->depth;
			kept[raw->kept].value = raw->value;
			kept[raw->kept].order = raw->order;
			kept[raw->kept].number = raw->kept;
		} else if (parent->is_kept && raw->value != 0) {
			kept[parent->kept].node.hidden++;
		}
	}
}

/* Every count of each site to where its stack ends, or to the last node on its
 * way that is kept; then from the leaves to the root. */
static void add_counts(struct kept *kept, size_t count,
		       const struct calltree_build *build,
		       const struct set *set)
{
	for (size_t t = 0; t < set->count; t++) {
		const struct sites *sites = &set->array[t].sites;

		for (size_t i = 0; i < sites->count; i++) {
			uint32_t node = build->sources[t].of_site[i];
			struct kept *to = &kept[build->nodes[node].kept];

			if (!set->array[t].filter.keeps[i])
				continue;
			counts_add_bounded(build->nodes[node].is_kept
						   ? &to->node.self
						   : &to->node.below,
					   &sites->array[i].counts);
			if (sites->errors)
				error_add(&to->error, &sites->errors[i]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		kept[i].node.cumulative = kept[i].node.self;
		counts_add_bounded(&kept[i].node.cumulative,
				   &kept[i].node.below);
	}
	for (size_t i = count; i-- > 1;) {
		struct kept *parent = &kept[kept[i].node.parent];

		counts_add_bounded(&parent->node.cumulative,
				   &kept[i].node.cumulative);
		error_add(&parent->error, &kept[i].error);
	}
}

/* Children of one parent side by side, the smallest first: so they come off a
 * stack in the right order. */
static int compare(const void *left, const void *right)
{
	const struct kept *a = left, *b = right;

	if (a->node.parent != b->node.parent)
		return a->node.parent < b->node.parent ? -1 : 1;
	if (a->value != b->value)
		return a->value < b->value ? -1 : 1;
	return a->order > b->order ? -1 : a->order < b->order;
}

/* Children by parent: kept[first[p]] up to kept[first[p + 1]], the root left
 * out. */
static void print_order(struct calltree *tree, const struct kept *kept,
			const uint32_t *first, uint32_t *stack)
{
	size_t waiting = 0;

	stack[waiting++] = 0;
	while (waiting > 0) {
		const struct kept *from = &kept[stack[--waiting]];
		uint32_t number = from->number;
		struct calltree_node *node = &tree->nodes[tree->count];

		*node = from->node;
		if (tree->errors)
			tree->errors[tree->count] = from->error;
		for (uint32_t i = first[number]; i < first[number + 1]; i++)
			stack[waiting++] = i;
		tree->count++;
	}
}

/* Parents are still numbers of the raw tree: found again by depth. */
static int link_parents(struct calltree *tree)
{
	uint32_t *path, deepest = 0;

	for (size_t i = 0; i < tree->count; i++)
		if (tree->nodes[i].depth > deepest)
			deepest = tree->nodes[i].depth;
	path = calloc((size_t)deepest + 1, sizeof(*path));
	if (!path)
		return DUMP_MEMORY;
	for (size_t i = 1; i < tree->count; i++) {
		struct calltree_node *node = &tree->nodes[i];

		node->parent = path[node->depth - 1];
		path[node->depth] = (uint32_t)i;
	}
	/* The last child of each is the first that is met from behind; until
	 * a parent is met itself, its mark says that it has one. */
	for (size_t i = tree->count; i-- > 1;) {
		uint32_t parent = tree->nodes[i].parent;

		tree->nodes[i].is_last = !tree->nodes[parent].is_last;
		tree->nodes[parent].is_last = true;
	}
	free(path);
	return 0;
}

static int arrange(struct calltree *tree, struct kept *kept, size_t count,
		   bool has_errors)
{
	uint32_t *first = calloc(count + 2, sizeof(*first));
	uint32_t *stack = calloc(count + 1, sizeof(*stack));
	int ret = DUMP_MEMORY;

	tree->nodes = calloc(count, sizeof(*tree->nodes));
	if (has_errors)
		tree->errors = calloc(count, sizeof(*tree->errors));
	if (first && stack && tree->nodes && (!has_errors || tree->errors)) {
		/* The root is its own parent: it stays in front. */
		qsort(kept + 1, count - 1, sizeof(*kept), compare);
		for (size_t i = 1; i < count; i++)
			first[kept[i].node.parent + 1]++;
		first[0] = 1;
		for (size_t i = 1; i <= count; i++)
			first[i] += first[i - 1];
		print_order(tree, kept, first, stack);
		ret = link_parents(tree);
	}
	free(first);
	free(stack);
	return ret;
}

int calltree_init(struct calltree *ret_tree, const struct set *set,
		  const struct calltree_options *options)
{
	struct calltree tree = { .keys.strip_dirs = options->strip_dirs };
	struct calltree_build build;
	struct kept *kept = NULL;
	size_t count;
	int ret = calltree_build_init(&build, set, options, &tree.keys);

	if (ret == 0) {
		count = choose(&build);
		kept = calloc(count, sizeof(*kept));
		if (!kept)
			ret = DUMP_MEMORY;
	}
	if (ret == 0) {
		describe(kept, &build);
		add_counts(kept, count, &build, set);
		ret = arrange(&tree, kept, count, set_is_estimate(set));
		for (size_t i = 0; i < count; i++)
			tree.hidden += kept[i].node.hidden;
	}
	free(kept);
	calltree_build_done(&build);
	if (ret == 0)
		*ret_tree = tree;
	else
		calltree_done(&tree);
	return ret;
}

void calltree_done(struct calltree *tree)
{
	keys_done(&tree->keys);
	free(tree->nodes);
	free(tree->errors);
	*tree = (struct calltree) { 0 };
}
