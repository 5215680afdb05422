/* SPDX-License-Identifier: MIT */
/* The module's face: settings, walks, forgetting. */
#include "config.h"

#include "preload/unwind/unwind.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#include "preload/unwind/known.h"
#include "preload/unwind/objects.h"
#include "preload/unwind/rules.h"
#include "preload/unwind/walker.h"

static struct {
	unsigned max_depth; /* 0: not initialised */
	bool verify;
	mp_unwind_differ_fn *on_difference;
} settings;

static struct {
	_Atomic uint64_t walks, differences;
} verified;

size_t mp_walker_bytes(void)
{
	return sizeof(struct mp_walker);
}

int mp_unwind_init(const struct mp_unwind_options *options)
{
	const int error = mp_objects_init(options);

	if (error)
		return error;
	mp_stack_init();
	if (mp_rules_init(options->method))
		return -ENOMEM;
	settings.verify = options->verify;
	settings.on_difference = options->on_difference;
	settings.max_depth = options->max_depth;
	if (settings.max_depth < 1 || settings.max_depth > MP_DEPTH_MAX)
		settings.max_depth = MP_DEPTH_MAX;
	return 0;
}

void mp_unwind_forget(void)
{
	mp_rules_clear();
	mp_objects_clear();
}

static uint32_t read_generation(void)
{
	return atomic_load_explicit(&mp_rules.generation, memory_order_acquire);
}

static void walk_plain(struct mp_walker *walker, const struct mp_regs *regs,
		       uint32_t generation, struct mp_walk *ret_walk)
{
	struct mp_plain plain = {
		.pcs = walker->plain,
		.depth = 1,
		.end = MP_WALK_CUT_NO_RULE,
	};

	if (settings.max_depth == 0)
		walker->plain[0] = regs->pc;
	else
		mp_plain_walk(&walker->stack, regs, generation, walker->plain,
			      settings.max_depth, &plain);
	*ret_walk = (struct mp_walk) {
		.pcs = plain.pcs,
		.depth = plain.depth,
		.end = plain.end,
		.last_end = walker->memo.end,
		.has_guess = plain.has_guess,
		.has_exact = plain.has_exact,
	};
}

void mp_unwind_walk_full(struct mp_walker *walker, const struct mp_regs *regs,
			 struct mp_walk *ret_walk)
{
	walk_plain(walker, regs, read_generation(), ret_walk);
}

static bool is_same(const struct mp_walk *a, const struct mp_walk *b)
{
	return a->depth == b->depth && a->end == b->end &&
	       a->has_guess == b->has_guess && a->has_exact == b->has_exact &&
	       memcmp(a->pcs, b->pcs, a->depth * sizeof(*a->pcs)) == 0;
}

/* entry: the walk was known by it, or will be; may be NULL. */
static __attribute__((noinline, cold)) void
verify(struct mp_walker *walker, const struct mp_regs *regs,
       uint32_t generation, const struct mp_walk *walk,
       struct mp_repeat_entry *entry)
{
	struct mp_walk full;
	uint64_t digest;
	bool is_right;

	walk_plain(walker, regs, generation, &full);
	digest = mp_repeat_digest(full.pcs, full.depth);
	if (walk->note && walk->note->tag)
		is_right = entry->digest == digest && walk->end == full.end &&
			   walk->has_guess == full.has_guess;
	else
		is_right = is_same(walk, &full);
	if (entry)
		entry->digest = digest;
	atomic_fetch_add_explicit(&verified.walks, 1, memory_order_relaxed);
	if (is_right)
		return;
	atomic_fetch_add_explicit(&verified.differences, 1,
				  memory_order_relaxed);
	if (settings.on_difference)
		settings.on_difference(regs, walk, &full);
}

void mp_unwind_verified(uint64_t *ret_walks, uint64_t *ret_differences)
{
	*ret_walks =
		atomic_load_explicit(&verified.walks, memory_order_relaxed);
	*ret_differences = atomic_load_explicit(&verified.differences,
						memory_order_relaxed);
}

/* Without the memory, which then knows nothing of the walk but its end. */
static __attribute__((noinline, cold)) void
walk_anew(struct mp_walker *walker, const struct mp_regs *regs,
	  uint32_t generation, struct mp_walk *ret_walk)
{
	walk_plain(walker, regs, generation, ret_walk);
	walker->memo.end = ret_walk->end;
}

void mp_unwind_walk_unknown(struct mp_walker *walker,
			    const struct mp_regs *regs,
			    const struct mp_known *known,
			    struct mp_walk *ret_walk)
{
	struct mp_repeat_entry *entry = known->entry;

	if (!mp_memo_walk(&walker->memo, &walker->stack, regs,
			  known->generation, settings.max_depth, ret_walk)) {
		walk_anew(walker, regs, known->generation, ret_walk);
		return;
	}
	if (entry &&
	    mp_repeat_wants(entry, regs->pc, &known->caller,
			    known->generation) &&
	    mp_repeat_keep(known->set, entry, &walker->memo, regs->pc,
			   &known->caller))
		ret_walk->note = &entry->note;
	else
		entry = NULL;
	if (__builtin_expect(settings.verify, 0))
		verify(walker, regs, known->generation, ret_walk, entry);
}

void mp_unwind_walk(struct mp_walker *walker, const struct mp_regs *regs,
		    struct mp_walk *ret_walk)
{
	struct mp_known known;

	if (__builtin_expect(settings.max_depth == 0, 0)) {
		walk_anew(walker, regs, read_generation(), ret_walk);
		return;
	}
	if (!mp_known_find(walker, regs, &known)) {
		mp_unwind_walk_unknown(walker, regs, &known, ret_walk);
		return;
	}
	ret_walk->pcs = NULL;
	ret_walk->depth = 0;
	ret_walk->end = (enum mp_walk_end)known.entry->end;
	ret_walk->has_guess = known.entry->has_guess;
	ret_walk->note = &known.entry->note;
	if (__builtin_expect(settings.verify, 0))
		verify(walker, regs, known.generation, ret_walk, known.entry);
}

void mp_unwind_walk_placed(struct mp_walker *walker, const struct mp_regs *regs,
			   struct mp_walk *ret_walk)
{
	const uint32_t generation = read_generation();

	if (settings.max_depth == 0 ||
	    !mp_memo_walk(&walker->memo, &walker->stack, regs, generation,
			  settings.max_depth, ret_walk))
		walk_anew(walker, regs, generation, ret_walk);
	else if (__builtin_expect(settings.verify, 0))
		verify(walker, regs, generation, ret_walk, NULL);
}

bool mp_unwind_place(const struct mp_walker *walker, const struct mp_walk *walk,
		     size_t i, uintptr_t *ret_sp)
{
	if (walk->pcs != walker->memo.pcs || i >= walk->depth)
		return false;
	*ret_sp = walker->memo.joints[i].sp;
	return true;
}
