/* SPDX-License-Identifier: MIT */
/* Stacks of two languages put together. */
#include "config.h"

#include "preload/record/merge.h"

#include <stdbool.h>

/* A stack being put together: as the last one so far, or not any more. */
struct chain {
	struct mp_merge *merge;
	size_t depth;
	size_t same; /* of it, outermost, that are as in the last one */
	bool is_as_last;
};

/* frames[first .. end) that one native frame runs. */
struct group {
	const struct mp_language_thread *thread;
	size_t first, end; /* equal: there are no more */
	uintptr_t inside;
};

static void add(struct chain *chain, uint64_t pc)
{
	struct mp_merge *merge = chain->merge;
	const size_t i = chain->depth++;

	if (chain->is_as_last && i < merge->depth && merge->pcs[i] == pc) {
		chain->same = chain->depth;
		return;
	}
	chain->is_as_last = false;
	merge->pcs[i] = pc;
}

/* The next group further in that has frames. */
static void next(struct group *group)
{
	const struct mp_language_frame *frames = group->thread->last.frames;
	const size_t count = group->thread->count;
	size_t i = group->end;

	while (i < count && !frames[i].where) {
		if (frames[i].inside)
			group->inside = frames[i].inside;
		i++;
	}
	if (i < count && frames[i].inside)
		group->inside = frames[i].inside;
	group->first = i;
	while (++i < count && !frames[i].inside)
		;
	group->end = i < count ? i : count;
	if (group->first >= count)
		group->first = group->end = count;
}

static struct group first(const struct mp_language_thread *thread)
{
	struct group group = { .thread = thread };

	next(&group);
	return group;
}

static bool is_group(const struct group *group)
{
	return group->first < group->end;
}

static void add_group(struct chain *chain, struct group *group,
		      bool is_evaluated)
{
	const struct mp_language_frame *frames = group->thread->last.frames;
	uint64_t flag = is_evaluated ? MPF_PYTHON_EVALUATED : 0;

	for (size_t i = group->first; i < group->end; i++) {
		if (!frames[i].where)
			continue;
		add(chain, frames[i].where | flag);
		flag = 0;
	}
	next(group);
}

static bool is_at(const struct group *group, uintptr_t sp)
{
	return is_group(group) &&
	       (group->inside >= sp || group->inside == MP_LANGUAGE_UNKNOWN);
}

/*
 * How many native frames are done when the chain begins where the last one is
 * still as it would be: with native frames as they were, and all others as
 * they were that were added or decided whether to.
 */
static size_t resume(struct chain *chain, struct group *group)
{
	const struct mp_merge *merge = chain->merge;
	const bool are_all = merge->others_kept == merge->others &&
			     merge->others == group->thread->count;
	size_t i = merge->native_kept;

	if (!chain->is_as_last || chain->depth > 0)
		return 0;
	if (i > merge->steps)
		i = merge->steps;
	while (i > 0 && !are_all &&
	       merge->step[i - 1].first >= merge->others_kept)
		i--;
	if (i == 0)
		return 0;
	chain->depth = chain->same = merge->step[i - 1].depth;
	group->end = merge->step[i - 1].end;
	next(group);
	return i;
}

/* By address: a group is run by the native frame that its address is in. */
static void merge_by_place(struct chain *chain, struct group group,
			   const struct mp_walker *walker,
			   const struct mp_walk *walk)
{
	uintptr_t sp = 0;
	size_t done = resume(chain, &group);
	uint32_t end = done > 0 ? chain->merge->step[done - 1].end : 0;

	for (size_t i = done; i < walk->depth; i++) {
		/* What lies outside of the outermost frame is of frames that
		 * were cut, and perhaps of that one. */
		mp_unwind_place(walker, walk, i, &sp);
		while (i == 0 && walk->end != MP_WALK_COMPLETE &&
		       is_group(&group) && group.inside >= sp) {
			end = (uint32_t)group.end;
			add_group(chain, &group, false);
		}
		add(chain, walk->pcs[i]);
		while (is_at(&group, sp)) {
			end = (uint32_t)group.end;
			add_group(chain, &group,
				  group.inside != MP_LANGUAGE_UNKNOWN);
		}
		chain->merge->step[i] =
			(struct mp_merge_step) { (uint32_t)chain->depth, end,
						 (uint32_t)group.first };
	}
	chain->merge->steps = walk->depth;
	while (is_group(&group))
		add_group(chain, &group, false);
}

static size_t count_groups(struct group group)
{
	size_t count = 0;

	for (; is_group(&group); next(&group))
		count++;
	return count;
}

/*
 * By order: the native frames in the evaluator's code run one group each. Only
 * where both are as many is each sure to have its own.
 */
static void merge_by_order(struct chain *chain, struct group group,
			   const struct mp_language *language,
			   const struct mp_walk *walk)
{
	size_t groups = count_groups(group), evaluators = 0;
	uintptr_t from, to;
	bool is_sure;

	language->evaluator(&from, &to);
	for (size_t i = 0; i < walk->depth; i++)
		evaluators += (walk->pcs[i] & MPF_PC_MASK) - from < to - from;
	is_sure = evaluators == groups && !group.thread->is_cut;
	/* The outermost ones may be beyond the end of a stack that was cut. */
	for (; walk->end != MP_WALK_COMPLETE && groups > evaluators; groups--)
		add_group(chain, &group, false);
	for (size_t i = 0; i < walk->depth; i++) {
		add(chain, walk->pcs[i]);
		if (is_group(&group) &&
		    (walk->pcs[i] & MPF_PC_MASK) - from < to - from)
			add_group(chain, &group, is_sure);
	}
	while (is_group(&group))
		add_group(chain, &group, false);
}

/* Does each group know where it is? */
static bool has_places(const struct mp_walker *walker,
		       const struct mp_language_thread *thread,
		       const struct mp_walk *walk)
{
	uintptr_t sp;

	if (walk->depth == 0 || !mp_unwind_place(walker, walk, 0, &sp))
		return false;
	/* All of them do, but for the outermost, or none does. */
	for (size_t i = thread->count; i > 0; i--)
		if (thread->last.frames[i - 1].inside)
			return thread->last.frames[i - 1].inside !=
			       MP_LANGUAGE_UNKNOWN;
	return true;
}

uint32_t mp_merge_node(struct mp_merge *merge, struct mp_writer *writer,
		       const struct mp_language *language,
		       const struct mp_language_thread *thread,
		       const struct mp_walk *walk, uint32_t base)
{
	struct chain chain = {
		.merge = merge,
		.is_as_last = base == merge->base && base != 0,
	};

	const bool is_odd = thread->is_cut || thread->is_broken;
	uint32_t node = base;

	if (__builtin_expect(is_odd, 0))
		add(&chain, MPF_PYTHON_AT(0, MPF_PYTHON_LEFT_OUT));
	if (has_places(writer->walker, thread, walk)) {
		merge_by_place(&chain, first(thread), writer->walker, walk);
	} else {
		merge->steps = 0;
		merge_by_order(&chain, first(thread), language, walk);
	}
	/* The sign that some are missing is none of the native frames'. */
	if (__builtin_expect(is_odd, 0))
		merge->steps = 0;
	merge->native_kept = walk->depth;
	merge->others_kept = merge->others = thread->count;
	merge->depth = chain.depth;
	if (chain.same > 0)
		node = merge->nodes[chain.same - 1];
	node = mp_writer_intern(writer, node, merge->pcs + chain.same,
				chain.depth - chain.same,
				merge->nodes + chain.same);
	merge->base = node ? base : 0;
	return node;
}
