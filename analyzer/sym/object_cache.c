/* SPDX-License-Identifier: MIT */
/* What the symbol cache holds of one object. */
#include "config.h"

#include "analyzer/sym/object_cache.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME_BYTES (2 * OBJECT_IDENTITY_BUILD_ID_LIMIT + sizeof(".sym"))

/* "BUILD-ID.sym"; false for an object that has none. */
static bool name_of(const struct sym_object *object, char name[NAME_BYTES])
{
	size_t bytes = object->build_id_bytes;

	if (bytes < 2 || bytes > OBJECT_IDENTITY_BUILD_ID_LIMIT)
		return false;
	for (size_t i = 0; i < bytes; i++)
		snprintf(name + 2 * i, 3, "%02x", object->build_id[i]);
	snprintf(name + 2 * bytes, sizeof(".sym"), ".sym");
	return true;
}

bool object_cache_open(struct object_cache *cache, struct cache_folder *folder,
		       const struct sym_object *object,
		       const struct object_file *file)
{
	char name[NAME_BYTES];
	uint8_t *data;
	size_t bytes;

	*cache = (struct object_cache) { 0 };
	if (folder->path == NULL || !name_of(object, name) ||
	    (file->main == NULL && file->debug == NULL))
		return false;
	object_identity_read(&cache->identity, file);
	if (cache->identity.bytes == 0)
		return false;
	data = cache_folder_read(folder, name, &bytes);
	return data != NULL &&
	       cache_file_open(&cache->file, data, bytes, cache->identity.data,
			       cache->identity.bytes);
}

void object_cache_close(struct object_cache *cache)
{
	cache_file_close(&cache->file);
	*cache = (struct object_cache) { 0 };
}

const struct answer *object_cache_get(struct object_cache *cache,
				      uint64_t address, struct intern *intern)
{
	uint32_t number = UINT32_MAX;

	if (cache->file.data != NULL)
		number = cache_file_find(&cache->file, address);
	return number == UINT32_MAX
		       ? NULL
		       : cache_file_answer(&cache->file, number, intern);
}

static int compare(const void *left, const void *right)
{
	const struct word_map_slot *a = left, *b = right;

	return a->key < b->key ? -1 : a->key > b->key;
}

/* All answers as bytes of a file. */
static uint8_t *encode(const struct cache_file_contents *as,
		       const struct word_map *answers, size_t *ret_bytes)
{
	struct cache_file_contents contents = *as;
	struct word_map_slot *slots = calloc(answers->count, sizeof(*slots));
	uint64_t *addresses = calloc(answers->count, sizeof(*addresses));
	const struct answer **array = calloc(answers->count, sizeof(*array));
	uint8_t *data = NULL;

	if (slots != NULL && addresses != NULL && array != NULL) {
		size_t count = 0;

		for (size_t i = 0; i < answers->capacity; i++)
			if (answers->slots[i].value != NULL)
				slots[count++] = answers->slots[i];
		qsort(slots, count, sizeof(*slots), compare);
		for (size_t i = 0; i < count; i++) {
			addresses[i] = slots[i].key;
			array[i] = slots[i].value;
		}
		contents.addresses = addresses;
		contents.answers = array;
		contents.count = count;
		data = cache_file_encode(&contents, CACHE_FOLDER_FILE_LIMIT,
					 ret_bytes);
	}
	free(slots);
	free(addresses);
	free(array);
	return data;
}

/* Adds what the file holds beside them: of other runs, of this object loaded
 * a second time. */
static void add_old(const struct object_cache *cache,
		    struct cache_folder *folder, const char *name,
		    struct word_map *answers, struct intern *intern)
{
	struct cache_file file;
	size_t bytes;
	uint8_t *data = cache_folder_read(folder, name, &bytes);

	if (data == NULL ||
	    !cache_file_open(&file, data, bytes, cache->identity.data,
			     cache->identity.bytes))
		return;
	for (uint32_t i = 0; i < file.header.answer_count &&
			     bytes <= CACHE_FOLDER_FILE_LIMIT / 2;
	     i++) {
		const struct answer *answer;

		if (word_map_get(answers, file.addresses[i]) != NULL)
			continue;
		answer = cache_file_answer(&file, i, intern);
		if (answer == NULL ||
		    word_map_add(answers, file.addresses[i], answer) != 0)
			break;
	}
	cache_file_close(&file);
}

void object_cache_save(struct object_cache *cache, struct cache_folder *folder,
		       const struct sym_object *object, enum sym_status status,
		       enum object_file_source source, struct word_map *answers,
		       struct intern *intern)
{
	const struct cache_file_contents contents = {
		.identity = cache->identity.data,
		.identity_bytes = cache->identity.bytes,
		.status = (uint32_t)status,
		.source = (uint32_t)source,
	};
	char name[NAME_BYTES];
	uint8_t *data;
	size_t bytes;

	if (cache->identity.bytes == 0 || answers->count == 0 ||
	    !name_of(object, name))
		return;
	add_old(cache, folder, name, answers, intern);
	data = encode(&contents, answers, &bytes);
	if (data != NULL)
		cache_folder_write(folder, name, data, bytes);
	free(data);
}
