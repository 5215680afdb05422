/* SPDX-License-Identifier: MIT */
/* Stacks of two languages. */
#include "config.h"

#include "preload/record/mixed.h"

#include <stddef.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/python/language.h"
#include "preload/record/codes.h"
#include "preload/record/recorder.h"

/* Of a stack: native ones, the others, and the sign that some are missing. */
#define NODES_MAX (MP_DEPTH_MAX + MP_LANGUAGE_FRAMES + 1u)

/* What a writer owns once its thread had other frames. */
struct mp_mixed {
	struct mp_language_thread thread;
	bool is_interrupted; /* the last walk went through a signal frame */
	uint32_t base;	     /* what nodes[0] is a child of; 0: nothing kept */
	size_t depth;
	uint64_t pcs[NODES_MAX]; /* of the last stack, outermost first */
	uint32_t nodes[NODES_MAX];
};

/* A stack being put together: as the last one so far, or not any more. */
struct chain {
	struct mp_writer *writer;
	struct mp_mixed *mixed;
	size_t depth;
	uint32_t node;
	bool is_as_last;
};

bool mp_mixed_on;
static const struct mp_language *language = &mp_python;
static bool is_wanted;

void mp_mixed_init(bool is_on)
{
	is_wanted = is_on;
}

/* One line says why there are no Python frames; reports say it too. */
static void say_state(enum mpf_python state, uint32_t version)
{
	static const char *const reasons[] = {
		[MPF_PYTHON_VERSION] = " is no version that memprof knows",
		[MPF_PYTHON_THREADED] = " is built without the global lock",
		[MPF_PYTHON_DIFFERENT] = " is not built as memprof knows it",
		[MPF_PYTHON_STOPPED] =
			" has frames that are not as memprof knows them",
	};
	char buf[96];
	struct mp_text text;

	if (state == MPF_PYTHON_ON)
		return;
	mp_text_init(&text, buf, sizeof(buf));
	mp_text_dec(&text, version >> 24);
	mp_text_str(&text, ".");
	mp_text_dec(&text, version >> 16 & 255);
	mp_text_str(&text, reasons[state]);
	mp_say("Python ", buf, "; stacks have its native frames only");
}

static void note_state(void)
{
	struct mpf_header *header = mp_file.header;
	uintptr_t address;
	uint32_t version;
	const enum mpf_python state = language->state(&version, &address);

	if (header->python == (uint32_t)state)
		return;
	header->python_version = version;
	header->python_address = address;
	header->python = (uint32_t)state;
	__atomic_fetch_or(&header->mode, MPF_MODE_PYTHON, __ATOMIC_RELAXED);
	say_state(state, version);
	/* From now on a known native stack says nothing of its class. */
	if (state == MPF_PYTHON_ON)
		mp_recorder_is_odd = true;
	__atomic_store_n(&mp_mixed_on, state == MPF_PYTHON_ON,
			 __ATOMIC_RELEASE);
}

void mp_mixed_object(const struct mp_code_object *object)
{
	if (is_wanted &&
	    language->object(object->start, object->end, object->bias))
		note_state();
}

void mp_mixed_forked(void)
{
	mp_codes_forked();
}

static uint32_t intern(void *arg, uintptr_t code)
{
	const struct mp_writer *writer = arg;
	const uint32_t id = mp_codes_id(language, code, !writer->is_nested);

	if (!id)
		__atomic_fetch_add(&mp_file.header->python_unknown, 1,
				   __ATOMIC_RELAXED);
	return id;
}

/* Does the stack go through a frame that a signal interrupted? */
static bool is_interrupted(const struct mp_mixed *mixed,
			   const struct mp_walk *walk)
{
	/* What was kept is as it was. */
	bool is_found = mixed->is_interrupted && walk->kept > 0;

	for (size_t i = walk->kept; i < walk->depth && !is_found; i++)
		is_found = (walk->pcs[i] & MP_PC_EXACT) != 0;
	return is_found;
}

bool mp_mixed_walk(struct mp_writer *writer, const struct mp_regs *regs,
		   struct mp_walk *ret_walk)
{
	struct mp_mixed *mixed = writer->mixed;

	if (!language->has_frames())
		return false;
	if (__builtin_expect(!mixed, 0)) {
		mixed = mp_map_new(sizeof(*mixed));
		if (!mixed)
			return false;
		writer->mixed = mixed;
	}
	mp_unwind_walk_placed(writer->walker, regs, ret_walk);
	/* The nodes of a native stack are those of another walk now. */
	writer->chain_generation = 0;
	mixed->is_interrupted = is_interrupted(mixed, ret_walk);
	if (!language->walk(&mixed->thread, mixed->is_interrupted, intern,
			    writer)) {
		mixed->thread.count = 0;
		mixed->thread.is_cut = mixed->thread.is_broken = false;
		note_state();
	}
	return true;
}

static void add(struct chain *chain, uint64_t pc)
{
	struct mp_mixed *mixed = chain->mixed;
	const size_t i = chain->depth++;

	if (chain->is_as_last && i < mixed->depth && mixed->pcs[i] == pc) {
		chain->node = mixed->nodes[i];
		return;
	}
	chain->is_as_last = false;
	if (chain->node)
		chain->node = mp_writer_child(chain->writer, chain->node, pc);
	mixed->pcs[i] = pc;
	mixed->nodes[i] = chain->node;
}

/*
 * The group of frames that ends with frames[end - 1], its outermost one.
 * Returns where the next group further in ends.
 */
static size_t add_group(struct chain *chain, size_t end, bool is_evaluated)
{
	const struct mp_language_frame *frames = chain->mixed->thread.frames;
	uint64_t flag = is_evaluated ? MPF_PYTHON_EVALUATED : 0;

	do {
		add(chain, frames[--end].where | flag);
		flag = 0;
	} while (end > 0 && !frames[end - 1].inside);
	return end;
}

static bool is_at(const struct mp_language_frame *frame, uintptr_t sp)
{
	return frame->inside >= sp || frame->inside == MP_LANGUAGE_UNKNOWN;
}

/* By address: a group is run by the native frame that its address is in. */
static void merge_by_place(struct chain *chain, const struct mp_walk *walk)
{
	const struct mp_language_thread *thread = &chain->mixed->thread;
	size_t end = thread->count;
	uintptr_t sp = 0;

	for (size_t i = 0; i < walk->depth; i++) {
		/* What lies outside of the outermost frame is of frames that
		 * were cut, and perhaps of that one. */
		mp_unwind_place(chain->writer->walker, walk, i, &sp);
		while (i == 0 && walk->end != MP_WALK_COMPLETE && end > 0 &&
		       thread->frames[end - 1].inside >= sp)
			end = add_group(chain, end, false);
		add(chain, walk->pcs[i]);
		while (end > 0 && is_at(&thread->frames[end - 1], sp))
			end = add_group(chain, end,
					thread->frames[end - 1].inside !=
						MP_LANGUAGE_UNKNOWN);
	}
	while (end > 0)
		end = add_group(chain, end, false);
}

static size_t count_groups(const struct mp_language_thread *thread)
{
	size_t count = 0;

	for (size_t i = 0; i < thread->count; i++)
		count += thread->frames[i].inside != 0;
	return count;
}

/*
 * By order: the native frames in the evaluator's code run one group each. Only
 * where both are as many is each sure to have its own.
 */
static void merge_by_order(struct chain *chain, const struct mp_walk *walk)
{
	const struct mp_language_thread *thread = &chain->mixed->thread;
	size_t end = thread->count, groups = count_groups(thread);
	size_t evaluators = 0;
	uintptr_t from, to;
	bool is_sure;

	language->evaluator(&from, &to);
	for (size_t i = 0; i < walk->depth; i++)
		evaluators += (walk->pcs[i] & MPF_PC_MASK) - from < to - from;
	is_sure = evaluators == groups && !thread->is_cut;
	/* The outermost ones may be beyond the end of a stack that was cut. */
	for (; walk->end != MP_WALK_COMPLETE && groups > evaluators; groups--)
		end = add_group(chain, end, false);
	for (size_t i = 0; i < walk->depth; i++) {
		add(chain, walk->pcs[i]);
		if (end > 0 && (walk->pcs[i] & MPF_PC_MASK) - from < to - from)
			end = add_group(chain, end, is_sure);
	}
	while (end > 0)
		end = add_group(chain, end, false);
}

/* Does each group know where it is? */
static bool has_places(const struct chain *chain, const struct mp_walk *walk)
{
	const struct mp_language_thread *thread = &chain->mixed->thread;
	uintptr_t sp;

	if (walk->depth == 0 ||
	    !mp_unwind_place(chain->writer->walker, walk, 0, &sp))
		return false;
	/* All of them do, but for the outermost, or none does. */
	for (size_t i = 0; i < thread->count; i++)
		if (thread->frames[i].inside)
			return thread->frames[i].inside != MP_LANGUAGE_UNKNOWN;
	return true;
}

static void count_oddities(const struct mp_language_thread *thread)
{
	struct mpf_header *header = mp_file.header;

	if (thread->is_cut)
		__atomic_fetch_add(&header->python_cut, 1, __ATOMIC_RELAXED);
	if (thread->is_broken) {
		__atomic_fetch_add(&header->python_broken, 1, __ATOMIC_RELAXED);
		note_state();
	}
}

uint32_t mp_mixed_node(struct mp_writer *writer, const struct mp_walk *walk,
		       uint32_t base)
{
	struct mp_mixed *mixed = writer->mixed;
	struct chain chain = {
		.writer = writer,
		.mixed = mixed,
		.node = base,
		.is_as_last = base == mixed->base && base != 0,
	};

	if (__builtin_expect(mixed->thread.is_cut || mixed->thread.is_broken,
			     0)) {
		count_oddities(&mixed->thread);
		add(&chain, MPF_PYTHON_AT(0, MPF_PYTHON_LEFT_OUT));
	}
	if (has_places(&chain, walk))
		merge_by_place(&chain, walk);
	else
		merge_by_order(&chain, walk);
	mixed->depth = chain.depth;
	mixed->base = chain.node ? base : 0;
	return chain.node;
}
