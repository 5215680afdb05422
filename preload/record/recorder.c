/* SPDX-License-Identifier: MIT */
/* The recorder: the way of one event through the parts. */
#include "config.h"

#include "preload/record/recorder.h"

#include "preload/record/check.h"
#include "preload/record/counters.h"
#include "preload/record/inner.h"
#include "preload/record/lifetimes.h"
#include "preload/record/mixed.h"
#include "preload/record/modules.h"
#include "preload/record/pools.h"
#include "preload/record/recall.h"
#include "preload/record/sample.h"
#include "preload/record/stacks.h"
#include "preload/record/timeline.h"
#include "preload/record/writer.h"
#include "preload/unwind/known.h"

bool mp_recorder_is_odd;

static void add(uint64_t *counter, uint64_t n)
{
	__atomic_fetch_add(counter, n, __ATOMIC_RELAXED);
}

/* The node a walk begins under. */
static uint32_t base_node(struct mp_writer *writer, enum mp_walk_end end,
			  uint32_t generation)
{
	uint32_t node;

	node = mp_writer_child(writer, MP_NODE_NONE,
			       (uint64_t)MPF_NODE_ROOT << 60 | generation);
	if (node && end != MP_WALK_COMPLETE)
		node = mp_writer_child(writer, node,
				       (uint64_t)MPF_NODE_CUT << 60 | end);
	return node;
}

/* The node of a walk, of which what changed since the last one is interned. */
static uint32_t chain_node(struct mp_writer *writer, const struct mp_walk *walk)
{
	uint32_t generation =
		__atomic_load_n(&mp_modules.generation, __ATOMIC_ACQUIRE);
	size_t i = walk->kept;
	uint32_t node;

	/* Nodes of another generation, of a walk that was cut elsewhere, or
	 * that the trie had no room for, are not built upon. */
	if (writer->chain_generation != generation ||
	    walk->end != walk->last_end || i > writer->chain_depth)
		i = 0;
	writer->chain_generation = 0;
	node = i > 0 ? writer->nodes[i - 1]
		     : base_node(writer, walk->end, generation);
	node = mp_writer_intern(writer, node, walk->pcs + i, walk->depth - i,
				writer->nodes + i);
	if (node) {
		writer->chain_generation = generation;
		writer->chain_depth = (uint32_t)walk->depth;
	}
	return node;
}

static void count_oddities(struct mpf_thread *record,
			   const struct mp_walk *walk)
{
	record->guessed += walk->has_guess;
	record->cut_depth += walk->end == MP_WALK_CUT_DEPTH;
	record->cut_no_rule += walk->end == MP_WALK_CUT_NO_RULE;
	record->cut_bad_stack += walk->end == MP_WALK_CUT_BAD_STACK;
}

/* A stack with frames of another language. node: as it is known, or 0. */
static uint32_t mixed_node(struct mp_writer *writer, const struct mp_walk *walk,
			   uint32_t node)
{
	const uint32_t generation =
		__atomic_load_n(&mp_modules.generation, __ATOMIC_ACQUIRE);

	if (__builtin_expect(walk->has_guess || walk->end != MP_WALK_COMPLETE,
			     0))
		count_oddities(writer->record, walk);
	if (__builtin_expect(node != 0, 1))
		return node;
	node = mp_mixed_node(writer, walk,
			     base_node(writer, walk->end, generation));
	if (__builtin_expect(mp_check_verify, 0))
		mp_check_verified();
	return node;
}

/* A native stack, where the walker's notes are not about those. */
static uint32_t unnoted_node(struct mp_writer *writer,
			     const struct mp_regs *regs)
{
	struct mp_walk walk;

	mp_unwind_walk_placed(writer->walker, regs, &walk);
	mp_mixed_walked(writer);
	if (walk.has_guess || walk.end != MP_WALK_COMPLETE)
		count_oddities(writer->record, &walk);
	if (__builtin_expect(mp_check_verify, 0))
		mp_check_verified();
	return chain_node(writer, &walk);
}

/*
 * The node of a stack, the long way. known: what was found out of it already,
 * or NULL. *ret_note is where to keep what belongs to the stack, or NULL.
 */
static uint32_t stack_node(struct mp_writer *writer, const struct mp_regs *regs,
			   const struct mp_known *known,
			   struct mp_note **ret_note)
{
	struct mp_walk walk;
	uint32_t node;

	*ret_note = NULL;
	if (__builtin_expect(mp_mixed_on, 0)) {
		if (mp_mixed_walk(writer, regs, known, &walk, &node))
			return mixed_node(writer, &walk, node);
		if (mp_mixed_has_notes(writer))
			return unnoted_node(writer, regs);
	}
	if (known && !known->is_found)
		mp_unwind_walk_unknown(writer->walker, regs, known, &walk);
	else
		mp_unwind_walk(writer->walker, regs, &walk);
	if (__builtin_expect(walk.has_guess || walk.end != MP_WALK_COMPLETE, 0))
		count_oddities(writer->record, &walk);
	if (__builtin_expect(mp_check_verify, 0))
		mp_check_verified();
	*ret_note = walk.note;
	if (walk.note && walk.note->tag)
		return walk.note->tag;
	node = chain_node(writer, &walk);
	if (walk.note)
		walk.note->tag = node;
	return node;
}

static void overflow_alloc(size_t bytes)
{
	add(&mp_file.header->overflow.alloc_bytes, bytes);
	add(&mp_file.header->overflow.allocs, 1);
}

static void overflow_free(size_t bytes)
{
	add(&mp_file.header->overflow.frees, 1);
	add(&mp_file.header->overflow.free_bytes, bytes);
}

/* What a block is counted as. */
struct place {
	struct mpf_slot *slot; /* NULL: there is no room */
	uint32_t id;	       /* of the class */
};

/* The class of a stack and a leaf below it. */
static struct place class_below(struct mp_writer *writer, uint32_t node,
				uint32_t leaf)
{
	struct mp_class *class = mp_writer_class(writer, node, leaf);
	struct place place = { NULL, 0 };

	if (class->node == node && class->leaf == leaf && node)
		return (struct place) { class->slot, class->id };
	if (!node)
		return place;
	place.id = mp_writer_child(writer, node,
				   (uint64_t)MPF_NODE_CLASS << 60 | leaf);
	if (place.id)
		place.slot = mp_writer_slot(writer, place.id);
	if (place.slot)
		*class = (struct mp_class) { node, leaf, place.id, place.slot };
	return place;
}

static void note_class(struct mp_note *note, uint32_t leaf, struct place place)
{
	if (!place.slot)
		return;
	note->detail[0] = leaf;
	note->detail[1] = place.id;
	note->place = place.slot;
}

static __attribute__((noinline)) struct place
place_anew(struct mp_writer *writer, uint32_t leaf, const struct mp_regs *regs,
	   const struct mp_known *known)
{
	struct mp_note *note;
	uint32_t node = stack_node(writer, regs, known, &note);
	struct place place;

	if (__builtin_expect(mp_check_every != 0, 0))
		mp_check(writer, regs, node);
	place = class_below(writer, node, leaf);
	if (note)
		note_class(note, leaf, place);
	return place;
}

/* The stack is known, but was met with another class last. */
static __attribute__((noinline)) struct place
place_noted(struct mp_writer *writer, uint32_t leaf, struct mp_note *note)
{
	struct place place = class_below(writer, note->tag, leaf);

	note_class(note, leaf, place);
	return place;
}

/* A stack's note holds the class met last with it. */
static inline struct place place_of(struct mp_writer *writer, size_t bytes,
				    enum mpf_call call,
				    const struct mp_regs *regs)
{
	uint32_t leaf = (uint32_t)MPF_CLASS(call, mpf_bucket(bytes));
	struct mp_known known;
	struct mp_note *note = mp_unwind_known(writer->walker, regs, &known);

	if (__builtin_expect(!note, 0))
		return place_anew(writer, leaf, regs, &known);
	if (__builtin_expect(note->detail[0] == leaf, 1))
		return (struct place) { note->place, note->detail[1] };
	return place_noted(writer, leaf, note);
}

static __attribute__((noinline)) struct place
sampled_place(struct mp_writer *writer, size_t bytes, enum mpf_call call,
	      const struct mp_regs *regs)
{
	uint64_t kept = bytes < MPF_SIZED_MAX ? bytes : MPF_SIZED_MAX;
	struct place place = { NULL, 0 };
	struct mp_note *note;
	uint32_t node = stack_node(writer, regs, NULL, &note);

	mp_check(writer, regs, node);
	if (node)
		place.id = mp_writer_child(writer, node,
					   (uint64_t)MPF_NODE_SIZED << 60 |
						   MPF_SIZED(call, kept));
	if (place.id)
		place.slot = mp_writer_slot(writer, place.id);
	return place;
}

/* With frames of another language. */
static inline struct place mixed_place(struct mp_writer *writer, uint32_t leaf,
				       const struct mp_regs *regs)
{
	const struct mp_recalled *recalled = NULL;
	const struct mp_known *looked = NULL;
	struct mp_known known;
	struct place place;

	/* The test modes take the long way too. */
	if (__builtin_expect(mp_mixed_on &&
				     (mp_check_every == 0 || mp_check_verify),
			     1)) {
		mp_recall_begin(writer);
		recalled = mp_recall_find(writer, regs, leaf, &known);
		looked = mp_mixed_has_notes(writer) ? &known : NULL;
	}
	if (__builtin_expect(recalled && !mp_check_verify, 1))
		return (struct place) { recalled->slot, recalled->id };
	place = place_anew(writer, leaf, regs, looked);
	if (recalled)
		mp_mixed_compare(recalled->id, place.id);
	else if (mp_mixed_on)
		mp_recall_keep(writer, leaf, place.id, place.slot);
	return place;
}

/* In the modes that are not the usual one. */
static inline struct place odd_place(struct mp_writer *writer, size_t bytes,
				     enum mpf_call call,
				     const struct mp_regs *regs)
{
	/* Handlers come at any time, also while the answer is found. */
	if (__builtin_expect(mp_mixed_has_objects, 0) &&
	    call < MPF_CALL_OBJECT && !writer->is_nested)
		mp_mixed_attend();
	if (__builtin_expect(mp_sample.bytes == 0, 0))
		return mixed_place(writer,
				   (uint32_t)MPF_CLASS(call, mpf_bucket(bytes)),
				   regs);
	if (__builtin_expect(mp_sample_skips(writer, bytes), 1))
		return (struct place) { mp_writer_slot_seen(
						writer, mp_sample.unsampled),
					mp_sample.unsampled };
	return sampled_place(writer, bytes, call, regs);
}

/* Counts the block and returns its class. */
static inline uint32_t count_alloc(const void *addr, size_t bytes,
				   enum mpf_call call,
				   const struct mp_regs *regs)
{
	struct mp_writer *writer = mp_writer_enter();
	uint32_t id = MP_NODE_OVERFLOW;
	struct place place;

	if (__builtin_expect(!writer, 0)) {
		overflow_alloc(bytes);
		return id;
	}
	if (__builtin_expect(mp_recorder_is_odd, 0))
		place = odd_place(writer, bytes, call, regs);
	else
		place = place_of(writer, bytes, call, regs);
	if (__builtin_expect(place.slot != NULL, 1)) {
		mp_counters_alloc(writer, place.slot, bytes);
		id = place.id;
	} else {
		overflow_alloc(bytes);
	}
	writer->last_block = addr;
	mp_timeline_count(writer);
	mp_writer_leave(writer);
	return id;
}

uint32_t mp_recorder_count(const void *addr, size_t bytes, enum mpf_call call,
			   const struct mp_regs *regs)
{
	return count_alloc(addr, bytes, call, regs);
}

uint32_t mp_recorder_stack(const struct mp_regs *regs)
{
	struct mp_writer *writer = mp_writer_enter();
	struct mp_note *note;
	uint32_t node;

	if (!writer)
		return MP_NODE_NONE;
	node = stack_node(writer, regs, NULL, &note);
	if (mp_check_every != 0)
		mp_check(writer, regs, node);
	mp_writer_leave(writer);
	return node;
}

static __attribute__((noinline)) void untracked(size_t bytes)
{
	add(&mp_file.header->untracked_allocs, 1);
	add(&mp_file.header->untracked_bytes, bytes);
}

void mp_recorder_alloc(const void *addr, size_t bytes, enum mpf_call call,
		       const struct mp_regs *regs)
{
	uint32_t *entry = mp_blocks_reserve(addr);
	struct mp_block block = { .bytes = bytes }, stale;

	if (__builtin_expect(!entry, 0)) {
		untracked(bytes);
		return;
	}
	/* Its free was not seen: nobody is given an address twice. */
	if (__builtin_expect(*entry != 0, 0) && mp_recorder_take(addr, &stale))
		mp_recorder_free_taken(addr, &stale);
	block.class_node = count_alloc(addr, bytes, call, regs);
	if (__builtin_expect(mp_births_is_on, 0))
		mp_lifetimes_begin(addr, block.class_node, bytes);
	mp_blocks_put(entry, block);
}

/* The long way of an object, with the writer entered. */
static __attribute__((noinline)) struct place
object_place(struct mp_writer *writer, uint32_t leaf,
	     const struct mp_regs *regs, const struct mp_known *known)
{
	struct place place;

	mp_recall_begin(writer);
	place = place_anew(writer, leaf, regs,
			   mp_mixed_has_notes(writer) ? known : NULL);
	mp_recall_keep(writer, leaf, place.id, place.slot);
	return place;
}

void mp_recorder_object(const void *addr, size_t bytes, enum mpf_call call,
			const struct mp_regs *regs)
{
	const uint32_t leaf = (uint32_t)MPF_CLASS(call, mpf_bucket(bytes));
	uint32_t *entry = mp_blocks_entry(addr);
	struct mp_writer *writer;
	const struct mp_recalled *recalled;
	struct mp_known known;
	struct place place;

	/* A mode, the first of its kind, or one whose free was not seen. */
	if (__builtin_expect(!mp_mixed_is_plain || !entry || *entry, 0)) {
		mp_recorder_alloc(addr, bytes, call, regs);
		return;
	}
	writer = mp_writer_enter();
	if (__builtin_expect(!writer, 0)) {
		overflow_alloc(bytes);
		mp_blocks_put(entry, (struct mp_block) {
					     .class_node = MP_NODE_OVERFLOW,
					     .bytes = bytes });
		return;
	}
	recalled = mp_recall_find(writer, regs, leaf, &known);
	if (__builtin_expect(recalled != NULL, 1))
		place = (struct place) { recalled->slot, recalled->id };
	else
		place = object_place(writer, leaf, regs, &known);
	if (__builtin_expect(place.slot != NULL, 1)) {
		mp_counters_alloc(writer, place.slot, bytes);
	} else {
		overflow_alloc(bytes);
		place.id = MP_NODE_OVERFLOW;
	}
	writer->last_block = addr;
	mp_timeline_count(writer);
	mp_writer_leave(writer);
	mp_blocks_put(entry, (struct mp_block) { .class_node = place.id,
						 .bytes = bytes });
}

/* Of what was not sampled, or had no room, nothing tells. */
static bool may_be_object(uint32_t class_node)
{
	uint64_t pc;

	if (class_node == MP_NODE_OVERFLOW)
		return true;
	if (!mp_stacks_has(class_node))
		return false;
	pc = mp_stacks_pc(class_node);
	switch (MPF_PC_KIND(pc)) {
	case MPF_NODE_CLASS:
		return MPF_CLASS_CALL(pc) >= MPF_CALL_OBJECT;
	case MPF_NODE_SIZED:
		return MPF_SIZED_CALL(pc) >= MPF_CALL_OBJECT;
	default:
		return MPF_PC_KIND(pc) == MPF_NODE_UNSAMPLED;
	}
}

bool mp_recorder_has_object(const void *addr)
{
	const uint32_t *entry = mp_blocks_entry(addr);
	struct mp_block block;
	unsigned words;

	words = entry ? mp_blocks_read(entry, &block) : 0;
	/* What looks like a class may be the size of the block around. Behind
	 * that nothing is kept, and no block with a word for its size has 0. */
	return words && (words == 1 || block.bytes > 0) &&
	       may_be_object(block.class_node);
}

void mp_recorder_failed(void)
{
	struct mp_writer *writer = mp_writer_enter();

	if (!writer)
		return;
	writer->record->failed++;
	mp_writer_leave(writer);
}

void mp_recorder_foreign_free(void)
{
	struct mp_writer *writer = mp_writer_enter();

	if (!writer)
		return;
	writer->record->foreign_frees++;
	mp_writer_leave(writer);
}

void mp_recorder_foreign_realloc(void)
{
	struct mp_writer *writer = mp_writer_enter();

	if (!writer)
		return;
	writer->record->foreign_reallocs++;
	mp_writer_leave(writer);
}

bool mp_recorder_take(const void *addr, struct mp_block *ret_block)
{
	if (!mp_blocks_take(addr, ret_block))
		return false;
	if (__builtin_expect(mp_births_is_on, 0))
		mp_births_read(addr, ret_block);
	return true;
}

void mp_recorder_restore(const void *addr, const struct mp_block *block)
{
	mp_blocks_add(addr, *block);
}

static inline __attribute__((always_inline)) void
free_taken(const void *addr, const struct mp_block *block, bool has_birth)
{
	struct mp_writer *writer;
	struct mpf_slot *slot = NULL;

	if (block->class_node == MP_NODE_OVERFLOW) {
		overflow_free(block->bytes);
		return;
	}
	writer = mp_writer_enter();
	if (!writer) {
		overflow_free(block->bytes);
		return;
	}
	slot = mp_writer_slot_seen(writer, block->class_node);
	if (slot) {
		mp_counters_free(writer, slot, block->bytes);
		if (__builtin_expect(has_birth, 0))
			mp_lifetimes_end(writer, block);
		if (writer->last_block == addr) {
			__atomic_store_n(&slot->temporary, slot->temporary + 1,
					 __ATOMIC_RELAXED);
			writer->last_block = NULL;
		}
	} else {
		overflow_free(block->bytes);
	}
	mp_writer_leave(writer);
}

void mp_recorder_free_taken(const void *addr, const struct mp_block *block)
{
	free_taken(addr, block, mp_births_is_on);
}

static __attribute__((noinline)) bool free_with_birth(const void *addr)
{
	struct mp_block block;

	if (!mp_recorder_take(addr, &block))
		return false;
	free_taken(addr, &block, true);
	return true;
}

bool mp_recorder_free_known(const void *addr)
{
	struct mp_block block;

	/* Asked once, so that the usual way has registers for the block. */
	if (__builtin_expect(mp_births_is_on, 0))
		return free_with_birth(addr);
	if (!mp_blocks_take(addr, &block))
		return false;
	free_taken(addr, &block, false);
	return true;
}

static __attribute__((noinline)) bool free_unknown(const void *addr)
{
	if (addr && !mp_pools_dissolve(addr) && !mp_inner_forgets(addr))
		mp_recorder_foreign_free();
	return false;
}

bool mp_recorder_free(const void *addr)
{
	struct mp_block block;

	if (__builtin_expect(mp_births_is_on, 0))
		return free_with_birth(addr) || free_unknown(addr);
	if (__builtin_expect(!mp_blocks_take(addr, &block), 0))
		return free_unknown(addr);
	free_taken(addr, &block, false);
	return true;
}

void mp_recorder_forget(const void *start, size_t bytes)
{
	const void *const end = (const char *)start + bytes;

	while ((start = mp_blocks_next(start, end)) != NULL)
		mp_recorder_free_known(start);
}
