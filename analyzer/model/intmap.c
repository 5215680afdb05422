/* SPDX-License-Identifier: MIT */
/* A map from a pair of numbers to a number. */
#include "config.h"

#include "analyzer/model/intmap.h"

#include "analyzer/model/region.h"

#define ROOM_FIRST 64u

static struct intmap_entry *find(const struct intmap *map, uint64_t key,
				 uint32_t key2)
{
	size_t mask = map->room - 1;
	size_t at =
		(size_t)intmap_hash(key + UINT64_C(0x632be59bd9b4e019) * key2) &
		mask;

	while (map->entries[at].value != 0 &&
	       (map->entries[at].key != key || map->entries[at].key2 != key2))
		at = (at + 1) & mask;
	return &map->entries[at];
}

static int grow(struct intmap *map)
{
	struct intmap larger = {
		.room = map->room ? 2 * map->room : ROOM_FIRST,
		.count = map->count,
	};

	larger.entries = region_new(larger.room, sizeof(*larger.entries));
	if (!larger.entries)
		return -1;
	for (size_t i = 0; i < map->room; i++) {
		const struct intmap_entry *entry = &map->entries[i];

		if (entry->value != 0)
			*find(&larger, entry->key, entry->key2) = *entry;
	}
	intmap_clear(map);
	*map = larger;
	return 0;
}

uint32_t *intmap_at(struct intmap *map, uint64_t key, uint32_t key2)
{
	struct intmap_entry *entry;

	/* Half full at most: runs stay short. */
	if (2 * (map->count + 1) > map->room && grow(map) < 0)
		return NULL;
	entry = find(map, key, key2);
	if (entry->value == 0) {
		entry->key = key;
		entry->key2 = key2;
		map->count++;
	}
	return &entry->value;
}

void intmap_clear(struct intmap *map)
{
	region_free(map->entries, map->room, sizeof(*map->entries));
	*map = (struct intmap) { 0 };
}
