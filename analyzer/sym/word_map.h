/* SPDX-License-Identifier: MIT */
/*
 * From a 64-bit number to a pointer that the map does not own: answers already
 * given by address, texts already made by the pointer they were made from.
 */
#ifndef MEMPROF_ANALYZER_SYM_WORD_MAP_H
#define MEMPROF_ANALYZER_SYM_WORD_MAP_H

#include <stddef.h>
#include <stdint.h>

struct word_map_slot {
	uint64_t key;
	const void *value; /* NULL: the slot is empty */
};

/* All zero is an empty map. */
struct word_map {
	struct word_map_slot *slots;
	size_t capacity; /* a power of two, or 0 */
	size_t count;	 /* 2 * count <= capacity */
};

void word_map_done(struct word_map *map);

/* NULL: the key is not there. */
const void *word_map_get(const struct word_map *map, uint64_t key);

/* value is not NULL, the key is not yet there. -1 when memory is out. */
int word_map_add(struct word_map *map, uint64_t key, const void *value);

#endif
