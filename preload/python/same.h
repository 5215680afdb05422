/* SPDX-License-Identifier: MIT */
/*
 * Whether frames are as the last walk found them: the words they were read
 * from, compared. Inline, because most events do nothing else; last.h says why
 * that is exact, and safe.
 *
 * Context: as last.h.
 */
#ifndef MEMPROF_PRELOAD_PYTHON_SAME_H
#define MEMPROF_PRELOAD_PYTHON_SAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/python/language.h"
#include "preload/python/versions.h"

static inline size_t mp_same_place(uintptr_t frame)
{
	_Static_assert(MP_LANGUAGE_PLACES == 1u << (64 - 55), "places");
	return (frame >> 3) * UINT64_C(0x9e3779b97f4a7c15) >> 55;
}

static inline uintptr_t mp_same_word(uintptr_t at)
{
	uintptr_t word;

	__builtin_memcpy(&word, (const void *)at, sizeof(word));
	return word;
}

static inline bool mp_same_bits(const struct mp_language_source *source,
				const struct mp_python_offsets *offsets)
{
	const uintptr_t bits = source->frame + offsets->frame.bits;

	return (*(const uint16_t *)bits & offsets->bits_mask) == source->bits;
}

/* Is what the native frame of a group keeps of the next one as it was? */
static inline bool mp_same_next(const struct mp_language_source *source,
				uintptr_t offset)
{
	return offset == MP_PYTHON_NONE || !source->is_boundary ||
	       mp_same_word(source->native + offset) == source[-1].native;
}

/*
 * The functions below: of sources[0 .. count), how many remain when one is
 * found changed, itself included; 0: all are as they were.
 */

/* Up to 3.10. */
static inline size_t mp_same_objects(const struct mp_language_thread *thread,
				     size_t count,
				     const struct mp_python_offsets *offsets)
{
	const struct mp_language_source *sources = thread->last.sources;

	for (size_t i = count; i > 0; i--) {
		const struct mp_language_source *source = &sources[i - 1];
		const uintptr_t at = source->frame;
		uint64_t changed;

		changed = mp_same_word(at + offsets->frame.code) ^ source->code;
		changed |=
			(uint32_t)mp_same_word(at + offsets->frame.position) ^
			source->position;
		changed |= mp_same_word(at + offsets->frame.previous) ^
			   (i > 1 ? source[-1].frame : thread->beyond);
		if (__builtin_expect(changed != 0, 0) ||
		    (i > 1 && !mp_same_next(source, offsets->cframe.previous)))
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
static inline size_t mp_same_special(const struct mp_language_source *sources,
				     size_t count,
				     const struct mp_python_offsets *offsets)
{
	size_t i = sources[count - 1].special;

	while (i > 1) {
		const struct mp_language_source *source = &sources[i - 1];

		if (!mp_same_bits(source, offsets) ||
		    !mp_same_next(source, offsets->cframe.previous))
			return i;
		i = source[-1].special;
	}
	return i == 1 && !mp_same_bits(&sources[0], offsets);
}

static inline mp_language_pair mp_same_pair(uintptr_t at, uintptr_t previous,
					    uintptr_t position)
{
	mp_language_pair pair;

	/* As in 3.11. */
	if (position == previous + sizeof(uintptr_t))
		__builtin_memcpy(&pair, (const void *)(at + previous),
				 sizeof(pair));
	else
		pair = (mp_language_pair) { mp_same_word(at + previous),
					    mp_same_word(at + position) };
	return pair;
}

static inline bool mp_same_zero(mp_language_pair pair)
{
	return (pair[0] | pair[1]) == 0;
}

static inline __attribute__((always_inline)) mp_language_pair
mp_same_change(const struct mp_language_words *words, size_t i,
	       uintptr_t previous, uintptr_t position)
{
	return mp_same_pair(words->at[i], previous, position) ^ words->pairs[i];
}

/* Of frames [first, i): zero when all are as they were. Most runs are short,
 * so the loop is unrolled by hand: compilers count what is left first. */
static inline __attribute__((always_inline)) mp_language_pair
mp_same_run(const struct mp_language_words *words, size_t first, size_t i,
	    uintptr_t previous, uintptr_t position)
{
	mp_language_pair changed = { 0, 0 };

	for (; i - first >= 4; i -= 4) {
		changed |= mp_same_change(words, i - 1, previous, position);
		changed |= mp_same_change(words, i - 2, previous, position);
		changed |= mp_same_change(words, i - 3, previous, position);
		changed |= mp_same_change(words, i - 4, previous, position);
	}
	for (; i > first; i--)
		changed |= mp_same_change(words, i - 1, previous, position);
	return changed;
}

/*
 * Frames on one page are looked at together: the innermost of them was found
 * to be the caller of those inside, so the page is there.
 */
static inline size_t mp_same_frames(const struct mp_language_thread *thread,
				    size_t count,
				    const struct mp_python_offsets *offsets)
{
	const struct mp_language_words *words = &thread->words;
	const uintptr_t position = offsets->frame.position;
	const uintptr_t previous = offsets->frame.previous;
	const bool is_next = position == previous + sizeof(uintptr_t);
	size_t i = count;

	while (i > 0) {
		const size_t first = words->run[i - 1];
		mp_language_pair changed;

		if (is_next)
			changed = mp_same_run(words, first, i, previous,
					      previous + sizeof(uintptr_t));
		else
			changed = mp_same_run(words, first, i, previous,
					      position);
		if (__builtin_expect(!mp_same_zero(changed), 0)) {
			while (mp_same_zero(mp_same_pair(words->at[i - 1],
							 previous, position) ^
					    words->pairs[i - 1]))
				i--;
			return i;
		}
		i = first;
	}
	return mp_same_special(thread->last.sources, count, offsets);
}

static inline size_t mp_same_changed(const struct mp_language_thread *thread,
				     size_t count,
				     const struct mp_python_offsets *offsets)
{
	return offsets->lasti_unit ? mp_same_objects(thread, count, offsets)
				   : mp_same_frames(thread, count, offsets);
}

/* Where the last walk stood at this frame; count: it did not. */
static inline size_t mp_same_find(const struct mp_language_thread *thread,
				  size_t count, uintptr_t frame,
				  uintptr_t native)
{
	const size_t at = thread->places[mp_same_place(frame)];
	const struct mp_language_source *source = &thread->last.sources[at];

	return at < count && source->frame == frame && source->native == native
		       ? at
		       : count;
}

#endif
