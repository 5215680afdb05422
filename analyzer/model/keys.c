/* SPDX-License-Identifier: MIT */
/* The places of several dumps. */
#include "config.h"

#include "analyzer/model/keys.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/region.h"

#define TABLE_FIRST 256u

const char *keys_base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	if (!text)
		return intmap_hash(hash + 1);
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return intmap_hash(hash);
}

static size_t hash_entry(const struct keys_entry *entry)
{
	uint64_t hash = intmap_hash(entry->place.line);

	hash = hash_text(hash, entry->place.function);
	hash = hash_text(hash, entry->place.file);
	return (size_t)hash_text(hash, entry->module);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same_build(const struct module *a, const struct module *b)
{
	if (a == b)
		return true;
	if (!a || !b || a->build_id_bytes != b->build_id_bytes)
		return false;
	if (a->build_id_bytes == 0)
		return a->file_bytes == b->file_bytes &&
		       a->file_mtime_ns == b->file_mtime_ns;
	return memcmp(a->build_id, b->build_id, a->build_id_bytes) == 0;
}

static bool is_same(const struct keys_entry *a, const struct keys_entry *b)
{
	return is_same_build(a->build, b->build) &&
	       a->place.line == b->place.line &&
	       is_same_text(a->place.function, b->place.function) &&
	       is_same_text(a->place.file, b->place.file) &&
	       is_same_text(a->module, b->module);
}

/* Where the entry is in the table, or would be. */
static uint32_t *find(const struct keys *keys, const struct keys_entry *entry)
{
	size_t mask = keys->table_room - 1;
	size_t at = hash_entry(entry) & mask;

	while (keys->table[at] != 0 &&
	       !is_same(&keys->array[keys->table[at] - 1], entry))
		at = (at + 1) & mask;
	return &keys->table[at];
}

static int grow(struct keys *keys)
{
	size_t room = keys->room ? 2 * keys->room : TABLE_FIRST / 2;
	struct keys_entry *array =
		reallocarray(keys->array, room, sizeof(*array));
	uint32_t *table;

	if (!array)
		return DUMP_MEMORY;
	keys->array = array;
	table = region_new(2 * room, sizeof(*table));
	if (!table)
		return DUMP_MEMORY;
	region_free(keys->table, keys->table_room, sizeof(*table));
	keys->table = table;
	keys->table_room = 2 * room;
	keys->room = room;
	for (size_t i = 0; i < keys->count; i++)
		*find(keys, &keys->array[i]) = (uint32_t)i + 1;
	return 0;
}

int keys_add(struct keys *keys, const struct analysis *analysis, uint32_t dump,
	     const struct place *place, uint32_t *ret_number)
{
	struct keys_entry entry = { .place = *place, .dump = dump };
	uint32_t *number;

	if (place->module != MODULES_NONE)
		entry.module = analysis->tree.modules.array[place->module].path;
	if (place->start != 0)
		entry.build = &analysis->tree.modules.array[place->module];
	if (keys->strip_dirs && entry.module)
		entry.module = keys_base_name(entry.module);
	if (keys->strip_dirs && entry.place.file)
		entry.place.file = keys_base_name(entry.place.file);
	if (keys->count == keys->room && grow(keys) < 0)
		return DUMP_MEMORY;
	number = find(keys, &entry);
	if (*number == 0) {
		keys->array[keys->count++] = entry;
		*number = (uint32_t)keys->count;
	}
	*ret_number = *number - 1;
	return 0;
}

int keys_of_place(struct keys_of_places *of, const struct places *places,
		  uint32_t place, uint32_t *ret_number)
{
	if (place >= of->room) {
		size_t room = 2 * (size_t)place + 64;
		uint32_t *numbers =
			reallocarray(of->numbers, room, sizeof(*numbers));

		if (!numbers)
			return DUMP_MEMORY;
		memset(numbers + of->room, 0,
		       (room - of->room) * sizeof(*numbers));
		of->numbers = numbers;
		of->room = room;
	}
	if (of->numbers[place] == 0) {
		if (keys_add(of->keys, of->analysis, of->dump,
			     &places->array[place], ret_number) < 0)
			return DUMP_MEMORY;
		of->numbers[place] = *ret_number + 1;
	}
	*ret_number = of->numbers[place] - 1;
	return 0;
}

void keys_of_places_done(struct keys_of_places *of)
{
	free(of->numbers);
	*of = (struct keys_of_places) { 0 };
}

void keys_done(struct keys *keys)
{
	free(keys->array);
	region_free(keys->table, keys->table_room, sizeof(*keys->table));
	*keys = (struct keys) { 0 };
}
