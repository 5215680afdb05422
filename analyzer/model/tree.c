/* SPDX-License-Identifier: MIT */
/* The stacks of a dump as one tree. */
#include "config.h"

#include "analyzer/model/tree.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/region.h"

/* Stand for cut nodes where frames are compared. */
#define CUT_FRAME(argument) (UINT32_MAX - (uint32_t)((argument)&0xff))

struct builder {
	struct tree *tree;
	struct intmap by_pc;	     /* address and flags: the first frame */
	struct intmap by_generation; /* address and flags, generation */
	struct intmap by_module;     /* address and flags, module */
	uint32_t *generations;	     /* per node, NULL when there is only one */
	uint32_t generation;	     /* then this */
	uint32_t *table;	     /* nodes by parent and frame */
	size_t table_room;	     /* a power of two */
	enum tree_frames wanted;
};

static int add_frame(struct builder *builder, uint64_t pc, uint32_t module,
		     uint32_t *ret_frame)
{
	struct tree *tree = builder->tree;

	if (tree->frame_count == tree->frame_room) {
		size_t room = 2 * tree->frame_room;
		struct tree_frame *frames =
			reallocarray(tree->frames, room, sizeof(*frames));

		if (!frames)
			return DUMP_MEMORY;
		tree->frames = frames;
		tree->frame_room = room;
	}
	tree->frames[tree->frame_count] = (struct tree_frame) {
		.address = pc & MPF_PC_MASK,
		.module = module,
		.is_exact = pc & MPF_PC_EXACT,
		.is_guessed = pc & MPF_PC_GUESSED,
	};
	*ret_frame = (uint32_t)tree->frame_count++;
	return 0;
}

/* The frame of a line of Python code: one for all its instructions. */
static int find_python(struct builder *builder, uint64_t pc,
		       uint32_t *ret_frame)
{
	struct tree *tree = builder->tree;
	const uint32_t code = MPF_PYTHON_CODE(pc);
	const uint32_t position = MPF_PYTHON_POSITION(pc);
	uint32_t *known = intmap_at(&builder->by_pc, pc, 0), *frame;
	struct code_place place = { .line = 0 };

	if (!known)
		return DUMP_MEMORY;
	if (*known == 0) {
		if (code)
			place = codes_place(&tree->codes, code, position);
		else
			place.line = position; /* tells them apart */
		frame = intmap_at(&builder->by_module, MPF_PYTHON_AT(code, 0),
				  place.line);
		if (!frame || (*frame == 0 &&
			       add_frame(builder, 0, MODULES_NONE, frame) < 0))
			return DUMP_MEMORY;
		*known = *frame;
		tree->frames[*frame].is_python = true;
		tree->frames[*frame].code = code;
		tree->frames[*frame].is_left_out =
			code == 0 && position == MPF_PYTHON_LEFT_OUT;
		if (code) {
			tree->frames[*frame].line = place.line;
			tree->frames[*frame].column = place.column;
		}
	}
	*ret_frame = *known;
	return 0;
}

/* The frame of a pc in a generation: one search per pair, one frame per
 * module that it turns out to be in. */
static uint32_t search_frame(struct builder *builder, uint64_t pc,
			     uint32_t generation)
{
	uint32_t *known = intmap_at(&builder->by_generation, pc, generation);
	uint32_t *frame, module;
	struct tree_frame probe = {
		.address = pc & MPF_PC_MASK,
		.is_exact = pc & MPF_PC_EXACT,
	};

	if (!known)
		return 0;
	if (*known == 0) {
		module = modules_find(&builder->tree->modules,
				      tree_lookup_address(&probe), generation);
		frame = intmap_at(&builder->by_module, pc, module);
		if (!frame ||
		    (*frame == 0 && add_frame(builder, pc, module, frame) < 0))
			return 0;
		*known = *frame;
	}
	return *known;
}

/* Code is seldom unloaded: mostly it is the module it was the first time. */
static int find_frame(struct builder *builder, uint64_t pc, uint32_t generation,
		      uint32_t *ret_frame)
{
	const struct tree *tree = builder->tree;
	uint32_t *first = intmap_at(&builder->by_pc, pc, 0);
	uint32_t module, frame;

	if (!first)
		return DUMP_MEMORY;
	if (*first != 0) {
		module = tree->frames[*first].module;
		if (module != MODULES_NONE &&
		    modules_is_in(&tree->modules, module, generation)) {
			*ret_frame = *first;
			return 0;
		}
	}
	frame = search_frame(builder, pc, generation);
	if (frame == 0)
		return DUMP_MEMORY;
	if (*first == 0)
		*first = frame;
	*ret_frame = frame;
	return 0;
}

/* The first node with this (first) parent and frame; node when it is new. */
static uint32_t find_same(struct builder *builder, uint32_t parent,
			  uint32_t frame, uint32_t node)
{
	const struct tree *tree = builder->tree;
	size_t mask = builder->table_room - 1;
	size_t at = (size_t)intmap_hash((uint64_t)parent << 32 | frame) & mask;

	for (;; at = (at + 1) & mask) {
		uint32_t other = builder->table[at], other_frame;

		if (other == 0) {
			builder->table[at] = node;
			return node;
		}
		other_frame = tree->frame_of[other];
		if (other_frame == 0)
			other_frame = CUT_FRAME(tree->dump->nodes[other].pc);
		if (other_frame == frame && tree->parents[other] == parent)
			return other;
	}
}

/* The import statement is what runs the machinery behind it. */
static bool is_wanted(const struct builder *builder, uint32_t node,
		      enum dump_node_kind kind)
{
	const struct tree *tree = builder->tree;

	switch (kind) {
	case DUMP_NODE_FRAME:
		return builder->wanted != TREE_PYTHON;
	case DUMP_NODE_PYTHON:
		return builder->wanted != TREE_NATIVE &&
		       !tree->codes
				.array[MPF_PYTHON_CODE(
					tree->dump->nodes[node].pc)]
				.is_import;
	default:
		return true;
	}
}

/* Where Python frames take the place of the native one, that is passed over. */
static uint32_t outer_of(const struct builder *builder, uint32_t node,
			 enum dump_node_kind kind)
{
	const struct tree *tree = builder->tree;
	const uint32_t parent = dump_parent(tree->dump, node);

	if (builder->wanted == TREE_MIXED && kind == DUMP_NODE_PYTHON &&
	    (tree->dump->nodes[node].pc & MPF_PYTHON_EVALUATED) &&
	    tree->dump->node_kinds[parent] == DUMP_NODE_FRAME)
		return tree->parents[parent];
	return tree->same[parent];
}

static int add_node(struct builder *builder, uint32_t node, uint32_t first_root)
{
	struct tree *tree = builder->tree;
	const uint64_t pc = tree->dump->nodes[node].pc;
	const uint32_t parent = dump_parent(tree->dump, node);
	enum dump_node_kind kind = tree->dump->node_kinds[node];
	uint32_t generation = builder->generation;
	uint32_t frame;

	if (kind == DUMP_NODE_NONE)
		return 0;
	if (tree->parents && kind != DUMP_NODE_ROOT)
		tree->parents[node] = outer_of(builder, node, kind);
	if (kind == DUMP_NODE_CLASS)
		return 0;
	if (builder->generations) {
		generation = kind == DUMP_NODE_ROOT
				     ? (uint32_t)(pc & MPF_PC_MASK)
				     : builder->generations[parent];
		builder->generations[node] = generation;
	}
	if (kind == DUMP_NODE_ROOT) {
		if (tree->same)
			tree->same[node] = first_root;
		return 0;
	}
	if (!is_wanted(builder, node, kind)) {
		tree->same[node] = tree->parents[node];
		return 0;
	}
	frame = CUT_FRAME(pc);
	if (kind == DUMP_NODE_PYTHON) {
		if (find_python(builder, pc & ~MPF_PYTHON_EVALUATED, &frame) <
		    0)
			return DUMP_MEMORY;
		tree->frame_of[node] = frame;
	}
	if (kind == DUMP_NODE_FRAME) {
		if (find_frame(builder, pc & ~(UINT64_C(15) << 60), generation,
			       &frame) < 0)
			return DUMP_MEMORY;
		tree->frame_of[node] = frame;
	}
	if (tree->same)
		tree->same[node] =
			find_same(builder, tree->parents[node], frame, node);
	return 0;
}

/* Room for what the number of roots calls for. */
static int start(struct builder *builder, uint32_t *ret_first_root)
{
	struct tree *tree = builder->tree;
	const struct dump *dump = tree->dump;
	size_t roots = 0, inner = 0;
	bool has_python = builder->wanted == TREE_PYTHON;

	for (size_t i = 1; i < dump->node_count; i++) {
		if (dump->node_kinds[i] == DUMP_NODE_FRAME ||
		    dump->node_kinds[i] == DUMP_NODE_PYTHON ||
		    dump->node_kinds[i] == DUMP_NODE_CUT)
			inner++;
		has_python |= dump->node_kinds[i] == DUMP_NODE_PYTHON;
		if (dump->node_kinds[i] != DUMP_NODE_ROOT || roots++ > 0)
			continue;
		*ret_first_root = (uint32_t)i;
		builder->generation =
			(uint32_t)(dump->nodes[i].pc & MPF_PC_MASK);
	}
	tree->frame_room = 64;
	tree->frame_count = 1;
	tree->frames = calloc(tree->frame_room, sizeof(*tree->frames));
	tree->frame_of = region_new(dump->node_count, sizeof(*tree->frame_of));
	if (!tree->frames || !tree->frame_of)
		return DUMP_MEMORY;
	if (roots <= 1 && !has_python)
		return 0;
	for (builder->table_room = 64; builder->table_room < 2 * inner;)
		builder->table_room *= 2;
	tree->same = region_new(dump->node_count, sizeof(*tree->same));
	tree->parents = region_new(dump->node_count, sizeof(*tree->parents));
	builder->generations =
		region_new(dump->node_count, sizeof(*builder->generations));
	builder->table =
		region_new(builder->table_room, sizeof(*builder->table));
	return tree->same && tree->parents && builder->generations &&
			       builder->table
		       ? 0
		       : DUMP_MEMORY;
}

/* The module that has an address which the recorder noted. */
static uint32_t find_interpreter(const struct tree *tree)
{
	const uint64_t address = tree->dump->header.python_address;

	for (uint32_t i = 0; i < tree->modules.count; i++)
		if (address - tree->modules.array[i].start <
		    tree->modules.array[i].end - tree->modules.array[i].start)
			return i;
	return MODULES_NONE;
}

int tree_init(struct tree *ret_tree, const struct dump *dump,
	      enum tree_frames frames)
{
	struct tree tree = { .dump = dump };
	struct builder builder = { .tree = &tree, .wanted = frames };
	uint32_t first_root = 0;
	int ret = modules_init(&tree.modules, dump);

	tree.interpreter = find_interpreter(&tree);
	if (ret == 0)
		ret = codes_init(&tree.codes, dump);

	if (ret == 0)
		ret = start(&builder, &first_root);
	for (size_t i = 1; i < dump->node_count && ret == 0; i++)
		ret = add_node(&builder, (uint32_t)i, first_root);
	intmap_clear(&builder.by_pc);
	intmap_clear(&builder.by_generation);
	intmap_clear(&builder.by_module);
	region_free(builder.generations, dump->node_count,
		    sizeof(*builder.generations));
	region_free(builder.table, builder.table_room, sizeof(*builder.table));
	if (ret == 0)
		*ret_tree = tree;
	else
		tree_done(&tree);
	return ret;
}

void tree_done(struct tree *tree)
{
	if (!tree->dump)
		return;
	modules_done(&tree->modules);
	codes_done(&tree->codes);
	free(tree->frames);
	region_free(tree->frame_of, tree->dump->node_count,
		    sizeof(*tree->frame_of));
	region_free(tree->parents, tree->dump->node_count,
		    sizeof(*tree->parents));
	region_free(tree->same, tree->dump->node_count, sizeof(*tree->same));
	*tree = (struct tree) { 0 };
}

uint32_t tree_same(const struct tree *tree, uint32_t node)
{
	return tree->same ? tree->same[node] : node;
}

bool tree_has_python(const struct tree *tree)
{
	for (size_t i = 1; i < tree->frame_count; i++)
		if (tree->frames[i].is_python)
			return true;
	return false;
}

enum tree_end tree_end(const struct tree *tree, uint32_t node)
{
	const struct dump *dump = tree->dump;

	while (node != 0 && (dump->node_kinds[node] == DUMP_NODE_FRAME ||
			     dump->node_kinds[node] == DUMP_NODE_PYTHON))
		node = dump_parent(dump, node);
	if (node == 0 || dump->node_kinds[node] != DUMP_NODE_CUT)
		return TREE_COMPLETE;
	switch (dump->nodes[node].pc & MPF_PC_MASK) {
	case MPF_CUT_DEPTH:
		return TREE_CUT_DEPTH;
	case MPF_CUT_NO_RULE:
		return TREE_CUT_NO_RULE;
	case MPF_CUT_BAD_STACK:
		return TREE_CUT_BAD_STACK;
	default:
		return TREE_CUT_OTHER;
	}
}

uint64_t tree_lookup_address(const struct tree_frame *frame)
{
	return frame->is_exact || frame->address == 0 ? frame->address
						      : frame->address - 1;
}

bool tree_is_interpreters(const struct tree *tree, uint32_t class_node)
{
	const struct dump *dump = tree->dump;
	uint32_t node = dump_parent(dump, class_node), generation = 1;

	if (tree->interpreter == MODULES_NONE)
		return false;
	if (dump->node_kinds[class_node] == DUMP_NODE_CLASS &&
	    MPF_CLASS_CALL(dump->nodes[class_node].pc) >= MPF_CALL_OBJECT)
		return true;
	for (uint32_t at = node; at != 0; at = dump_parent(dump, at))
		if (dump->node_kinds[at] == DUMP_NODE_ROOT)
			generation = (uint32_t)dump->nodes[at].pc;
	for (; node != 0; node = dump_parent(dump, node)) {
		uint32_t module;

		if (dump->node_kinds[node] != DUMP_NODE_FRAME)
			continue;
		module = modules_find(&tree->modules,
				      (dump->nodes[node].pc & MPF_PC_MASK) - 1,
				      generation);
		if (module == MODULES_NONE)
			return false;
		if (module == tree->interpreter)
			return true;
		if (!tree->modules.array[module].is_memprof &&
		    !tree->modules.array[module].is_allocator)
			return false;
	}
	return false;
}
