/* SPDX-License-Identifier: MIT */
/* The call tree as JSON. */
#include "config.h"

#include "analyzer/view/json_tree.h"

#include "analyzer/view/json_top.h"

static const char *kind_of(uint32_t key)
{
	switch (key) {
	case CALLTREE_ALL:
		return "all";
	case CALLTREE_CUT:
		return "cut";
	case CALLTREE_NO_STACK:
		return "no stack";
	default:
		return "place";
	}
}

static void put_counts(struct json *json, const char *key,
		       const struct counts *counts, const struct error *error)
{
	json_begin_object(json, key);
	json_parts_estimate(json, counts, error);
	json_end(json);
}

static void put_node(struct json *json, const struct calltree *tree,
		     uint32_t number)
{
	const struct calltree_node *node = &tree->nodes[number];
	const struct keys_entry *entry = NULL;

	if (node->key < CALLTREE_NO_STACK)
		entry = &tree->keys.array[node->key];
	json_begin_object(json, NULL);
	json_unsigned(json, "id", number);
	if (number)
		json_unsigned(json, "parent", node->parent);
	else
		json_null(json, "parent");
	json_unsigned(json, "depth", node->depth);
	json_text(json, "kind", kind_of(node->key));
	json_top_place(json, entry ? &entry->place : NULL,
		       entry ? entry->module : NULL);
	json_unsigned(json, "hidden", node->hidden);
	put_counts(json, "self", &node->self, NULL);
	put_counts(json, "cumulative", &node->cumulative,
		   tree->errors ? &tree->errors[number] : NULL);
	put_counts(json, "below", &node->below, NULL);
	json_end(json);
}

void json_tree_print(FILE *file, struct set *set, const struct calltree *tree,
		     const struct calltree_options *options)
{
	static const char *const names[] = {
		[PLACES_FUNCTION] = "function",
		[PLACES_LINE] = "line",
		[PLACES_FILE] = "file",
		[PLACES_MODULE] = "module",
	};
	struct json json;

	json_top_begin(&json, file, "memprof-tree/1", set);
	json_text(&json, "by", names[options->by]);
	json_text(&json, "sort", json_parts_metric(options->metric));
	json_bool(&json, "inverted", options->is_inverted);
	json_unsigned(&json, "nodes_total", tree->count + tree->hidden);
	json_begin_array(&json, "nodes");
	for (uint32_t i = 0; i < tree->count; i++)
		put_node(&json, tree, i);
	json_end(&json);
	json_parts_losses(&json, "losses", &set->array[0]);
	json_end(&json);
}
