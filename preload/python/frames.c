/* SPDX-License-Identifier: MIT */
/*
 * The Python frames of this thread, read where the interpreter keeps them: no
 * lock, no reference, no call but three plain reads. reading.h says why that
 * is safe, last.h what is not read again.
 */
#include "config.h"

#include "preload/python/python.h"

#include <stddef.h>

#include "preload/base/sys.h"
#include "preload/python/freed.h"
#include "preload/python/last.h"
#include "preload/python/reading.h"

#define FAILURES_MAX	   32u
#define STEPS_MAX	   (1u << 20) /* a ring is no stack */
#define OWNED_BY_GENERATOR 1u

/* The structure that is in the native frame of the group that ends here. */
static uintptr_t next_cframe(struct mp_reading *reading)
{
	const uintptr_t cframe = reading->cframe;

	if (!cframe || cframe == reading->last_cframe)
		return MP_LANGUAGE_UNKNOWN;
	if (!MP_READ(reading, reading->cframe,
		     cframe + reading->offsets->cframe.previous))
		reading->cframe = 0;
	return cframe;
}

static inline bool is_code(const struct mp_reading *reading, uintptr_t code)
{
	uintptr_t type;

	return code && MP_READ(reading, type, code + MP_PYTHON_OB_TYPE) &&
	       type == reading->code_type;
}

static bool where(struct mp_reading *reading, uintptr_t code, int64_t units,
		  struct mp_language_frame *frame)
{
	uint32_t id;

	if (!mp_identity_of(reading, code, &id))
		return false;
	reading->is_unsure |= id == 0;
	if (units < -1 || units >= (int64_t)MPF_PYTHON_POSITIONS - 1)
		units = -1;
	frame->where = MPF_PYTHON_AT(id, (uint64_t)(units + 1));
	return true;
}

/* Up to 3.10: each frame has a native one. */
static inline bool read_object(struct mp_reading *reading,
			       struct mp_language_source *source,
			       struct mp_language_frame *frame)
{
	const struct mp_python_offsets *offsets = reading->offsets;
	int32_t last;

	if (!MP_READ(reading, source->code,
		     source->frame + offsets->frame.code) ||
	    !is_code(reading, source->code) ||
	    !MP_READ(reading, last, source->frame + offsets->frame.position))
		return false;
	source->position = (uint32_t)last;
	if (offsets->lasti_unit == 1 && last >= 0)
		last /= 2;
	source->is_boundary = true;
	frame->inside = next_cframe(reading);
	return where(reading, source->code, last, frame);
}

/* From 3.11 on. */
static inline bool read_frame(struct mp_reading *reading,
			      struct mp_language_source *source,
			      struct mp_language_frame *frame)
{
	const struct mp_python_offsets *offsets = reading->offsets;
	const bool has_entries = offsets->frame.is_entry != MP_PYTHON_NONE;
	const uintptr_t at = source->frame;
	uintptr_t code;
	int32_t first_traceable;
	uint16_t bits;
	uint8_t owner;
	int64_t units;

	if (!MP_READ(reading, bits, at + offsets->frame.bits) ||
	    !MP_READ(reading, source->code, at + offsets->frame.code) ||
	    !MP_READ(reading, source->position, at + offsets->frame.position))
		return false;
	source->bits = bits &= offsets->bits_mask;
	owner = (uint8_t)(has_entries ? bits >> 8 : bits);
	if (owner >= offsets->owner_native) {
		frame->inside = at;
		return true;
	}
	code = source->code & ~(uintptr_t)offsets->code_tag;
	if (!is_code(reading, code) ||
	    !MP_READ(reading, first_traceable,
		     code + offsets->code.first_traceable))
		return false;
	if (has_entries && (bits & 0xff)) {
		source->is_boundary = true;
		frame->inside = next_cframe(reading);
	}
	units = ((int64_t)source->position -
		 (int64_t)(code + offsets->code.bytecode)) /
		2;
	/* A frame that is being made is none yet. */
	return (owner != OWNED_BY_GENERATOR && units < first_traceable) ||
	       where(reading, code, units, frame);
}

/* Reads the frame whose address source has, and where the next one is. */
static inline bool read_one(struct mp_reading *reading,
			    struct mp_language_source *source,
			    struct mp_language_frame *frame,
			    uintptr_t *ret_next)
{
	const struct mp_python_offsets *offsets = reading->offsets;

	source->native = reading->cframe;
	return (offsets->minor <= 10 ? read_object(reading, source, frame)
				     : read_frame(reading, source, frame)) &&
	       MP_READ(reading, *ret_next,
		       source->frame + offsets->frame.previous);
}

/*
 * Further out than what is kept: the native frame that runs the outermost
 * frame of it.
 */
static uintptr_t find_boundary(struct mp_reading *reading, uintptr_t frame)
{
	for (unsigned i = 0; frame && i < STEPS_MAX; i++) {
		struct mp_language_source source = { .frame = frame };
		struct mp_language_frame beyond = { .where = 0 };

		if (!read_one(reading, &source, &beyond, &frame))
			break;
		if (beyond.inside)
			return beyond.inside;
	}
	return MP_LANGUAGE_UNKNOWN;
}

static size_t count_frames(const struct mp_reading *reading, uintptr_t frame)
{
	size_t count = 0;

	while (frame && count < STEPS_MAX) {
		count++;
		if (!MP_READ(reading, frame,
			     frame + reading->offsets->frame.previous))
			break;
	}
	return count;
}

/*
 * There is no room for this frame and those around it. How many are left out
 * depends on how deep the stack is and changes seldom while it grows: frames
 * that are one deeper have a walk in common with the last one. How many of
 * those that were read are left out too, outermost; *ret_outermost: the native
 * frame that runs the outermost one of the others.
 */
static size_t leave_out(struct mp_reading *reading, uintptr_t frame,
			uintptr_t *ret_outermost)
{
	const size_t step = MP_LANGUAGE_LEFT_OUT;
	struct mp_language_thread *thread = reading->thread;
	const struct mp_language_stack *fresh = &thread->fresh;
	const size_t more = count_frames(reading, frame);
	const size_t left = (step - more % step) % step;
	size_t i = left;

	thread->left_out = more + left;
	thread->beyond = left > 0 ? fresh->sources[left - 1].frame : frame;
	while (i > 0 && !fresh->frames[i - 1].inside)
		i--;
	*ret_outermost = i > 0 ? fresh->frames[i - 1].inside
			       : find_boundary(reading, frame);
	return left;
}

/* Reads frames from this one outwards. False: with what is kept of the last
 * walk there are more than there is room for, or fewer than are to be kept. */
static bool read_frames(struct mp_reading *reading, uintptr_t frame)
{
	struct mp_language_thread *thread = reading->thread;
	size_t kept = 0, left = MP_LANGUAGE_FRAMES;
	uintptr_t outermost = MP_LANGUAGE_UNKNOWN;
	bool is_cut = false;

	while (frame && !mp_last_join(reading, frame, &kept)) {
		struct mp_language_source *source;
		struct mp_language_frame *fresh;

		if (left == 0) {
			is_cut = true;
			left = leave_out(reading, frame, &outermost);
			break;
		}
		source = &thread->fresh.sources[--left];
		fresh = &thread->fresh.frames[left];
		*source = (struct mp_language_source) { .frame = frame };
		*fresh = (struct mp_language_frame) { .where = 0 };
		if (!read_one(reading, source, fresh, &frame)) {
			thread->is_broken = true;
			left += fresh->where == 0;
			break;
		}
	}
	if (kept == 0 && !is_cut)
		thread->left_out = thread->beyond = 0;
	if (kept > left || (thread->left_out &&
			    kept + MP_LANGUAGE_FRAMES - left <=
				    MP_LANGUAGE_FRAMES - MP_LANGUAGE_LEFT_OUT))
		return false;
	thread->is_cut = thread->left_out > 0;
	mp_last_store(thread, reading->offsets, kept,
		      MP_LANGUAGE_FRAMES - left);
	if (thread->count > 0 && thread->last.frames[0].inside == 0)
		thread->last.frames[0].inside = outermost;
	return true;
}

/* Where the innermost frame is. */
static bool start(struct mp_reading *reading, uintptr_t state,
		  uintptr_t *ret_frame)
{
	const struct mp_python_offsets *offsets = reading->offsets;

	reading->cframe = 0;
	reading->last_cframe = 0;
	if (offsets->state.cframe != MP_PYTHON_NONE &&
	    !MP_READ(reading, reading->cframe, state + offsets->state.cframe))
		return false;
	if (offsets->state.root_cframe != MP_PYTHON_NONE)
		reading->last_cframe = state + offsets->state.root_cframe;
	if (offsets->state.frame != MP_PYTHON_NONE)
		return MP_READ(reading, *ret_frame,
			       state + offsets->state.frame);
	*ret_frame = 0;
	if (reading->cframe &&
	    !MP_READ(reading, *ret_frame,
		     reading->cframe + offsets->cframe.frame))
		return false;
	/* They are needed no more. */
	if (offsets->cframe.previous == MP_PYTHON_NONE)
		reading->cframe = 0;
	return true;
}

static bool is_main_thread(void)
{
	static __thread uint8_t known; /* 1 no, 2 yes */

	if (!known)
		known = mp_sys_gettid() == mp_sys_getpid() ? 2 : 1;
	return known == 2;
}

/* Is the state this thread's? Of the first walks. */
static bool is_own(const struct mp_reading *reading, uintptr_t state)
{
	uintptr_t thread_id;

	return MP_READ(reading, thread_id,
		       state + reading->offsets->state.thread_id) &&
	       thread_id == mp_python_self();
}

static void fail(void)
{
	uint32_t on = MPF_PYTHON_ON;

	if (atomic_fetch_add(&mp_python_reader.failures, 1) + 1 == FAILURES_MAX)
		atomic_compare_exchange_strong(&mp_python_reader.state, &on,
					       (uint32_t)MPF_PYTHON_STOPPED);
}

uintptr_t mp_python_own(void)
{
	if (atomic_load_explicit(&mp_python_reader.state,
				 memory_order_acquire) != MPF_PYTHON_ON)
		return 0;
	return (uintptr_t)mp_python_reader.own_state();
}

/* What is left of the last walk that this one may build upon. */
static size_t count_candidates(struct mp_reading *reading, uintptr_t state)
{
	const struct mp_language_thread *thread = reading->thread;

	return reading->freed && !reading->is_careful && thread->is_joinable &&
			       thread->freed == reading->freed &&
			       thread->state == state
		       ? thread->count
		       : 0;
}

static bool walk(struct mp_reading *reading, uintptr_t state,
		 bool is_interrupted)
{
	struct mp_language_thread *thread = reading->thread;
	uintptr_t frame;

	do {
		if (!start(reading, state, &frame)) {
			fail();
			return false;
		}
		if (read_frames(reading, frame))
			break;
		reading->candidates = 0;
	} while (true);
	/* A handler may have come amid a change: that says nothing. */
	if (thread->is_broken && !is_interrupted)
		fail();
	thread->state = state;
	thread->has_positions = !reading->offsets->lasti_unit;
	thread->freed = reading->freed;
	thread->is_joinable =
		reading->freed && !thread->is_broken && !reading->is_unsure;
	thread->is_sure = thread->is_joinable && !thread->is_cut;
	return true;
}

/* The first walks prove that the state is this thread's. */
static bool is_proven(struct mp_reading *reading, uintptr_t state)
{
	atomic_fetch_add(&mp_python_reader.walks, 1);
	reading->is_careful = true;
	if (is_own(reading, state))
		return true;
	fail();
	return false;
}

bool mp_python_walk(struct mp_language_thread *thread, uintptr_t own,
		    bool is_interrupted, mp_language_intern_fn *intern,
		    void *arg)
{
	struct mp_python_reader *reader = &mp_python_reader;
	struct mp_reading reading = {
		.thread = thread,
		.offsets = reader->offsets,
		.code_type = reader->code_type,
		.intern = intern,
		.arg = arg,
		.is_careful = is_interrupted,
	};
	const uintptr_t attached = (uintptr_t)reader->attached_state();
	uintptr_t state = own;

	/* From 3.12 on the attached state is this thread's; before, it is that
	 * of whoever holds the lock. */
	if (attached && reading.offsets->minor >= 12)
		state = attached;
	if (state != attached)
		reading.is_careful |= !is_main_thread();
	if (!is_interrupted && !thread->is_plain)
		reading.freed = mp_freed_get();
	reading.candidates = count_candidates(&reading, state);
	thread->walks++;
	thread->count = thread->kept = 0;
	thread->is_cut = thread->is_broken = thread->is_sure = false;
	thread->is_joinable = false;
	if (state != attached && reader->is_finalizing())
		return false;
	if (__builtin_expect(!mp_python_is_proven(), 0) &&
	    !is_proven(&reading, state))
		return false;
	return walk(&reading, state, is_interrupted);
}
