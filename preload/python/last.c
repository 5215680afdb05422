/* SPDX-License-Identifier: MIT */
/* What a walk has in common with the last one. */
#include "config.h"

#include "preload/python/last.h"

static inline uint16_t *place_of(struct mp_language_thread *thread,
				 uintptr_t frame)
{
	_Static_assert(MP_LANGUAGE_PLACES == 1u << (64 - 55), "places");
	return &thread->places[(frame >> 3) * UINT64_C(0x9e3779b97f4a7c15) >>
			       55];
}

static inline uintptr_t word_at(uintptr_t at)
{
	uintptr_t word;

	__builtin_memcpy(&word, (const void *)at, sizeof(word));
	return word;
}

/* Of sources[0 .. count), how many remain when one is found changed, itself
 * included; 0: all are as they were. */
static size_t count_changed(const struct mp_language_source *sources,
			    size_t count,
			    const struct mp_python_offsets *offsets)
{
	const uintptr_t code = offsets->frame.code;
	const uintptr_t position = offsets->frame.position;
	const uintptr_t previous = offsets->frame.previous;
	const uintptr_t bits = offsets->frame.bits;
	const uintptr_t cframe = offsets->cframe.previous;
	const uint64_t positions =
		offsets->lasti_unit ? UINT32_MAX : UINT64_MAX;
	const uint32_t mask = offsets->bits_mask;
	const bool has_cframes = cframe != MP_PYTHON_NONE;

	for (size_t i = count; i > 0; i--) {
		const struct mp_language_source *source = &sources[i - 1];
		const uintptr_t at = source->frame;
		uint64_t changed;

		changed = word_at(at + code) ^ source->code;
		changed |=
			(word_at(at + position) & positions) ^ source->position;
		changed |=
			word_at(at + previous) ^ (i > 1 ? source[-1].frame : 0);
		changed |=
			(*(const uint16_t *)(at + bits) & mask) ^ source->bits;
		if (has_cframes && source->is_boundary && i > 1)
			changed |= word_at(source->native + cframe) ^
				   source[-1].native;
		if (__builtin_expect(changed != 0, 0))
			return i;
	}
	return 0;
}

bool mp_last_join(struct mp_reading *reading, uintptr_t frame, size_t *ret_kept)
{
	struct mp_language_thread *thread = reading->thread;
	const struct mp_language_source *sources = thread->last.sources;
	const size_t at = *place_of(thread, frame);
	size_t changed;

	if (at >= reading->candidates || sources[at].frame != frame ||
	    sources[at].native != reading->cframe)
		return false;
	changed = count_changed(sources, at + 1, reading->offsets);
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

	for (size_t i = 0; i < fresh; i++) {
		thread->last.frames[kept + i] = thread->fresh.frames[from + i];
		thread->last.sources[kept + i] =
			thread->fresh.sources[from + i];
		*place_of(thread, thread->last.sources[kept + i].frame) =
			(uint16_t)(kept + i);
	}
	thread->kept = kept;
	thread->count = kept + fresh;
}
