/* SPDX-License-Identifier: MIT */
/* Which code an address is: by count, by number, or by all that it says. */
#include "config.h"

#include "preload/python/reading.h"

#define DIGEST_BYTES 4096u /* of what tells code apart before 3.12 */

static uint64_t mix(uint64_t hash, uint64_t word)
{
	hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return hash ^ hash >> 29;
}

static bool digest(const struct mp_reading *reading, uintptr_t from,
		   uint64_t bytes, uint64_t *ret_digest)
{
	uint64_t hash = bytes, word = 0;

	if (bytes > DIGEST_BYTES)
		bytes = DIGEST_BYTES;
	for (; bytes >= 8; bytes -= 8, from += 8) {
		if (!MP_READ(reading, word, from))
			return false;
		hash = mix(hash, word);
	}
	/* Whole words: strings and tables end with a zero byte, and memory
	 * comes in multiples of 16. */
	if (bytes) {
		if (!MP_READ(reading, word, from))
			return false;
		hash = mix(hash, word & ((UINT64_C(1) << 8 * bytes) - 1));
	}
	*ret_digest = hash;
	return true;
}

/* The hash that most names have: of their contents, keyed, 64 bits. */
static bool string_digest(const struct mp_reading *reading, uintptr_t string,
			  uint64_t *ret_digest)
{
	uint64_t length;

	if (!MP_READ(reading, *ret_digest, string + MP_PYTHON_HASH))
		return false;
	if (*ret_digest != UINT64_MAX)
		return true;
	if (!MP_READ(reading, length, string + MP_PYTHON_LENGTH))
		return false;
	return digest(reading, string + reading->offsets->string.ascii, length,
		      ret_digest);
}

/*
 * Code may be freed, and other code made at its address, with names and tables
 * at the addresses of the former ones. From 3.12 on code has a number that is
 * never used again; before, the contents are looked at.
 */
static bool read_key(const struct mp_reading *reading, uintptr_t code,
		     uint64_t key[static MP_LANGUAGE_KEY])
{
	const struct mp_python_offsets *offsets = reading->offsets;
	uint32_t first_line, version = 0;
	uint64_t bytes;

	key[0] = code;
	if (!MP_READ(reading, key[1], code + offsets->code.file) ||
	    !MP_READ(reading, key[2], code + offsets->code.name) ||
	    !MP_READ(reading, key[3], code + offsets->code.lines) ||
	    !MP_READ(reading, first_line, code + offsets->code.first_line))
		return false;
	if (offsets->code.version != MP_PYTHON_NONE &&
	    !MP_READ(reading, version, code + offsets->code.version))
		return false;
	key[4] = (uint64_t)version << 32 | first_line;
	key[5] = key[6] = key[7] = 0;
	if (__builtin_expect(version != 0, 1))
		return true;
	return MP_READ(reading, bytes, (uintptr_t)key[3] + MP_PYTHON_OB_SIZE) &&
	       digest(reading, (uintptr_t)key[3] + MP_PYTHON_BYTES, bytes,
		      &key[5]) &&
	       string_digest(reading, (uintptr_t)key[1], &key[6]) &&
	       string_digest(reading, (uintptr_t)key[2], &key[7]);
}

static inline bool is_same(const uint64_t *a, const uint64_t *b)
{
	uint64_t differ = 0;

	for (unsigned i = 0; i < MP_LANGUAGE_KEY; i++)
		differ |= a[i] ^ b[i];
	return differ == 0;
}

bool mp_identity_of(struct mp_reading *reading, uintptr_t code,
		    uint32_t *ret_id)
{
	uint64_t key[MP_LANGUAGE_KEY];
	struct mp_language_code *known =
		&reading->thread
			 ->codes[(code >> 4) * UINT64_C(0x9e3779b97f4a7c15) >>
				 53];

	_Static_assert(MP_LANGUAGE_CODES == 1u << (64 - 53), "codes");
	if (reading->freed && known->freed == reading->freed &&
	    known->key[0] == code) {
		*ret_id = known->id;
		return true;
	}
	if (!read_key(reading, code, key))
		return false;
	if (__builtin_expect(!is_same(known->key, key), 0)) {
		*ret_id = reading->intern(reading->arg, code,
					  reading->is_careful);
		if (!*ret_id)
			return true; /* perhaps later */
		__builtin_memcpy(known->key, key, sizeof(key));
		known->id = *ret_id;
	}
	known->freed = reading->freed;
	*ret_id = known->id;
	return true;
}
