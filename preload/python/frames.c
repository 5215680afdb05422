/* SPDX-License-Identifier: MIT */
/*
 * The Python frames of this thread, read where the interpreter keeps them: no
 * lock, no reference, no call but three plain reads.
 *
 * Why a plain load is safe. Only the thread itself pushes and pops its frames,
 * and a frame keeps its code alive, and that its strings. While the thread
 * holds the interpreter's lock nobody else can free its state either. malloc
 * is a call into another object, so whatever the interpreter changed before it
 * is in memory. Three cases are left, and there every read is one that may
 * fail (peek.h): a signal handler, which may have interrupted a change; a
 * thread without the lock, whose state the end of the interpreter frees, but
 * for the main thread, which is who ends it; and the first walks, which prove
 * the table of offsets.
 */
#include "config.h"

#include "preload/python/python.h"

#include <stddef.h>

#include "preload/base/sys.h"
#include "preload/python/peek.h"

#define CAUTIOUS_WALKS	   256u
#define FAILURES_MAX	   32u
#define STEPS_MAX	   (1u << 20) /* a ring is no stack */
#define OWNED_BY_GENERATOR 1u
#define ADDRESS_END	   (UINT64_C(1) << 47)
#define DIGEST_BYTES	   4096u /* of what tells code apart before 3.12 */

struct walk {
	struct mp_language_thread *thread;
	const struct mp_python_offsets *offsets;
	uintptr_t code_type;
	uintptr_t cframe; /* of the next group, where there are such */
	uintptr_t last_cframe;
	mp_language_intern_fn *intern;
	void *arg;
	bool is_careful;
};

static inline uintptr_t self(void)
{
	uintptr_t word;

	__asm__("mov %%fs:0, %0" : "=r"(word));
	return word;
}

/* to is of a constant size, so this is one load when it is not careful. */
static inline __attribute__((always_inline)) bool
get(const struct walk *walk, void *to, uintptr_t from, size_t bytes)
{
	if (__builtin_expect(walk->is_careful, 0))
		return mp_peek_cached(walk->thread, to, from, bytes);
	if (__builtin_expect(from - 4096 >= ADDRESS_END - 4096, 0))
		return false;
	__builtin_memcpy(to, (const void *)from, bytes);
	return true;
}

#define GET(walk, variable, from) \
	get((walk), &(variable), (from), sizeof(variable))

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static bool digest(const struct walk *walk, uintptr_t from, uint64_t bytes,
		   uint64_t *ret_digest)
{
	uint64_t hash = bytes, word = 0;

	if (bytes > DIGEST_BYTES)
		bytes = DIGEST_BYTES;
	for (; bytes >= 8; bytes -= 8, from += 8) {
		if (!GET(walk, word, from))
			return false;
		hash = mix(hash, word);
	}
	/* Whole words: strings and tables end with a zero byte, and memory
	 * comes in multiples of 16. */
	if (bytes) {
		if (!GET(walk, word, from))
			return false;
		hash = mix(hash, word & ((UINT64_C(1) << 8 * bytes) - 1));
	}
	*ret_digest = hash;
	return true;
}

/* The hash that most names have: of their contents, keyed, 64 bits. */
static bool string_digest(const struct walk *walk, uintptr_t string,
			  uint64_t *ret_digest)
{
	uint64_t length;

	if (!GET(walk, *ret_digest, string + MP_PYTHON_HASH))
		return false;
	if (*ret_digest != UINT64_MAX)
		return true;
	if (!GET(walk, length, string + MP_PYTHON_LENGTH))
		return false;
	return digest(walk, string + walk->offsets->string.ascii, length,
		      ret_digest);
}

/*
 * Code may be freed, and other code made at its address, with names and tables
 * at the addresses of the former ones. From 3.12 on code has a number that is
 * never used again; before, the contents are looked at.
 */
static bool read_key(const struct walk *walk, uintptr_t code,
		     uint64_t key[static MP_LANGUAGE_KEY])
{
	const struct mp_python_offsets *offsets = walk->offsets;
	uint32_t first_line, version = 0;
	uint64_t bytes;

	key[0] = code;
	if (!GET(walk, key[1], code + offsets->code.file) ||
	    !GET(walk, key[2], code + offsets->code.name) ||
	    !GET(walk, key[3], code + offsets->code.lines) ||
	    !GET(walk, first_line, code + offsets->code.first_line))
		return false;
	if (offsets->code.version != MP_PYTHON_NONE &&
	    !GET(walk, version, code + offsets->code.version))
		return false;
	key[4] = (uint64_t)version << 32 | first_line;
	key[5] = key[6] = key[7] = 0;
	if (__builtin_expect(version != 0, 1))
		return true;
	return GET(walk, bytes, (uintptr_t)key[3] + MP_PYTHON_OB_SIZE) &&
	       digest(walk, (uintptr_t)key[3] + MP_PYTHON_BYTES, bytes,
		      &key[5]) &&
	       string_digest(walk, (uintptr_t)key[1], &key[6]) &&
	       string_digest(walk, (uintptr_t)key[2], &key[7]);
}

static inline bool is_same(const uint64_t *a, const uint64_t *b)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < MP_LANGUAGE_KEY; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

static bool code_id(const struct walk *walk, uintptr_t code, uint32_t *ret_id)
{
	uint64_t key[MP_LANGUAGE_KEY];
	struct mp_language_code *known =
		&walk->thread
			 ->codes[(code >> 4) * UINT64_C(0x9e3779b97f4a7c15) >>
				 53];

	_Static_assert(MP_LANGUAGE_CODES == 1u << (64 - 53), "codes");
	if (!read_key(walk, code, key))
		return false;
	if (__builtin_expect(!is_same(known->key, key), 0)) {
		*ret_id = walk->intern(walk->arg, code);
		if (!*ret_id)
			return true; /* perhaps later */
		__builtin_memcpy(known->key, key, sizeof(key));
		known->id = *ret_id;
	}
	*ret_id = known->id;
	return true;
}

static void push(struct walk *walk, uint32_t id, int64_t units)
{
	struct mp_language_thread *thread = walk->thread;

	if (thread->count == MP_LANGUAGE_FRAMES) {
		thread->is_cut = true;
		return;
	}
	if (units < -1 || units >= (int64_t)MPF_PYTHON_POSITIONS - 1)
		units = -1;
	thread->frames[thread->count++] = (struct mp_language_frame) {
		.where = MPF_PYTHON_AT(id, (uint64_t)(units + 1)),
	};
}

/* The frames since the last group's end are run by one native frame. */
static void end_group(struct walk *walk, size_t *first, uintptr_t inside)
{
	struct mp_language_thread *thread = walk->thread;

	if (thread->count > *first)
		thread->frames[thread->count - 1].inside = inside;
	*first = thread->count;
}

/* The structure that is in the native frame of the group that ends here. */
static uintptr_t next_cframe(struct walk *walk)
{
	const uintptr_t cframe = walk->cframe;

	if (!cframe || cframe == walk->last_cframe)
		return MP_LANGUAGE_UNKNOWN;
	if (!GET(walk, walk->cframe, cframe + walk->offsets->cframe.previous))
		walk->cframe = 0;
	return cframe;
}

static bool is_code(const struct walk *walk, uintptr_t code)
{
	uintptr_t type;

	return code && GET(walk, type, code + MP_PYTHON_OB_TYPE) &&
	       type == walk->code_type;
}

/* Up to 3.10: each frame has a native one. */
static bool walk_objects(struct walk *walk, uintptr_t frame)
{
	const struct mp_python_offsets *offsets = walk->offsets;
	size_t first = 0;

	for (unsigned i = 0; frame && i < STEPS_MAX; i++) {
		uintptr_t code;
		int32_t last;
		uint32_t id;

		if (!GET(walk, code, frame + offsets->frame.code) ||
		    !is_code(walk, code) ||
		    !GET(walk, last, frame + offsets->frame.position) ||
		    !code_id(walk, code, &id))
			return false;
		if (offsets->lasti_unit == 1 && last >= 0)
			last /= 2;
		push(walk, id, last);
		end_group(walk, &first, next_cframe(walk));
		if (!GET(walk, frame, frame + offsets->frame.previous))
			return false;
	}
	return !frame;
}

/* From 3.11 on. */
static bool walk_frames(struct walk *walk, uintptr_t frame)
{
	const struct mp_python_offsets *offsets = walk->offsets;
	const bool has_entries = offsets->frame.is_entry != MP_PYTHON_NONE;
	size_t first = 0;

	for (unsigned i = 0; frame && i < STEPS_MAX; i++) {
		uintptr_t code, position;
		uint8_t owner, is_entry = 0;
		int32_t first_traceable;
		int64_t units;
		uint32_t id;

		if (!GET(walk, owner, frame + offsets->frame.owner))
			return false;
		if (owner >= offsets->owner_native) {
			end_group(walk, &first, frame);
			goto next;
		}
		if (!GET(walk, code, frame + offsets->frame.code))
			return false;
		code &= ~(uintptr_t)offsets->code_tag;
		if (!is_code(walk, code) ||
		    !GET(walk, position, frame + offsets->frame.position) ||
		    !GET(walk, first_traceable,
			 code + offsets->code.first_traceable))
			return false;
		if (has_entries &&
		    !GET(walk, is_entry, frame + offsets->frame.is_entry))
			return false;
		units = ((int64_t)position -
			 (int64_t)(code + offsets->code.bytecode)) /
			2;
		/* A frame that is being made is none yet. */
		if (owner == OWNED_BY_GENERATOR || units >= first_traceable) {
			if (!code_id(walk, code, &id))
				return false;
			push(walk, id, units);
		}
		if (is_entry)
			end_group(walk, &first, next_cframe(walk));
	next:
		if (!GET(walk, frame, frame + offsets->frame.previous))
			return false;
	}
	return !frame;
}

/* Where the innermost frame is. */
static bool start(struct walk *walk, uintptr_t state, uintptr_t *ret_frame)
{
	const struct mp_python_offsets *offsets = walk->offsets;

	walk->cframe = 0;
	walk->last_cframe = 0;
	if (offsets->state.cframe != MP_PYTHON_NONE &&
	    !GET(walk, walk->cframe, state + offsets->state.cframe))
		return false;
	if (offsets->state.root_cframe != MP_PYTHON_NONE)
		walk->last_cframe = state + offsets->state.root_cframe;
	if (offsets->state.frame != MP_PYTHON_NONE)
		return GET(walk, *ret_frame, state + offsets->state.frame);
	*ret_frame = 0;
	return !walk->cframe ||
	       GET(walk, *ret_frame, walk->cframe + offsets->cframe.frame);
}

static bool is_main_thread(void)
{
	static __thread uint8_t known; /* 1 no, 2 yes */

	if (!known)
		known = mp_sys_gettid() == mp_sys_getpid() ? 2 : 1;
	return known == 2;
}

/* Is the state this thread's? Of the first walks. */
static bool is_own(const struct walk *walk, uintptr_t state)
{
	uintptr_t thread_id;

	return GET(walk, thread_id, state + walk->offsets->state.thread_id) &&
	       thread_id == self();
}

static void fail(void)
{
	uint32_t on = MPF_PYTHON_ON;

	if (atomic_fetch_add(&mp_python_reader.failures, 1) + 1 == FAILURES_MAX)
		atomic_compare_exchange_strong(&mp_python_reader.state, &on,
					       (uint32_t)MPF_PYTHON_STOPPED);
}

static bool is_on(void)
{
	return atomic_load_explicit(&mp_python_reader.state,
				    memory_order_acquire) == MPF_PYTHON_ON;
}

bool mp_python_has_frames(void)
{
	return is_on() && mp_python_reader.own_state();
}

bool mp_python_walk(struct mp_language_thread *thread, bool is_interrupted,
		    mp_language_intern_fn *intern, void *arg)
{
	struct mp_python_reader *reader = &mp_python_reader;
	struct walk walk = {
		.thread = thread,
		.offsets = reader->offsets,
		.code_type = reader->code_type,
		.intern = intern,
		.arg = arg,
		.is_careful = is_interrupted,
	};
	uintptr_t state = (uintptr_t)reader->own_state();
	const uintptr_t attached = (uintptr_t)reader->attached_state();
	uintptr_t frame;
	bool is_whole;

	/* From 3.12 on the attached state is this thread's; before, it is that
	 * of whoever holds the lock. */
	if (attached && walk.offsets->minor >= 12)
		state = attached;
	if (!state || (state != attached && reader->is_finalizing()))
		return false;
	thread->walks++;
	thread->count = 0;
	thread->is_cut = false;
	walk.is_careful |= state != attached && !is_main_thread();
	if (__builtin_expect(
		    atomic_load_explicit(&reader->walks, memory_order_relaxed) <
			    CAUTIOUS_WALKS,
		    0)) {
		atomic_fetch_add(&reader->walks, 1);
		walk.is_careful = true;
		if (!is_own(&walk, state)) {
			fail();
			return false;
		}
	}
	if (!start(&walk, state, &frame)) {
		fail();
		return false;
	}
	if (walk.offsets->minor <= 10)
		is_whole = walk_objects(&walk, frame);
	else
		is_whole = walk_frames(&walk, frame);
	thread->is_broken = !is_whole;
	/* A handler may have come amid a change: that says nothing. */
	if (!is_whole && !is_interrupted)
		fail();
	if (thread->count > 0 && thread->frames[thread->count - 1].inside == 0)
		thread->frames[thread->count - 1].inside = MP_LANGUAGE_UNKNOWN;
	return thread->count > 0;
}
