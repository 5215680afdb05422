/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/range_map.h"

#include <stdlib.h>

#define FIRST_CAPACITY 64

void range_map_done(struct range_map *map)
{
	free(map->ranges);
	free(map->segments);
	*map = (struct range_map) { 0 };
}

int range_map_add(struct range_map *map, uint64_t low, uint64_t high,
		  uint32_t value)
{
	if (high <= low)
		return 0;
	if (map->range_count == map->range_capacity) {
		size_t capacity = map->range_capacity == 0
					  ? FIRST_CAPACITY
					  : map->range_capacity * 2;
		void *larger;

		if (map->range_count >= RANGE_MAP_LIMIT)
			return -1;
		larger = realloc(map->ranges, capacity * sizeof(*map->ranges));
		if (larger == NULL)
			return -1;
		map->ranges = larger;
		map->range_capacity = capacity;
	}
	map->ranges[map->range_count++] =
		(struct range_map_range) { low, high, value };
	return 0;
}

static int compare(const void *a, const void *b)
{
	const struct range_map_range *x = a;
	const struct range_map_range *y = b;

	if (x->low != y->low)
		return x->low < y->low ? -1 : 1;
	if (x->value != y->value)
		return x->value < y->value ? -1 : 1;
	return 0;
}

static void emit(struct range_map *map, uint64_t start, uint32_t value)
{
	struct range_map_segment *last = NULL;

	if (map->segment_count > 0)
		last = &map->segments[map->segment_count - 1];
	if (last != NULL && last->start == start)
		last->value = value;
	else if (last == NULL || last->value != value)
		map->segments[map->segment_count++] =
			(struct range_map_segment) { start, value };
}

/* Ends the open ranges that end at or before address. */
static size_t close_until(struct range_map *map, const uint32_t *open,
			  size_t depth, uint64_t address)
{
	while (depth > 0 && map->ranges[open[depth - 1]].high <= address) {
		uint64_t end = map->ranges[open[depth - 1]].high;

		/* What it hid may have ended meanwhile. */
		while (depth > 0 && map->ranges[open[depth - 1]].high <= end)
			depth--;
		emit(map, end,
		     depth == 0 ? RANGE_MAP_NONE
				: map->ranges[open[depth - 1]].value);
	}
	return depth;
}

int range_map_seal(struct range_map *map)
{
	uint32_t *open = NULL;
	size_t depth = 0;
	void *smaller;

	if (map->range_count == 0) {
		range_map_done(map);
		return 0;
	}
	open = malloc(map->range_count * sizeof(*open));
	/* Each range starts one segment and ends one. */
	map->segments = malloc(2 * map->range_count * sizeof(*map->segments));
	if (open == NULL || map->segments == NULL) {
		free(open);
		range_map_done(map);
		return -1;
	}
	qsort(map->ranges, map->range_count, sizeof(*map->ranges), compare);
	for (uint32_t i = 0; i < map->range_count; i++) {
		const struct range_map_range *range = &map->ranges[i];

		depth = close_until(map, open, depth, range->low);
		emit(map, range->low, range->value);
		open[depth++] = i;
	}
	close_until(map, open, depth, UINT64_MAX);

	free(open);
	free(map->ranges);
	map->ranges = NULL;
	map->range_count = map->range_capacity = 0;
	smaller = realloc(map->segments,
			  map->segment_count * sizeof(*map->segments));
	if (smaller != NULL)
		map->segments = smaller;
	return 0;
}

uint32_t range_map_find(const struct range_map *map, uint64_t address)
{
	size_t low = 0;
	size_t high = map->segment_count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (map->segments[middle].start <= address)
			low = middle + 1;
		else
			high = middle;
	}
	return low == 0 ? RANGE_MAP_NONE : map->segments[low - 1].value;
}
