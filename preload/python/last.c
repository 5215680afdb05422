/* SPDX-License-Identifier: MIT */
/* What a walk has in common with the last one. */
#include "config.h"

#include "preload/python/last.h"

#include "preload/python/same.h"

#define PAGE ((uintptr_t)4096)

bool mp_last_join(struct mp_reading *reading, uintptr_t frame, size_t *ret_kept)
{
	struct mp_language_thread *thread = reading->thread;
	const size_t at = mp_same_find(thread, reading->candidates, frame,
				       reading->cframe);
	size_t changed;

	if (at == reading->candidates)
		return false;
	changed = mp_same_changed(thread, at + 1, reading->offsets);
	if (changed == 0) {
		*ret_kept = at + 1;
		return true;
	}
	reading->candidates = changed - 1;
	return false;
}

/* sources[i], and that they go on from those before. */
static void store_words(struct mp_language_thread *thread,
			const struct mp_python_offsets *offsets, size_t i)
{
	const struct mp_language_source *sources = thread->last.sources;
	struct mp_language_words *words = &thread->words;
	const uintptr_t at = sources[i].frame;
	const uintptr_t page = (at + offsets->frame.position) / PAGE;

	words->at[i] = at;
	words->pairs[i] = (mp_language_pair) { i > 0 ? sources[i - 1].frame
						     : thread->beyond,
					       sources[i].position };
	words->run[i] = (uint16_t)i;
	if (i > 0 && (at + offsets->frame.previous) / PAGE == page &&
	    (words->at[i - 1] + offsets->frame.position) / PAGE == page &&
	    (words->at[i - 1] + offsets->frame.previous) / PAGE == page)
		words->run[i] = words->run[i - 1];
}

void mp_last_store(struct mp_language_thread *thread,
		   const struct mp_python_offsets *offsets, size_t kept,
		   size_t fresh)
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
		thread->places[mp_same_place(sources[to].frame)] = (uint16_t)to;
		store_words(thread, offsets, to);
	}
	thread->kept = kept;
	thread->count = kept + fresh;
}
