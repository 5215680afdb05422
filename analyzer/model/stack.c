/* SPDX-License-Identifier: MIT */
/* The stack of a site as a list of activations. */
#include "config.h"

#include "analyzer/model/stack.h"

#include <stdlib.h>
#include <string.h>

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
		frame->start = known[i].start;
		frame->is_inlined = known[i].is_inlined;
	}
	return 0;
}

static int add_nodes(struct stack *stack, struct names *names, uint32_t node)
{
	const struct tree *tree = names->tree;
	uint32_t at = names_self(names, node);

	for (; at != 0 && tree->frame_of[at] != 0; at = tree_parent(tree, at))
		if (add_node(stack, names, at) < 0)
			return DUMP_MEMORY;
	return 0;
}

static bool ends_with(const char *text, const char *end)
{
	size_t bytes = strlen(text), end_bytes = strlen(end);

	return bytes >= end_bytes && strcmp(text + bytes - end_bytes, end) == 0;
}

/* Is it what programs start threads through, and not who wants one? */
static bool starts_for_others(const struct stack_frame *frame)
{
	const char *const file = frame->file ? frame->file : "";

	if (frame->is_python)
		return ends_with(file, "/threading.py") ||
		       ends_with(file, "/concurrent/futures/thread.py");
	return strncmp(file, "/usr/include/", 13) == 0 ||
	       (frame->module && (strstr(frame->module, "/libstdc++.so") ||
				  strstr(frame->module, "/libc.so.")));
}

/*
 * How good a frame is as the place where a thread was started: who has Python
 * frames knows them, and a line is better than an address.
 */
static int start_rank(const struct stack_frame *frame)
{
	if (starts_for_others(frame))
		return 0;
	return 1 + (frame->file != NULL) + 2 * frame->is_python;
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static void keep_start(struct stack *stack, const struct stack_frame *start)
{
	for (size_t i = 0; i < stack->start_count; i++) {
		const struct stack_frame *other = &stack->starts[i];

		if (is_same_text(other->function, start->function) &&
		    is_same_text(other->file, start->file) &&
		    other->line == start->line &&
		    (start->file || other->address == start->address))
			return;
	}
	stack->starts[stack->start_count++] = *start;
}

/* One more of at most SITE_STARTS. */
static int add_start(struct stack *stack, struct names *names, uint32_t node)
{
	const size_t count = stack->count;
	const struct stack_frame *start = NULL;
	int best = -1, ret = add_nodes(stack, names, node);

	for (size_t i = count; i < stack->count && ret == 0; i++) {
		int rank = start_rank(&stack->frames[i]);

		if (rank <= best)
			continue;
		best = rank;
		start = &stack->frames[i];
	}
	if (start)
		keep_start(stack, start);
	stack->count = count;
	return ret;
}

int stack_read_start(struct stack *stack, struct names *names, uint32_t node)
{
	stack->count = stack->start_count = 0;
	stack->has_more_starts = false;
	return node ? add_start(stack, names, node) : 0;
}

int stack_read(struct stack *stack, struct names *names,
	       const struct site *site)
{
	int ret;

	stack->count = stack->start_count = 0;
	stack->kind = site->kind;
	stack->end = tree_end(names->tree, site->node);
	stack->has_more_starts = site->has_more_starts;
	ret = add_nodes(stack, names, site->node);
	for (unsigned i = 0; i < site->start_count && ret == 0; i++)
		ret = add_start(stack, names, site->starts[i]);
	return ret;
}

void stack_done(struct stack *stack)
{
	free(stack->frames);
	*stack = (struct stack) { 0 };
}
