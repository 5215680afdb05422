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

/* Ids of stacks: 0 is the empty one. Those without a stack at all: */
#define NO_STACK(kind) (UINT64_MAX - (uint64_t)(kind))
#define CUT_STEP       UINT64_MAX

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
	struct intmap steps;  /* stack and step: the longer stack */
	struct intmap kept;   /* stack: number of a row */
	uint32_t frame_count, stack_count;
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

static int add_step(struct matcher *matcher, uint32_t *stack, uint64_t what)
{
	uint32_t *longer = intmap_at(&matcher->steps, what, *stack);

	if (!longer)
		return DUMP_MEMORY;
	if (*longer == 0)
		*longer = ++matcher->stack_count;
	*stack = *longer;
	return 0;
}

/* What is stepped by: the id of an offset in a module, or a name. */
#define NAME_STEP(name) (UINT64_C(1) << 63 | (name))

static int add_offset(struct matcher *matcher, uint32_t module, uint64_t offset,
		      uint32_t *stack)
{
	uint32_t *id = intmap_at(&matcher->frames, offset, module);

	if (!id)
		return DUMP_MEMORY;
	if (*id == 0)
		*id = ++matcher->frame_count;
	return add_step(matcher, stack, *id);
}

static int add_frame(struct matcher *matcher, uint32_t dump, uint32_t frame,
		     const uint32_t *of_module, uint32_t *stack)
{
	struct analysis *analysis = &matcher->set->array[dump];
	const struct tree_frame *from = &analysis->tree.frames[frame];
	uint64_t address = tree_lookup_address(from);
	uint32_t number = MODULES_NONE;
	const struct sym_frame *known;
	size_t count = 0;
	uint32_t name;

	if (from->module != MODULES_NONE) {
		const struct module *module =
			&analysis->tree.modules.array[from->module];

		number = of_module[from->module];
		address -= module->bias;
		if (matcher->builds[number].is_rebuilt)
			count = names_of(&analysis->names, frame, &known);
		if (count && !known[count - 1].function)
			count = 0;
	}
	if (count == 0)
		return add_offset(matcher, number, address, stack);
	for (size_t i = count; i-- > 0;)
		if (add_name(matcher, dump, known[i].function,
			     analysis->tree.modules.array[from->module].path,
			     &name) < 0 ||
		    add_step(matcher, stack, NAME_STEP(name)) < 0)
			return DUMP_MEMORY;
	return 0;
}

static int number_rows(struct matcher *matcher, struct match *match,
		       uint32_t dump, const struct top *top,
		       const uint32_t *stacks)
{
	const struct sites *sites = &matcher->set->array[dump].sites;

	for (size_t i = 0; i < top->count; i++) {
		const struct site *site = &sites->array[top->rows[i].site];
		uint64_t stack = NO_STACK(site->kind);
		uint32_t *number;

		if (site->kind == SITE_STACK)
			stack = stacks[site->node];
		number = intmap_at(&matcher->kept, stack, 0);
		if (!number)
			return DUMP_MEMORY;
		if (*number == 0)
			*number = (uint32_t)++match->count;
		match->numbers[dump][i] = *number - 1;
	}
	return 0;
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
	int ret = stacks ? 0 : DUMP_MEMORY;

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
			ret = add_frame(matcher, dump, frame, of_module,
					&stacks[i]);
	}
	if (ret == 0)
		ret = number_rows(matcher, match, dump, top, stacks);
	region_free(stacks, count, sizeof(*stacks));
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
		ret = match_dump(&matcher, match, t, &tops[t], of_module[t]);
	for (size_t t = 0; t < set->count && of_module; t++)
		free(of_module[t]);
	free(of_module);
	free(matcher.builds);
	keys_done(&matcher.names);
	intmap_clear(&matcher.frames);
	intmap_clear(&matcher.steps);
	intmap_clear(&matcher.kept);
	return ret;
}
