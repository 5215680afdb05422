/* SPDX-License-Identifier: MIT */
/* Stacks of two languages. */
#include "config.h"

#include "preload/record/mixed.h"

#include <stdatomic.h>

#include "preload/base/map.h"
#include "preload/base/say.h"
#include "preload/python/language.h"
#include "preload/record/births.h"
#include "preload/record/check.h"
#include "preload/record/codes.h"
#include "preload/record/mixed_state.h"
#include "preload/record/modules.h"
#include "preload/record/recorder.h"
#include "preload/record/sample.h"
#include "preload/unwind/known.h"

bool mp_mixed_on;
static const struct mp_language *const language = &mp_python;
bool mp_mixed_has_objects;
bool mp_mixed_is_plain;
static bool is_wanted, is_object_wanted;
static struct {
	_Atomic uint64_t nodes, differences;
} verified;

void mp_mixed_init(bool is_on, bool has_objects)
{
	is_wanted = is_on;
	is_object_wanted = has_objects;
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
	mp_mixed_is_plain = state == MPF_PYTHON_ON && !mp_births_is_on &&
			    !mp_sample.bytes && !mp_check_every &&
			    !mp_check_verify;
	mp_mixed_has_objects = is_object_wanted && state == MPF_PYTHON_ON;
	if (mp_mixed_has_objects)
		mp_mixed_attend();
}

void mp_mixed_object(const struct mp_code_object *object)
{
	if (is_wanted &&
	    language->object(object->start, object->end, object->bias))
		note_state();
}

void mp_mixed_attend(void)
{
	const enum mpf_python_objects objects = language->attend();

	if (mp_file.header->python_objects != (uint32_t)objects)
		mp_file.header->python_objects = (uint32_t)objects;
}

void mp_mixed_arena(int32_t pages)
{
	struct mpf_header *header = mp_file.header;
	uint32_t was =
		__atomic_load_n(&header->python_arena_pages, __ATOMIC_RELAXED);
	uint32_t now, most;

	/* One that was not seen to come may go. */
	do
		now = pages < 0 && was < (uint32_t)-pages
			      ? 0
			      : was + (uint32_t)pages;
	while (!__atomic_compare_exchange_n(&header->python_arena_pages, &was,
					    now, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED));
	most = __atomic_load_n(&header->python_arena_pages_most,
			       __ATOMIC_RELAXED);
	while (now > most &&
	       !__atomic_compare_exchange_n(&header->python_arena_pages_most,
					    &most, now, true, __ATOMIC_RELAXED,
					    __ATOMIC_RELAXED))
		;
}

void mp_mixed_forked(void)
{
	mp_codes_forked();
	mp_file.header->python_arena_pages_most =
		mp_file.header->python_arena_pages;
}

static void count(uint32_t *counter)
{
	if (__atomic_load_n(counter, __ATOMIC_RELAXED) != UINT32_MAX)
		__atomic_fetch_add(counter, 1, __ATOMIC_RELAXED);
}

static uint32_t intern(void *arg, uintptr_t code, bool is_careful)
{
	const struct mp_writer *writer = arg;
	const uint32_t id =
		mp_codes_id(language, code, is_careful, !writer->is_nested);

	if (!id)
		count(&mp_file.header->python_unknown);
	return id;
}

static struct mp_mixed *mixed_of(struct mp_writer *writer)
{
	if (__builtin_expect(!writer->mixed, 0)) {
		writer->mixed = mp_map_new(sizeof(*writer->mixed));
		if (writer->mixed)
			writer->mixed->numbers = MP_NUMBER_EMPTY;
	}
	return writer->mixed;
}

/* Equal stacks of frames have equal numbers, others have others. */
static uint64_t number_of(struct mp_mixed *mixed, uint64_t outer,
			  const struct mp_language_frame *frame)
{
	const uint64_t hash = (outer ^ frame->where << 17 ^ frame->inside) *
			      UINT64_C(0x9e3779b97f4a7c15);
	struct mp_link *link = &mixed->links[hash >> 52];

	_Static_assert(MP_LINKS == 1u << (64 - 52), "links");
	if (__builtin_expect(!link->number || link->outer != outer ||
				     link->where != frame->where ||
				     link->inside != frame->inside,
			     0))
		*link = (struct mp_link) { outer, frame->where, frame->inside,
					   ++mixed->numbers };
	return link->number;
}

/* The number of the frames that were read; 0: they may not be known again. */
static uint64_t number(struct mp_mixed *mixed)
{
	const struct mp_language_thread *thread = &mixed->thread;
	uint64_t outer = MP_NUMBER_EMPTY;

	if (!thread->is_sure)
		return 0;
	if (thread->kept > 0)
		outer = mixed->at[thread->kept - 1];
	for (size_t i = thread->kept; i < thread->count; i++)
		mixed->at[i] = outer =
			number_of(mixed, outer, &thread->last.frames[i]);
	return outer;
}

static inline struct mp_pair_met *pair_of(struct mp_mixed *mixed,
					  const struct mp_pair_met *wanted)
{
	const uint64_t hash = (wanted->number ^ (uint64_t)wanted->tag << 32) *
			      UINT64_C(0x9e3779b97f4a7c15);

	_Static_assert(MP_PAIRS == 1u << (64 - 52), "pairs");
	return &mixed->pairs[hash >> 52];
}

static void read_frames(struct mp_writer *writer, struct mp_mixed *mixed)
{
	if (!language->walk(&mixed->thread, mixed->own, mixed->is_amid, intern,
			    writer))
		note_state();
	mp_merge_kept_others(&mixed->merge, mixed->thread.kept);
}

/* A native stack that goes with others, when it is met for the first time. */
static uint32_t tag_new(struct mp_mixed *mixed, struct mp_note *note)
{
	/* What has no number is looked at each time. */
	if (!note || mixed->tags == MP_TAG_MIXED - 1)
		return 0;
	*note = (struct mp_note) { .tag = MP_TAG_MIXED | ++mixed->tags };
	return note->tag;
}

static void walk_again(struct mp_writer *writer, const struct mp_regs *regs,
		       struct mp_walk *ret_walk)
{
	/* The nodes of a native stack are those of another walk now. */
	writer->chain_generation = 0;
	mp_unwind_walk_placed(writer->walker, regs, ret_walk);
	mp_merge_kept_native(&writer->mixed->merge, ret_walk->kept);
}

/* The native walk, where it has no tag. The one it has now. */
static uint32_t walk_native(struct mp_writer *writer,
			    const struct mp_regs *regs,
			    const struct mp_known *known,
			    struct mp_walk *ret_walk)
{
	struct mp_note *note;

	if (known->is_found) {
		note = &known->entry->note;
		walk_again(writer, regs, ret_walk);
	} else {
		writer->chain_generation = 0;
		mp_unwind_walk_unknown(writer->walker, regs, known, ret_walk);
		mp_merge_kept_native(&writer->mixed->merge, ret_walk->kept);
		note = ret_walk->note;
	}
	return ret_walk->has_exact ? 0 : tag_new(writer->mixed, note);
}

bool mp_mixed_walk(struct mp_writer *writer, const struct mp_regs *regs,
		   const struct mp_known *known, struct mp_walk *ret_walk,
		   uint32_t *ret_node)
{
	const uintptr_t own = language->own();
	struct mp_mixed *mixed;
	struct mp_known found;
	struct mp_pair_met *pair;
	bool is_known;

	*ret_node = 0;
	if (!own || !(mixed = mixed_of(writer)))
		return false;
	mixed->own = own;
	mixed->expected = 0;
	if (!known) {
		mp_known_find(writer->walker, regs, &found);
		known = &found;
	}
	is_known = known->is_found && known->entry->note.tag & MP_TAG_MIXED;
	if (is_known)
		mixed->wanted.tag = known->entry->note.tag;
	else
		mixed->wanted.tag = walk_native(writer, regs, known, ret_walk);
	/* What has a tag is not interrupted. */
	mixed->is_amid = !mixed->wanted.tag && ret_walk->has_exact;
	read_frames(writer, mixed);
	mixed->wanted.number = number(mixed);
	mixed->wanted.generation =
		__atomic_load_n(&mp_modules.generation, __ATOMIC_ACQUIRE);
	pair = pair_of(mixed, &mixed->wanted);
	/* Pairs that are kept have neither a tag nor a number of 0. */
	if (__builtin_expect(mixed->wanted.tag && mixed->wanted.number &&
				     pair->tag == mixed->wanted.tag &&
				     pair->number == mixed->wanted.number &&
				     pair->generation ==
					     mixed->wanted.generation,
			     1)) {
		mixed->expected = pair->node;
		if (__builtin_expect(!mp_check_verify, 1)) {
			*ret_node = pair->node;
			if (is_known) {
				ret_walk->end =
					(enum mp_walk_end)known->entry->end;
				ret_walk->has_guess = known->entry->has_guess;
			}
			return true;
		}
	}
	if (is_known)
		walk_again(writer, regs, ret_walk);
	return true;
}

/* The test mode: the node by what is remembered, and by all that is there. */
static __attribute__((noinline, cold)) void verify(struct mp_writer *writer,
						   const struct mp_walk *walk,
						   uint32_t base, uint32_t node)
{
	struct mp_mixed *mixed = writer->mixed, *truth = mixed->truth;
	uint32_t found;

	if (!truth) {
		truth = mp_map_new(sizeof(*truth));
		if (!truth)
			return;
		mixed->truth = truth;
		truth->thread.is_plain = true;
	}
	truth->own = mixed->own;
	truth->is_amid = mixed->is_amid;
	read_frames(writer, truth);
	truth->merge.base = 0;
	found = mp_merge_node(&truth->merge, writer, language, &truth->thread,
			      walk, base);
	atomic_fetch_add(&verified.nodes, 1);
	if (node != found || (mixed->expected && mixed->expected != found))
		atomic_fetch_add(&verified.differences, 1);
}

void mp_mixed_walked(struct mp_writer *writer)
{
	mp_merge_kept_native(&writer->mixed->merge, 0);
}

void mp_mixed_compare(uint32_t known, uint32_t found)
{
	if (known != found)
		atomic_fetch_add(&verified.differences, 1);
	mp_check_verified();
}

void mp_mixed_verified(uint64_t *ret_nodes, uint64_t *ret_differences)
{
	*ret_nodes = atomic_load(&verified.nodes);
	*ret_differences = atomic_load(&verified.differences);
}

static void count_oddities(const struct mp_language_thread *thread)
{
	struct mpf_header *header = mp_file.header;

	if (thread->is_cut)
		count(&header->python_cut);
	if (thread->is_broken) {
		count(&header->python_broken);
		note_state();
	}
}

uint32_t mp_mixed_node(struct mp_writer *writer, const struct mp_walk *walk,
		       uint32_t base)
{
	struct mp_mixed *mixed = writer->mixed;
	uint32_t node;

	if (__builtin_expect(mixed->thread.is_cut || mixed->thread.is_broken,
			     0))
		count_oddities(&mixed->thread);
	node = mp_merge_node(&mixed->merge, writer, language, &mixed->thread,
			     walk, base);
	if (__builtin_expect(mp_check_verify, 0))
		verify(writer, walk, base, node);
	if (node && mixed->wanted.tag && mixed->wanted.number) {
		mixed->wanted.node = node;
		*pair_of(mixed, &mixed->wanted) = mixed->wanted;
	}
	return node;
}
