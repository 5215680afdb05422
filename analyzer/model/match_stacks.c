/* SPDX-License-Identifier: MIT */
/* Which stacks of several dumps are the same. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/keys.h"
#include "analyzer/model/match.h"
#include "analyzer/model/region.h"

/* Numbers of stacks: 0 is the empty one. Those without a stack at all: */
#define NO_STACK(kind) (UINT64_MAX - (uint64_t)(kind))

/* What is stepped by: the id of an offset in a module, or a name. */
#define STEPS_MAX	(UINT32_C(1) << 31)
#define NAME_STEP(name) (STEPS_MAX | (name))
#define CUT_STEP	UINT32_MAX

#define TABLE_FIRST 1024u

/* All modules of one name. */
struct build {
	const uint8_t *id;
	size_t bytes;
	bool is_seen, is_rebuilt;
};

struct matcher {
	const struct set *set;
	struct keys names;    /* modules, functions */
	struct build *builds; /* by number in names, of modules */
	size_t build_count;
	struct intmap frames; /* offset and module: the frame's id */
	struct intmap kept;   /* stack: number of a row */
	uint32_t frame_count;

	/* All stacks there are, by number, and where each is looked for. */
	struct longer {
		uint32_t stack; /* the shorter one */
		uint32_t step;	/* that makes it longer */
	} * stacks;
	size_t stack_count, stack_room;
	uint32_t *table;
	size_t table_room; /* a power of two */
};

/* A dump while it is matched. */
struct matched {
	struct matcher *matcher;
	struct analysis *analysis;
	uint32_t dump;
	const uint32_t *of_module;
	uint32_t *step_of; /* per frame of the tree that is one step: that */
};

static int add_name(struct matcher *matcher, uint32_t dump,
		    const char *function, const char *module,
		    uint32_t *ret_number)
{
	const struct place place = {
		.function = function,
		.file = module,
		.module = MODULES_NONE,
	};

	return keys_add(&matcher->names, &matcher->set->array[dump], dump,
			&place, ret_number);
}

static int add_modules(struct matcher *matcher, uint32_t dump,
		       uint32_t *of_module)
{
	const struct modules *modules = &matcher->set->array[dump].tree.modules;

	for (size_t i = 0; i < modules->count; i++) {
		const struct module *module = &modules->array[i];
		struct build *build;

		if (add_name(matcher, dump, NULL, module->path, &of_module[i]) <
		    0)
			return DUMP_MEMORY;
		if (of_module[i] >= matcher->build_count) {
			size_t count = 2 * (size_t)of_module[i] + 16;
			struct build *builds = reallocarray(
				matcher->builds, count, sizeof(*builds));

			if (!builds)
				return DUMP_MEMORY;
			memset(builds + matcher->build_count, 0,
			       (count - matcher->build_count) *
				       sizeof(*builds));
			matcher->builds = builds;
			matcher->build_count = count;
		}
		build = &matcher->builds[of_module[i]];
		if (!build->is_seen) {
			build->is_seen = true;
			build->id = module->build_id;
			build->bytes = module->build_id_bytes;
			continue;
		}
		if (build->bytes == 0 ||
		    build->bytes != module->build_id_bytes ||
		    memcmp(build->id, module->build_id, build->bytes) != 0)
			build->is_rebuilt = true;
	}
	return 0;
}

static uint32_t *find(const struct matcher *matcher, uint32_t stack,
		      uint32_t step)
{
	size_t mask = matcher->table_room - 1;
	size_t at = (size_t)intmap_hash((uint64_t)stack << 32 | step) & mask;

	for (;; at = (at + 1) & mask) {
		const struct longer *known =
			&matcher->stacks[matcher->table[at]];

		if (matcher->table[at] == 0 ||
		    (known->stack == stack && known->step == step))
			return &matcher->table[at];
	}
}

/* Room for one more stack; the table is half full at most. */
static int reserve(struct matcher *matcher)
{
	if (matcher->stack_count == matcher->stack_room) {
		size_t room = matcher->stack_room + matcher->stack_room / 2;
		struct longer *stacks;

		if (room < TABLE_FIRST)
			room = TABLE_FIRST;
		stacks = reallocarray(matcher->stacks, room, sizeof(*stacks));
		if (!stacks || room > UINT32_MAX)
			return DUMP_MEMORY;
		matcher->stacks = stacks;
		matcher->stack_room = room;
		if (matcher->stack_count == 0)
			matcher->stacks[matcher->stack_count++] =
				(struct longer) { 0 };
	}
	if (2 * matcher->stack_count <= matcher->table_room)
		return 0;
	region_free(matcher->table, matcher->table_room,
		    sizeof(*matcher->table));
	matcher->table_room =
		matcher->table_room ? 2 * matcher->table_room : TABLE_FIRST;
	matcher->table =
		region_new(matcher->table_room, sizeof(*matcher->table));
	if (!matcher->table)
		return DUMP_MEMORY;
	for (size_t i = 1; i < matcher->stack_count; i++)
		*find(matcher, matcher->stacks[i].stack,
		      matcher->stacks[i].step) = (uint32_t)i;
	return 0;
}

static int add_step(struct matcher *matcher, uint32_t *stack, uint32_t step)
{
	uint32_t *longer;

	if (matcher->stack_count + 1 > matcher->stack_room ||
	    2 * matcher->stack_count > matcher->table_room) {
		if (reserve(matcher) < 0)
			return DUMP_MEMORY;
	}
	longer = find(matcher, *stack, step);
	if (*longer == 0) {
		*longer = (uint32_t)matcher->stack_count;
		matcher->stacks[matcher->stack_count++] =
			(struct longer) { *stack, step };
	}
	*stack = *longer;
	return 0;
}

/* The step that an offset in a module is. */
static int find_step(struct matcher *matcher, uint32_t module, uint64_t offset,
		     uint32_t *ret_step)
{
	uint32_t *id = intmap_at(&matcher->frames, offset, module);

	if (!id || matcher->frame_count == STEPS_MAX - 1)
		return DUMP_MEMORY;
	if (*id == 0)
		*id = ++matcher->frame_count;
	*ret_step = *id;
	return 0;
}

static int add_frame(struct matched *matched, uint32_t frame, uint32_t *stack)
{
	struct matcher *matcher = matched->matcher;
	struct analysis *analysis = matched->analysis;
	const struct tree_frame *from = &analysis->tree.frames[frame];
	uint64_t address = tree_lookup_address(from);
	uint32_t number = MODULES_NONE;
	const struct sym_frame *known;
	size_t count = 0;
	uint32_t name;

	if (matched->step_of[frame] != 0)
		return add_step(matcher, stack, matched->step_of[frame]);
	if (from->module != MODULES_NONE) {
		const struct module *module =
			&analysis->tree.modules.array[from->module];

		number = matched->of_module[from->module];
		address -= module->bias;
		if (matcher->builds[number].is_rebuilt)
			count = names_of(&analysis->names, frame, &known);
		if (count && !known[count - 1].function)
			count = 0;
	}
	if (count == 0) {
		if (find_step(matcher, number, address,
			      &matched->step_of[frame]) < 0)
			return DUMP_MEMORY;
		return add_step(matcher, stack, matched->step_of[frame]);
	}
	for (size_t i = count; i-- > 0;)
		if (add_name(matcher, matched->dump, known[i].function,
			     analysis->tree.modules.array[from->module].path,
			     &name) < 0 ||
		    name >= STEPS_MAX - 1 ||
		    add_step(matcher, stack, NAME_STEP(name)) < 0)
			return DUMP_MEMORY;
	return 0;
}

/* Of a row of a table, or of a site. */
static int number_site(struct matched *matched, struct match *match,
		       const uint32_t *stacks, uint32_t site,
		       uint32_t *ret_number)
{
	const struct site *at = &matched->analysis->sites.array[site];
	uint64_t stack = NO_STACK(at->kind);
	uint32_t *number;

	if (at->kind == SITE_STACK)
		stack = stacks[at->node];
	number = intmap_at(&matched->matcher->kept, stack, 0);
	if (!number)
		return DUMP_MEMORY;
	if (*number == 0)
		*number = (uint32_t)++match->count;
	*ret_number = *number - 1;
	return 0;
}

static int number_rows(struct matched *matched, struct match *match,
		       const struct top *top, const uint32_t *stacks)
{
	const struct analysis *analysis = matched->analysis;
	uint32_t *numbers = match->numbers[matched->dump];
	int ret = 0;

	for (size_t i = 0; top && i < top->count && ret == 0; i++)
		ret = number_site(matched, match, stacks, top->rows[i].site,
				  &numbers[i]);
	for (uint32_t i = 0; !top && i < analysis->sites.count && ret == 0; i++)
		if (analysis->filter.keeps[i])
			ret = number_site(matched, match, stacks, i,
					  &numbers[i]);
	return ret;
}

/* Parents come before what is called from them. */
static int match_dump(struct matcher *matcher, struct match *match,
		      uint32_t dump, const struct top *top,
		      const uint32_t *of_module)
{
	struct analysis *analysis = &matcher->set->array[dump];
	const struct tree *tree = &analysis->tree;
	size_t count = analysis->dump->node_count;
	uint32_t *stacks = region_new(count, sizeof(*stacks));
	struct matched matched = { .matcher = matcher,
				   .analysis = analysis,
				   .dump = dump,
				   .of_module = of_module };
	int ret = 0;

	matched.step_of =
		region_new(tree->frame_count, sizeof(*matched.step_of));
	if (!stacks || !matched.step_of)
		ret = DUMP_MEMORY;
	for (uint32_t i = 1; i < count && ret == 0; i++) {
		enum dump_node_kind kind = analysis->dump->node_kinds[i];
		uint32_t frame = tree->frame_of[i];

		if (!analysis->sites.is_used[i] || kind == DUMP_NODE_ROOT)
			continue;
		stacks[i] = stacks[tree_parent(tree, i)];
		if (kind == DUMP_NODE_CUT)
			ret = add_step(matcher, &stacks[i], CUT_STEP);
		else if (frame != 0 &&
			 !names_is_wrapper(&analysis->names, frame))
			ret = add_frame(&matched, frame, &stacks[i]);
	}
	if (ret == 0)
		ret = number_rows(&matched, match, top, stacks);
	region_free(stacks, count, sizeof(*stacks));
	region_free(matched.step_of, tree->frame_count,
		    sizeof(*matched.step_of));
	return ret;
}

int match_stacks(struct match *match, const struct set *set,
		 const struct top *tops)
{
	/* A program is often recorded under another directory. */
	struct matcher matcher = { .set = set, .names.strip_dirs = true };
	uint32_t **of_module = calloc(set->count, sizeof(*of_module));
	int ret = of_module ? 0 : DUMP_MEMORY;

	for (uint32_t t = 0; t < set->count && ret == 0; t++) {
		of_module[t] = calloc(set->array[t].tree.modules.count + 1,
				      sizeof(**of_module));
		ret = of_module[t] ? add_modules(&matcher, t, of_module[t])
				   : DUMP_MEMORY;
	}
	for (uint32_t t = 0; t < set->count && ret == 0; t++)
		ret = match_dump(&matcher, match, t, tops ? &tops[t] : NULL,
				 of_module[t]);
	for (size_t t = 0; t < set->count && of_module; t++)
		free(of_module[t]);
	free(of_module);
	free(matcher.builds);
	keys_done(&matcher.names);
	intmap_clear(&matcher.frames);
	free(matcher.stacks);
	region_free(matcher.table, matcher.table_room, sizeof(*matcher.table));
	intmap_clear(&matcher.kept);
	return ret;
}
