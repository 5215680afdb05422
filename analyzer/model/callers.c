/* SPDX-License-Identifier: MIT */
/* A call tree from the allocating functions outwards, branch by branch. */
#include "config.h"

#include "analyzer/model/callers.h"

#include <stdlib.h>

#include "analyzer/model/catalog.h"
#include "analyzer/model/dump.h"

/* To the next frame: of a node, then the note, then none. */
static void advance(const struct catalog *catalog, struct callers_stack *stack)
{
	if (stack->node != 0) {
		stack->frame =
			catalog_frame_of(catalog, stack->node, &stack->node);
	} else {
		stack->frame = stack->note;
		stack->note = CATALOG_NONE;
	}
}

static int init(struct callers *ret_callers, const struct catalog *catalog,
		const int64_t *values, enum metric metric)
{
	struct callers callers = { .catalog = catalog };

	callers.stacks =
		calloc(catalog->entry_count + 1, sizeof(*callers.stacks));
	if (!callers.stacks)
		return DUMP_MEMORY;
	for (size_t i = 0; i < catalog->entry_count; i++) {
		const struct catalog_entry *entry = &catalog->entries[i];
		struct callers_stack stack = {
			.node = entry->node,
			.note = entry->note,
			.value = values ? values[i] : entry->counts.of[metric]
		};

		if (stack.value == 0)
			continue;
		advance(catalog, &stack);
		callers.sum += stack.value;
		callers.stacks[callers.count++] = stack;
	}
	*ret_callers = callers;
	return 0;
}

int callers_init(struct callers *ret_callers, const struct catalog *catalog,
		 enum metric metric)
{
	return init(ret_callers, catalog, NULL, metric);
}

int callers_init_values(struct callers *ret_callers,
			const struct catalog *catalog, const int64_t *values)
{
	return init(ret_callers, catalog, values, METRIC_COUNT);
}

void callers_done(struct callers *callers)
{
	free(callers->stacks);
	*callers = (struct callers) { 0 };
}

static int compare_stacks(const void *left, const void *right)
{
	const struct callers_stack *a = left, *b = right;

	return a->frame < b->frame ? -1 : a->frame > b->frame;
}

static int compare_branches(const void *left, const void *right)
{
	const struct callers_branch *a = left, *b = right;

	if (a->value != b->value)
		return a->value > b->value ? -1 : 1;
	return a->frame < b->frame ? -1 : a->frame > b->frame;
}

/* The branch that begins at first, and how far it goes. */
static struct callers_branch find_branch(const struct callers *callers,
					 size_t first, size_t end)
{
	struct callers_branch branch = { .first = first,
					 .frame =
						 callers->stacks[first].frame };

	while (first < end && callers->stacks[first].frame == branch.frame)
		branch.value += callers->stacks[first++].value;
	branch.count = first - branch.first;
	return branch;
}

static int add_branch(struct callers_branches *branches, size_t *room,
		      const struct callers_branch *branch)
{
	if (branches->count == *room) {
		size_t more = *room ? 2 * *room : 8;
		struct callers_branch *array = reallocarray(
			branches->array, more, sizeof(*branches->array));

		if (!array)
			return DUMP_MEMORY;
		branches->array = array;
		*room = more;
	}
	branches->array[branches->count++] = *branch;
	return 0;
}

int callers_split(struct callers *callers, size_t first, size_t count,
		  int64_t least, struct callers_branches *ret_branches)
{
	struct callers_branches branches = { 0 };
	size_t end = first + count, room = 0;

	qsort(callers->stacks + first, count, sizeof(*callers->stacks),
	      compare_stacks);
	for (size_t at = first; at < end;) {
		struct callers_branch branch = find_branch(callers, at, end);

		at += branch.count;
		if (branch.frame == CATALOG_NONE)
			continue;
		if (branch.value < least) {
			branches.small_count++;
			branches.small_value += branch.value;
			continue;
		}
		for (size_t i = 0; i < branch.count; i++)
			advance(callers->catalog,
				&callers->stacks[branch.first + i]);
		if (add_branch(&branches, &room, &branch) < 0) {
			callers_branches_done(&branches);
			return DUMP_MEMORY;
		}
	}
	if (branches.count)
		qsort(branches.array, branches.count, sizeof(*branches.array),
		      compare_branches);
	*ret_branches = branches;
	return 0;
}

void callers_branches_done(struct callers_branches *branches)
{
	free(branches->array);
	*branches = (struct callers_branches) { 0 };
}
