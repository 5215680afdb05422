/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/word_map.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

void word_map_done(struct word_map *map)
{
	free(map->slots);
	*map = (struct word_map) { 0 };
}

/* Addresses and pointers differ in few, low bits: spread them over all. */
static uint64_t mix(uint64_t key)
{
	key ^= key >> 33;
	key *= 0xff51afd7ed558ccdu;
	key ^= key >> 33;
	key *= 0xc4ceb9fe1a85ec53u;
	return key ^ (key >> 33);
}

static struct word_map_slot *slot_of(const struct word_map *map, uint64_t key)
{
	size_t i = mix(key) & (map->capacity - 1);

	while (map->slots[i].value != NULL && map->slots[i].key != key)
		i = (i + 1) & (map->capacity - 1);
	return &map->slots[i];
}

const void *word_map_get(const struct word_map *map, uint64_t key)
{
	return map->capacity == 0 ? NULL : slot_of(map, key)->value;
}

static int grow(struct word_map *map)
{
	struct word_map larger = *map;

	larger.capacity =
		map->capacity == 0 ? FIRST_CAPACITY : map->capacity * 2;
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	if (larger.slots == NULL)
		return -1;
	for (size_t i = 0; i < map->capacity; i++)
		if (map->slots[i].value != NULL)
			*slot_of(&larger, map->slots[i].key) = map->slots[i];
	free(map->slots);
	*map = larger;
	return 0;
}

int word_map_add(struct word_map *map, uint64_t key, const void *value)
{
	if (2 * (map->count + 1) > map->capacity && grow(map) != 0)
		return -1;
	*slot_of(map, key) = (struct word_map_slot) { key, value };
	map->count++;
	return 0;
}
