/* SPDX-License-Identifier: MIT */
/* What a walk has in common with the last one. */
#include "config.h"

#include "preload/python/last.h"

static inline size_t place_of(uintptr_t frame)
{
	_Static_assert(MP_LANGUAGE_PLACES == 1u << (64 - 55), "places");
	return (frame >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 55;
}

static inline uintptr_t word_at(uintptr_t at)
{
	uintptr_t word;

	__builtin_memcpy(&word, (const void *)at, sizeof(word));
	return word;
}

static inline bool are_bits(const struct mp_language_source *source,
			    const struct mp_python_offsets *offsets)
{
	const uintptr_t bits = source->frame + offsets->frame.bits;

	return (*(const uint16_t *)bits & offsets->bits_mask) == source->bits;
}

/* Is what the native frame of a group keeps of the next one as it was? */
static inline bool is_next(const struct mp_language_source *source,
			   uintptr_t offset)
{
	return offset == MP_PYTHON_NONE || !source->is_boundary ||
	       word_at(source->native + offset) == source[-1].native;
}

/*
 * The functions below: of sources[0 .. count), how many remain when one is
 * found changed, itself included; 0: all are as they were.
 */

/* Up to 3.10. */
static size_t count_changed_objects(const struct mp_language_source *sources,
				    size_t count,
				    const struct mp_python_offsets *offsets)
{
	for (size_t i = count; i > 0; i--) {
		const struct mp_language_source *source = &sources[i - 1];
		const uintptr_t at = source->frame;
		uint64_t changed;

		changed = word_at(at + offsets->frame.code) ^ source->code;
		changed |= (uint32_t)word_at(at + offsets->frame.position) ^
			   source->position;
		changed |= word_at(at + offsets->frame.previous) ^
			   (i > 1 ? source[-1].frame : 0);
		if (__builtin_expect(changed != 0, 0) ||
		    (i > 1 && !is_next(source, offsets->cframe.previous)))
			return i;
	}
	return 0;
}

/*
 * From 3.11 on a position is an address in the code that runs, so it tells
 * which. Whether a frame is the first of its native one (bits, in 3.11) is
 * asked of those that were: each has a structure in the native frame, these
 * form a list, and an equal list has no room for another first frame. Who owns
 * a frame (bits) matters where it made the frame none.
 */
static inline size_t
count_changed_special(const struct mp_language_source *sources, size_t count,
		      const struct mp_python_offsets *offsets)
{
	size_t i = sources[count - 1].special;

	while (i > 1) {
		const struct mp_language_source *source = &sources[i - 1];

		if (!are_bits(source, offsets) ||
		    !is_next(source, offsets->cframe.previous))
			return i;
		i = source[-1].special;
	}
	return i == 1 && !are_bits(&sources[0], offsets);
}

static inline size_t
count_changed_frames(const struct mp_language_source *sources, size_t count,
		     const struct mp_python_offsets *offsets)
{
	const uintptr_t position = offsets->frame.position;
	const uintptr_t previous = offsets->frame.previous;
	const struct mp_language_source *source = &sources[count - 1];

	/* Where a frame is, is taken from what is compared with the one inside
	 * of it: what was just read there would have to be waited for. */
	for (; source > sources; source--) {
		const uintptr_t at = source->frame;

		if (__builtin_expect(word_at(at + position) != source->position,
				     0) ||
		    __builtin_expect(word_at(at + previous) != source[-1].frame,
				     0))
			return (size_t)(source - sources) + 1;
	}
	if (word_at(source->frame + position) != source->position ||
	    word_at(source->frame + previous) != 0)
		return 1;
	return count_changed_special(sources, count, offsets);
}

static inline size_t count_changed(const struct mp_language_source *sources,
				   size_t count,
				   const struct mp_python_offsets *offsets)
{
	return offsets->lasti_unit
		       ? count_changed_objects(sources, count, offsets)
		       : count_changed_frames(sources, count, offsets);
}

/* Where the last walk stood at this frame; count: it did not. */
static inline size_t find(const struct mp_language_thread *thread, size_t count,
			  uintptr_t frame, uintptr_t native)
{
	const size_t at = thread->places[place_of(frame)];
	const struct mp_language_source *source = &thread->last.sources[at];

	return at < count && source->frame == frame && source->native == native
		       ? at
		       : count;
}

bool mp_last_holds(const struct mp_language_thread *thread,
		   const struct mp_python_offsets *offsets, uintptr_t frame,
		   uintptr_t native, size_t *ret_count)
{
	const size_t at = find(thread, thread->count, frame, native);

	if (__builtin_expect(at == thread->count, 0))
		return false;
	*ret_count = at + 1;
	return count_changed(thread->last.sources, at + 1, offsets) == 0;
}

bool mp_last_join(struct mp_reading *reading, uintptr_t frame, size_t *ret_kept)
{
	struct mp_language_thread *thread = reading->thread;
	const size_t at =
		find(thread, reading->candidates, frame, reading->cframe);
	size_t changed;

	if (at == reading->candidates)
		return false;
	changed = count_changed(thread->last.sources, at + 1, reading->offsets);
	if (changed == 0) {
		*ret_kept = at + 1;
		return true;
	}
	reading->candidates = changed - 1;
	return false;
}

void mp_last_store(struct mp_language_thread *thread, size_t kept, size_t fresh)
{
	const size_t from = MP_LANGUAGE_FRAMES - fresh;
	struct mp_language_source *sources = thread->last.sources;

	for (size_t i = 0; i < fresh; i++) {
		const size_t to = kept + i;

		thread->last.frames[to] = thread->fresh.frames[from + i];
		sources[to] = thread->fresh.sources[from + i];
		if (sources[to].is_boundary || !thread->last.frames[to].where)
			sources[to].special = (uint16_t)(to + 1);
		else
			sources[to].special = to ? sources[to - 1].special : 0;
		thread->places[place_of(sources[to].frame)] = (uint16_t)to;
	}
	thread->kept = kept;
	thread->count = kept + fresh;
}
