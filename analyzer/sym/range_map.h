/* SPDX-License-Identifier: MIT */
/*
 * Which of many ranges, nested in each other, is the innermost at an address.
 * Filled first, sealed once, then asked; a lookup is one binary search.
 *
 * Debug information that is wrong or hostile may hold ranges that overlap
 * without being nested: then the one that starts last wins. Cost and memory
 * depend on the number of ranges only.
 */
#ifndef MEMPROF_ANALYZER_SYM_RANGE_MAP_H
#define MEMPROF_ANALYZER_SYM_RANGE_MAP_H

#include <stddef.h>
#include <stdint.h>

#define RANGE_MAP_NONE UINT32_MAX
/* One list of ranges can be named from many places: this bounds the sum. */
#define RANGE_MAP_LIMIT (8u * 1024 * 1024)

struct range_map_range {
	uint64_t low;
	uint64_t high; /* first address behind */
	uint32_t value;
};

struct range_map_segment {
	uint64_t start; /* ends where the next one starts */
	uint32_t value; /* RANGE_MAP_NONE: a gap */
};

/* All zero is an empty map. */
struct range_map {
	struct range_map_range *ranges; /* until sealed */
	size_t range_count;
	size_t range_capacity;
	struct range_map_segment *segments; /* sorted, once sealed */
	size_t segment_count;
};

void range_map_done(struct range_map *map);

/*
 * Of ranges with the same start the greatest value is the innermost. Empty
 * ranges are ignored. -1 when memory is out or the limit is reached.
 */
int range_map_add(struct range_map *map, uint64_t low, uint64_t high,
		  uint32_t value);

/* -1 when memory is out; the map is empty then. */
int range_map_seal(struct range_map *map);

/* RANGE_MAP_NONE: no range covers the address. */
uint32_t range_map_find(const struct range_map *map, uint64_t address);

#endif
