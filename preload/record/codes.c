/* SPDX-License-Identifier: MIT */
/* The code of interpreted languages. */
#include "config.h"

#include "preload/record/codes.h"

#include <stddef.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/record/file.h"

#define SEGMENT_BYTES 16384u
#define SEGMENT_ELEMS (SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_code))
#define TABLE_FIRST   1024u /* entries; at most half are used */

/* What is known of an element: enough to look into the dump seldom. */
struct entry {
	uint64_t hash;
	uint32_t id; /* 0: free */
	uint32_t offset_low, offset_high;
};

static struct {
	struct mp_lock lock;
	struct mp_language_text *text; /* room for one */
	struct entry *table;
	uint32_t table_size, count;
	struct mpf_code *free; /* elements left in the last segment */
	uint32_t free_count;
	uint32_t first; /* elements so far, for segment.first */
} codes;

static uint64_t hash_bytes(uint64_t hash, const void *bytes, size_t count)
{
	const uint8_t *at = bytes;
	uint64_t word;

	hash += count;
	for (; count >= 8; count -= 8, at += 8) {
		__builtin_memcpy(&word, at, 8);
		hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		hash ^= hash >> 29;
	}
	for (; count; count--)
		hash = (hash ^ *at++) * UINT64_C(0x100000001b3);
	return hash ^ hash >> 32;
}

static uint64_t hash_text(const struct mp_language_text *text)
{
	uint64_t hash = (uint64_t)text->lines_kind << 32 | text->first_line;

	hash = hash_bytes(hash, text->file, text->file_bytes);
	hash = hash_bytes(hash, text->name, text->name_bytes);
	return hash_bytes(hash, text->lines, text->lines_bytes);
}

static bool is_text(struct mpf_text text, const void *bytes, uint32_t count)
{
	return text.bytes == count &&
	       (count == 0 ||
		__builtin_memcmp(mp_file_at(text.offset), bytes, count) == 0);
}

static const struct mpf_code *code_at(const struct entry *entry)
{
	return mp_file_at((uint64_t)entry->offset_high << 32 |
			  entry->offset_low);
}

static bool is_same(const struct entry *entry, uint64_t hash,
		    const struct mp_language_text *text)
{
	const struct mpf_code *code;

	if (entry->hash != hash)
		return false;
	code = code_at(entry);
	return code->first_line == text->first_line &&
	       code->lines_kind == (uint32_t)text->lines_kind &&
	       is_text(code->file, text->file, text->file_bytes) &&
	       is_text(code->name, text->name, text->name_bytes) &&
	       is_text(code->lines, text->lines, text->lines_bytes);
}

/* Lock held. The entry with this text, or the free one where it belongs. */
static struct entry *find(uint64_t hash, const struct mp_language_text *text)
{
	uint32_t at = (uint32_t)hash & (codes.table_size - 1);

	while (codes.table[at].id && !is_same(&codes.table[at], hash, text))
		at = (at + 1) & (codes.table_size - 1);
	return &codes.table[at];
}

/* Lock held. */
static bool reserve(void)
{
	const uint32_t size =
		codes.table_size ? codes.table_size * 2 : TABLE_FIRST;
	struct entry *table;

	if (!codes.text)
		codes.text = mp_map_new(sizeof(*codes.text));
	if (!codes.text)
		return false;
	if (codes.count * 2 < codes.table_size)
		return true;
	table = mp_map_new(size * sizeof(*table));
	if (!table)
		return false;
	for (uint32_t i = 0; i < codes.table_size; i++) {
		uint32_t at = (uint32_t)codes.table[i].hash & (size - 1);

		if (!codes.table[i].id)
			continue;
		while (table[at].id)
			at = (at + 1) & (size - 1);
		table[at] = codes.table[i];
	}
	mp_map_free(codes.table, codes.table_size * sizeof(*table));
	codes.table = table;
	codes.table_size = size;
	return true;
}

/* Lock held. */
static struct mpf_code *element_new(uint32_t *ret_id, bool may_wait)
{
	struct mpf_segment *segment;
	uint64_t offset;

	if (codes.count >= MP_CODES_MAX) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		return NULL;
	}
	if (codes.free_count == 0) {
		segment = mp_file_segment(MPF_SEG_CODES, 0,
					  sizeof(struct mpf_code), codes.first,
					  SEGMENT_BYTES, may_wait, &offset);
		if (!segment)
			return NULL;
		codes.first += SEGMENT_ELEMS;
		codes.free = (struct mpf_code *)segment + 1;
		codes.free_count = SEGMENT_ELEMS - 1;
	}
	*ret_id = codes.first - codes.free_count;
	codes.free_count--;
	return codes.free++;
}

/* Lock held. */
static uint32_t insert(struct entry *entry, uint64_t hash,
		       const struct mp_language_text *text, bool may_wait)
{
	struct mpf_code *code;
	uint64_t offset;
	uint32_t id;

	code = element_new(&id, may_wait);
	if (!code)
		return 0;
	code->file = mp_file_text(text->file, text->file_bytes, may_wait);
	code->name = mp_file_text(text->name, text->name_bytes, may_wait);
	code->lines = mp_file_text(text->lines, text->lines_bytes, may_wait);
	code->first_line = text->first_line;
	__atomic_store_n(&code->lines_kind, (uint32_t)text->lines_kind,
			 __ATOMIC_RELEASE);
	offset = mp_file_offset(code);
	entry->hash = hash;
	entry->offset_low = (uint32_t)offset;
	entry->offset_high = (uint32_t)(offset >> 32);
	entry->id = id;
	codes.count++;
	return id;
}

uint32_t mp_codes_id(const struct mp_language *language, uintptr_t code,
		     bool is_careful, bool may_wait)
{
	struct entry *entry;
	uint64_t hash;
	uint32_t id = 0;

	if (!mp_lock_take_if(&codes.lock, may_wait))
		return 0;
	if (!reserve() || !language->describe(code, is_careful, codes.text))
		goto out;
	hash = hash_text(codes.text);
	entry = find(hash, codes.text);
	id = entry->id ? entry->id : insert(entry, hash, codes.text, may_wait);
out:
	mp_lock_release(&codes.lock);
	return id;
}

static void count_elements(const struct mpf_segment *segment)
{
	if (segment->type == MPF_SEG_CODES)
		codes.first += SEGMENT_ELEMS;
}

/*
 * The table may be older than the dump, as others of the parent went on while
 * fork() copied: what it lacks is made twice, and what a half copied table has
 * wrong would be worse, so it begins anew.
 */
void mp_codes_forked(void)
{
	mp_lock_reset(&codes.lock);
	codes.table = NULL;
	codes.table_size = codes.count = 0;
	codes.free_count = 0;
	codes.first = 0;
	mp_file_each(count_elements);
}
