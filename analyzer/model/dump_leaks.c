/* SPDX-License-Identifier: MIT */
/* What a dump's reachability scan says, checked. */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <string.h>

static const char *root_fault(const struct dump *dump,
			      const struct mpf_root *root)
{
	if (root->held > MPF_HELD_RULES)
		return "kind of a root";
	if ((root->path.bytes > DUMP_MAX_PATH &&
	     root->held != MPF_HELD_RULES) ||
	    !dump_is_text_valid(dump, root->path))
		return "path of a root";
	if (root->name[sizeof(root->name) - 1] != '\0')
		return "name of a root";
	return NULL;
}

static bool is_class(const struct dump *dump, uint32_t node)
{
	return node == 0 || (node < dump->node_count &&
			     dump->node_kinds[node] == DUMP_NODE_CLASS);
}

/* blocks, bytes: the sums so far, which must not grow too large. */
static const char *leak_fault(const struct dump *dump,
			      const struct mpf_leak *leak, uint64_t blocks,
			      uint64_t bytes)
{
	if (leak->verdict < MPF_VERDICT_LOST ||
	    leak->verdict > MPF_VERDICT_REACHABLE)
		return "verdict";
	if (!is_class(dump, leak->class_node) ||
	    !is_class(dump, leak->by_class))
		return "class of a verdict";
	if (leak->root != 0 && (leak->root >= dump->root_count ||
				dump->roots[leak->root].held == 0 ||
				dump->roots[leak->root].held == MPF_HELD_RULES))
		return "root of a verdict";
	if (leak->blocks > DUMP_MAX_COUNT - blocks ||
	    leak->bytes > DUMP_MAX_COUNT - bytes)
		return "blocks of a verdict";
	return NULL;
}

static int check_roots(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;

	for (size_t i = 0; i < dump->root_count; i++) {
		struct mpf_root *root = &dump->roots[i];
		const char *fault;
		int ret;

		if (root->held == 0)
			continue;
		fault = root_fault(dump, root);
		if (!fault)
			continue;
		ret = dump_drop_element(reader, fault, MPF_SEG_ROOTS, i);
		if (ret < 0)
			return ret;
		memset(root, 0, sizeof(*root));
	}
	return 0;
}

int dump_check_leaks(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint64_t blocks = 0, bytes = 0;
	int ret;

	if (!dump->has_leaks) {
		memset(dump->leaks, 0, dump->leak_count * sizeof(*dump->leaks));
		memset(dump->roots, 0, dump->root_count * sizeof(*dump->roots));
		return 0;
	}
	ret = check_roots(reader);
	for (size_t i = 0; i < dump->leak_count && ret == 0; i++) {
		struct mpf_leak *leak = &dump->leaks[i];
		const char *fault;

		if (leak->blocks == 0) {
			memset(leak, 0, sizeof(*leak));
			continue;
		}
		fault = leak_fault(dump, leak, blocks, bytes);
		if (fault) {
			ret = dump_drop_element(reader, fault, MPF_SEG_LEAKS,
						i);
			memset(leak, 0, sizeof(*leak));
			continue;
		}
		blocks += leak->blocks;
		bytes += leak->bytes;
	}
	return ret;
}
