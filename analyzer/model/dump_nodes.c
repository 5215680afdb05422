/* SPDX-License-Identifier: MIT */
/*
 * The nodes of a dump and the slots that name them: every stack that counts
 * something leads to a root, every counter is a possible one.
 */
#include "config.h"

#include "analyzer/model/dump_private.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/region.h"

/* 0 is code that could not be kept. */
static bool has_code(const struct dump *dump, uint32_t code)
{
	return code == 0 ||
	       (code < dump->code_count && dump->codes[code].lines_kind != 0);
}

/* The kind of a node, whose parents have theirs already, or its fault. */
static enum dump_node_kind node_kind(const struct dump *dump, uint32_t index,
				     const char **ret_fault)
{
	const struct mpf_node *node = &dump->nodes[index];
	enum dump_node_kind parent;

	*ret_fault = NULL;
	if (MPF_PC_KIND(node->pc) == MPF_NODE_ROOT)
		return DUMP_NODE_ROOT;
	if (MPF_PC_KIND(node->pc) == MPF_NODE_UNSAMPLED)
		return DUMP_NODE_CLASS;
	*ret_fault = "link in the place of a node";
	if (MPF_PC_KIND(node->pc) == MPF_NODE_LINK)
		return DUMP_NODE_NONE;
	*ret_fault = "parent of a node";
	parent = dump->node_kinds[dump_parent(dump, index)];
	if (parent == DUMP_NODE_NONE || parent == DUMP_NODE_CLASS)
		return DUMP_NODE_NONE;
	*ret_fault = "kind of a node";
	switch (MPF_PC_KIND(node->pc)) {
	case MPF_NODE_FRAME:
		*ret_fault = NULL;
		return DUMP_NODE_FRAME;
	case MPF_NODE_CUT:
		if (parent != DUMP_NODE_ROOT)
			return DUMP_NODE_NONE;
		*ret_fault = NULL;
		return DUMP_NODE_CUT;
	case MPF_NODE_CLASS:
		*ret_fault = "class of a node";
		if (MPF_CLASS_CALL(node->pc) < MPF_CALL_MALLOC ||
		    MPF_CLASS_CALL(node->pc) > MPF_CALL_MAX ||
		    MPF_CLASS_BUCKET(node->pc) >= MPF_BUCKETS)
			return DUMP_NODE_NONE;
		*ret_fault = NULL;
		return DUMP_NODE_CLASS;
	case MPF_NODE_SIZED:
		*ret_fault = "class of a node";
		if (MPF_SIZED_CALL(node->pc) < MPF_CALL_MALLOC ||
		    MPF_SIZED_CALL(node->pc) > MPF_CALL_MAX)
			return DUMP_NODE_NONE;
		*ret_fault = NULL;
		return DUMP_NODE_CLASS;
	case MPF_NODE_PYTHON:
		*ret_fault = "code of a node";
		if (!has_code(dump, MPF_PYTHON_CODE(node->pc)))
			return DUMP_NODE_NONE;
		*ret_fault = NULL;
		return DUMP_NODE_PYTHON;
	default:
		return DUMP_NODE_NONE;
	}
}

/*
 * Finds the kind of each node and with it the depth, which bounds every
 * stack. Parents come before their children, so one pass is enough.
 */
int dump_check_nodes(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	uint32_t max_depth = dump->header.max_depth;
	uint32_t max_python = MPF_PYTHON_DEPTH;
	struct depth {
		uint32_t native, python;
	} * depths;

	dump->node_kinds = region_new(dump->node_count, 1);
	depths = region_new(dump->node_count, sizeof(*depths));
	if (!dump->node_kinds || !depths) {
		region_free(depths, dump->node_count, sizeof(*depths));
		return dump_fail(reader, DUMP_MEMORY, NULL, 0);
	}
	for (uint32_t i = 0; i < dump->node_count; i++) {
		enum dump_node_kind kind;
		const char *fault;

		if (dump->nodes[i].pc == 0)
			continue;
		kind = node_kind(dump, i, &fault);
		if (kind == DUMP_NODE_FRAME || kind == DUMP_NODE_PYTHON) {
			struct depth depth = depths[dump_parent(dump, i)];

			if (kind == DUMP_NODE_FRAME)
				depth.native++;
			else
				depth.python++;
			if (depth.native > max_depth ||
			    depth.python > max_python)
				kind = DUMP_NODE_NONE;
			else
				depths[i] = depth;
		}
		if (kind != DUMP_NODE_NONE)
			dump->node_kinds[i] = (uint8_t)kind;
	}
	region_free(depths, dump->node_count, sizeof(*depths));
	return 0;
}

/* The first invalid node on the way from a class that is no good. */
static int drop_class(struct dump_reader *reader, uint32_t index,
		      uint64_t slot_offset)
{
	struct dump *dump = reader->dump;
	const char *fault;

	if (index >= dump->node_count || !dump_is_worth_telling(reader) ||
	    dump->node_kinds[index] != DUMP_NODE_NONE)
		return dump_drop(reader, "class of a counter", slot_offset,
				 NULL);
	while (dump->nodes[index].pc != 0 &&
	       MPF_PC_KIND(dump->nodes[index].pc) != MPF_NODE_LINK) {
		uint32_t parent = dump_parent(dump, index);

		if (parent == 0 || dump->node_kinds[parent] != DUMP_NODE_NONE)
			break;
		index = parent;
	}
	if (dump->nodes[index].pc == 0)
		fault = "unused node";
	else if (node_kind(dump, index, &fault) != DUMP_NODE_NONE)
		fault = "depth of a stack";
	return dump_drop_element(reader, fault, MPF_SEG_NODES, index);
}

static bool is_too_great(int64_t count)
{
	return count > DUMP_MAX_COUNT || count < -DUMP_MAX_COUNT;
}

static const char *slot_fault(const struct mpf_slot *slot)
{
	if (slot->allocs > DUMP_MAX_COUNT ||
	    slot->alloc_bytes > DUMP_MAX_COUNT ||
	    slot->frees > DUMP_MAX_COUNT || slot->free_bytes > DUMP_MAX_COUNT ||
	    slot->temporary > DUMP_MAX_COUNT ||
	    is_too_great(slot->peak_blocks) || is_too_great(slot->peak_bytes))
		return "value of a counter";
	return NULL;
}

/* Sums of absolute values: where these are not too great, no partial sum,
 * with any signs, is. */
struct sums {
	int64_t allocs, alloc_bytes, frees, free_bytes;
	int64_t peak_blocks, peak_bytes, temporary;
};

/* Both are at most DUMP_MAX_COUNT. */
static bool add(int64_t *sum, int64_t value)
{
	*sum += value;
	return *sum > DUMP_MAX_COUNT;
}

static bool add_slot(struct sums *sums, const struct mpf_slot *slot)
{
	struct sums next = *sums;

	if (add(&next.allocs, (int64_t)slot->allocs) ||
	    add(&next.alloc_bytes, (int64_t)slot->alloc_bytes) ||
	    add(&next.frees, (int64_t)slot->frees) ||
	    add(&next.free_bytes, (int64_t)slot->free_bytes) ||
	    add(&next.temporary, (int64_t)slot->temporary) ||
	    add(&next.peak_blocks, llabs(slot->peak_blocks)) ||
	    add(&next.peak_bytes, llabs(slot->peak_bytes)))
		return false;
	*sums = next;
	return true;
}

static int check_overflow(struct dump_reader *reader, struct sums *sums)
{
	struct mpf_overflow *overflow = &reader->dump->header.overflow;
	struct mpf_slot slot = {
		.allocs = overflow->allocs,
		.alloc_bytes = overflow->alloc_bytes,
		.frees = overflow->frees,
		.free_bytes = overflow->free_bytes,
	};

	if (!slot_fault(&slot) && add_slot(sums, &slot))
		return 0;
	memset(overflow, 0, sizeof(*overflow));
	return dump_drop(reader, "value of a counter",
			 offsetof(struct mpf_header, overflow), NULL);
}

static int check_slot(struct dump_reader *reader, struct sums *sums,
		      struct mpf_slot *slot, uint64_t offset, bool has_owner)
{
	struct dump *dump = reader->dump;
	const char *fault = NULL;
	int ret;

	if (slot->class_node >= dump->node_count ||
	    dump->node_kinds[slot->class_node] != DUMP_NODE_CLASS) {
		ret = drop_class(reader, slot->class_node, offset);
	} else {
		if (!has_owner)
			fault = "owner of a counter";
		else
			fault = slot_fault(slot);
		if (!fault && !add_slot(sums, slot))
			fault = "value of a counter";
		if (!fault)
			return 0;
		ret = dump_drop(reader, fault, offset, NULL);
	}
	memset(slot, 0, sizeof(*slot));
	return ret;
}

int dump_check_slots(struct dump_reader *reader)
{
	struct dump *dump = reader->dump;
	struct sums sums = { 0 };
	int ret = check_overflow(reader, &sums);

	for (size_t r = 0; r < dump->run_count && ret == 0; r++) {
		const struct dump_run *run = &dump->runs[r];
		bool has_owner = run->owner < dump->thread_count &&
				 dump->threads[run->owner].threads != 0;

		for (size_t i = 0; i < run->count && ret == 0; i++) {
			struct mpf_slot *slot = &dump->slots[run->first + i];

			if (slot->class_node != 0)
				ret = check_slot(reader, &sums, slot,
						 run->offset +
							 i * sizeof(*slot),
						 has_owner);
		}
	}
	return ret;
}
