/* SPDX-License-Identifier: MIT */
/*
 * The innermost frame alone, where those around it are as they were. All reads
 * are plain ones: see reading.h for why, and below for when.
 */
#include "config.h"

#include "preload/python/python.h"

#include "preload/python/freed.h"
#include "preload/python/same.h"

/*
 * Up to 3.11 the attached state is that of whoever holds the lock; but that it
 * is the one that this thread's last walk read, and says that it belongs to
 * this thread, is enough.
 */
static inline bool is_own(uintptr_t state,
			  const struct mp_python_offsets *offsets)
{
	return offsets->minor >= 12 ||
	       mp_same_word(state + offsets->state.thread_id) ==
		       mp_python_self();
}

/* Up to 3.10: each frame has a native one. */
static inline bool read_object(const struct mp_python_offsets *offsets,
			       uintptr_t state, struct mp_language_top *ret_top,
			       uintptr_t *ret_frame, uintptr_t *ret_native)
{
	const uintptr_t frame = mp_same_word(state + offsets->state.frame);
	uintptr_t cframe = 0;

	if (!frame)
		return false;
	if (offsets->state.cframe != MP_PYTHON_NONE)
		cframe = mp_same_word(state + offsets->state.cframe);
	*ret_top = (struct mp_language_top) {
		.position =
			(uint32_t)mp_same_word(frame + offsets->frame.position),
		.code = mp_same_word(frame + offsets->frame.code),
		.native = cframe,
	};
	*ret_frame = frame;
	*ret_native = cframe && cframe != state + offsets->state.root_cframe
			      ? mp_same_word(cframe + offsets->cframe.previous)
			      : cframe;
	return true;
}

/* 3.11: the first one of each group has one. */
static inline bool read_entry(const struct mp_python_offsets *offsets,
			      uintptr_t state, struct mp_language_top *ret_top,
			      uintptr_t *ret_frame, uintptr_t *ret_native)
{
	const uintptr_t cframe = mp_same_word(state + offsets->state.cframe);
	uintptr_t frame;

	frame = cframe ? mp_same_word(cframe + offsets->cframe.frame) : 0;
	if (!frame)
		return false;
	*ret_top = (struct mp_language_top) {
		.position = mp_same_word(frame + offsets->frame.position),
		.native = cframe,
		.bits = *(const uint16_t *)(frame + offsets->frame.bits),
	};
	*ret_frame = frame;
	*ret_native = (ret_top->bits &
		       0xff) && cframe != state + offsets->state.root_cframe
			      ? mp_same_word(cframe + offsets->cframe.previous)
			      : cframe;
	return true;
}

/* From 3.12 on native ones are in the list. */
static inline bool read_frame(const struct mp_python_offsets *offsets,
			      uintptr_t state, struct mp_language_top *ret_top,
			      uintptr_t *ret_frame, uintptr_t *ret_native)
{
	uintptr_t frame;

	if (offsets->state.frame != MP_PYTHON_NONE) {
		frame = mp_same_word(state + offsets->state.frame);
	} else {
		frame = mp_same_word(state + offsets->state.cframe);
		frame = frame ? mp_same_word(frame + offsets->cframe.frame) : 0;
	}
	if (!frame)
		return false;
	*ret_top = (struct mp_language_top) {
		.position = mp_same_word(frame + offsets->frame.position),
		.bits = *(const uint8_t *)(frame + offsets->frame.bits),
	};
	*ret_frame = frame;
	*ret_native = 0;
	return ret_top->bits < offsets->owner_native;
}

/* frames[0 .. *ret_count), what is in their native frames from native on. */
static inline bool holds(const struct mp_language_thread *thread,
			 const struct mp_python_offsets *offsets,
			 uintptr_t frame, uintptr_t native, size_t *ret_count)
{
	const size_t at = mp_same_find(thread, thread->count, frame, native);

	if (__builtin_expect(at == thread->count, 0))
		return false;
	*ret_count = at + 1;
	return mp_same_changed(thread, at + 1, offsets) == 0;
}

bool mp_python_top(const struct mp_language_thread *thread,
		   struct mp_language_top *ret_top)
{
	const struct mp_python_reader *reader = &mp_python_reader;
	const struct mp_python_offsets *offsets = reader->offsets;
	const uintptr_t state = (uintptr_t)reader->attached_state();
	uintptr_t frame, previous, native;
	bool is_read;

	/* What is sure was read after the first walks, or with their care. */
	if (__builtin_expect(
		    !state || state != thread->state || !thread->is_sure ||
			    thread->freed != mp_freed_get() ||
			    !mp_python_is_proven() || !is_own(state, offsets),
		    0))
		return false;
	if (offsets->minor >= 12)
		is_read = read_frame(offsets, state, ret_top, &frame, &native);
	else if (offsets->minor == 11)
		is_read = read_entry(offsets, state, ret_top, &frame, &native);
	else
		is_read = read_object(offsets, state, ret_top, &frame, &native);
	if (__builtin_expect(!is_read, 0))
		return false;
	previous = mp_same_word(frame + offsets->frame.previous);
	return !previous ||
	       holds(thread, offsets, previous, native, &ret_top->around);
}
