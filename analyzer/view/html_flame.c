/* SPDX-License-Identifier: MIT */
/* The call tree as columns. */
#include "config.h"

#include "analyzer/view/html_flame.h"

#include <stdio.h>

#include "analyzer/model/flame.h"
#include "analyzer/view/json_parts.h"

enum column {
	PARENT,
	FUNCTION,
	FILE_NAME,
	MODULE,
	LINE,
	KIND,
	INLINED,
	FOLDED
};

static const char *const column_names[] = {
	[PARENT] = "parent",   [FUNCTION] = "function", [FILE_NAME] = "file",
	[MODULE] = "module",   [LINE] = "line",		[KIND] = "kind",
	[INLINED] = "inlined", [FOLDED] = "folded",
};

/* The modules of an older dump have numbers behind those of the other. */
static int64_t value(const struct flame *flame, size_t i, enum column column,
		     struct html_strings *strings, size_t modules)
{
	const struct flame_node *node = &flame->nodes[i];
	const bool is_function = node->kind == FLAME_FUNCTION;
	const struct place *place =
		is_function ? &flame->keys.array[node->key].place : NULL;

	switch (column) {
	case PARENT:
		return node->parent;
	case FUNCTION:
		return html_strings_of(strings, place ? place->function : NULL);
	case FILE_NAME:
		return html_strings_of(strings, place ? place->file : NULL);
	case MODULE:
		return place && node->module != MODULES_NONE
			       ? (int64_t)node->module +
					 (node->is_of_older ? (int64_t)modules
							    : 0)
			       : -1;
	case LINE:
		return node->line;
	case KIND:
		return node->kind;
	case INLINED:
		return node->is_inlined;
	case FOLDED:
		break;
	}
	return node->folded;
}

enum part { SELF, TOTAL, OLDER_SELF, OLDER_TOTAL };

static const int64_t *part_of(const struct flame_node *node, enum part part)
{
	switch (part) {
	case SELF:
		return node->self;
	case TOTAL:
		return node->total;
	case OLDER_SELF:
		return node->older_self;
	case OLDER_TOTAL:
		break;
	}
	return node->older_total;
}

static void put_metrics(struct json *json, const struct flame *flame,
			const char *key, enum part part)
{
	json_begin_array(json, key);
	for (int m = 0; m < FLAME_METRICS; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < flame->count; i++)
			json_number(json, NULL,
				    part_of(&flame->nodes[i], part)[m]);
		json_end(json);
	}
	json_end(json);
}

/* What errors are made from. */
static void put_variances(struct json *json, const struct flame *flame,
			  const char *key, bool is_self)
{
	json_begin_array(json, key);
	for (int m = 0; m < FLAME_METRICS; m++) {
		json_begin_array(json, NULL);
		for (size_t i = 0; i < flame->count; i++)
			json_real(json, NULL,
				  is_self ? flame->nodes[i].self_variance[m]
					  : flame->nodes[i].total_variance[m]);
		json_end(json);
	}
	json_end(json);
}

static void put_flame(struct json *json, const struct flame *flame,
		      struct html_strings *strings, size_t modules,
		      bool is_pair)
{
	char share[32];

	json_begin_object(json, "flame");
	json_begin_array(json, "metrics");
	for (int m = 0; m < FLAME_METRICS; m++)
		json_text(json, NULL, json_parts_metric(flame_metrics[m]));
	json_end(json);
	snprintf(share, sizeof(share), "%.3g%%", 100 * flame->share);
	json_text(json, "share", flame->share > 0 ? share : NULL);
	json_unsigned(json, "all_nodes", flame->all_count);
	for (int c = PARENT; c <= FOLDED; c++) {
		json_begin_array(json, column_names[c]);
		for (size_t i = 0; i < flame->count; i++)
			json_number(json, NULL,
				    value(flame, i, (enum column)c, strings,
					  modules));
		json_end(json);
	}
	put_metrics(json, flame, "self", SELF);
	put_metrics(json, flame, "total", TOTAL);
	if (flame->is_estimate && !is_pair) {
		put_variances(json, flame, "self_variance", true);
		put_variances(json, flame, "total_variance", false);
	}
	if (is_pair) {
		put_metrics(json, flame, "older_self", OLDER_SELF);
		put_metrics(json, flame, "older_total", OLDER_TOTAL);
	}
	json_end(json);
}

int html_flame_put(struct json *json, struct analysis *analysis, size_t limit,
		   struct html_strings *strings, struct html_links *links)
{
	struct flame flame;
	int ret = flame_init(&flame, analysis, limit);

	if (ret < 0)
		return ret;
	put_flame(json, &flame, strings, 0, false);
	if (links) {
		links->nodes = flame.of_site;
		links->is_folded = flame.is_folded;
		flame.of_site = NULL;
		flame.is_folded = NULL;
	}
	flame_done(&flame);
	return 0;
}

int html_flame_put_pair(struct json *json, struct analysis *analysis,
			struct analysis *older, size_t limit,
			struct html_strings *strings)
{
	struct flame flame;
	int ret = flame_init_pair(&flame, analysis, older, limit);

	if (ret < 0)
		return ret;
	put_flame(json, &flame, strings, analysis->tree.modules.count, true);
	flame_done(&flame);
	return 0;
}

int html_flame_put_inverted(struct json *json, struct analysis *analysis,
			    size_t limit, struct html_strings *strings)
{
	struct flame flame;
	int ret = flame_init_inverted(&flame, analysis, limit);

	if (ret < 0)
		return ret;
	put_flame(json, &flame, strings, 0, false);
	flame_done(&flame);
	return 0;
}
