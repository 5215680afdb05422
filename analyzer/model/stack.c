/* SPDX-License-Identifier: MIT */
/* The stack of a site as a list of activations. */
#include "config.h"

#include "analyzer/model/stack.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/names.h"

static struct stack_frame *add_frame(struct stack *stack)
{
	if (stack->count == stack->room) {
		size_t room = stack->room ? 2 * stack->room : 64;
		struct stack_frame *frames =
			reallocarray(stack->frames, room, sizeof(*frames));

		if (!frames)
			return NULL;
		stack->frames = frames;
		stack->room = room;
	}
	return &stack->frames[stack->count++];
}

static int add_node(struct stack *stack, struct names *names, uint32_t node)
{
	const struct tree *tree = names->tree;
	const struct tree_frame *from = &tree->frames[tree->frame_of[node]];
	const struct sym_frame *known;
	size_t count = names_of(names, tree->frame_of[node], &known);
	struct stack_frame base = {
		.address = tree_lookup_address(from),
		.is_guessed = from->is_guessed,
		.is_python = from->is_python,
	};

	if (from->module != MODULES_NONE) {
		const struct module *module =
			&tree->modules.array[from->module];

		base.module = module->path;
		base.offset = base.address - module->bias;
	}
	for (size_t i = 0; i == 0 || i < count; i++) {
		struct stack_frame *frame = add_frame(stack);

		if (!frame)
			return DUMP_MEMORY;
		*frame = base;
		if (count == 0)
			break;
		frame->function = known[i].function;
		frame->mangled = known[i].mangled;
		frame->file = known[i].file;
		frame->line = known[i].line;
		frame->column = known[i].column;
		frame->is_inlined = known[i].is_inlined;
	}
	return 0;
}

int stack_read(struct stack *stack, struct names *names,
	       const struct site *site)
{
	const struct tree *tree = names->tree;
	uint32_t at = names_self(names, site->node);

	stack->count = 0;
	stack->kind = site->kind;
	stack->end = tree_end(tree, site->node);
	for (; at != 0 && tree->frame_of[at] != 0; at = tree_parent(tree, at))
		if (add_node(stack, names, at) < 0)
			return DUMP_MEMORY;
	return 0;
}

void stack_done(struct stack *stack)
{
	free(stack->frames);
	*stack = (struct stack) { 0 };
}
