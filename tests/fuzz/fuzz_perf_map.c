/* SPDX-License-Identifier: MIT */
/*
 * Any bytes as the copy of a perf-PID.map: read, and its ranges asked for. They
 * ascend, have names that end, and cover nothing behind the last one.
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/sym/perf_map.h"
#include "tests/fuzz/driver.h"

#define FIRST "0 0 memprof 7 9"

static void check(bool is_right)
{
	if (!is_right)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const size_t skipped = sizeof(FIRST);
	char *text = malloc(skipped + size + 1);
	struct perf_map map;
	uint64_t before = 0;

	check(text);
	memcpy(text, FIRST "\n", skipped);
	memcpy(text + skipped, data, size);
	check(perf_map_parse(&map, text, skipped + size, FIRST) == 0);
	for (size_t i = 0; i < map.count; i++) {
		const struct perf_map_segment *segment = &map.segments[i];

		check(i == 0 || segment->start > before);
		before = segment->start;
		check(perf_map_find(&map, before) == segment->name);
		if (segment->name)
			check(*segment->name &&
			      strlen(segment->name) <= PERF_MAP_NAME_LIMIT);
	}
	/* Behind the last one there is nothing. */
	check(map.count == 0 || !map.segments[map.count - 1].name);
	perf_map_find(&map, UINT64_MAX);
	perf_map_done(&map);

	/* As another's, whose first line is not the one that is looked for. */
	text = malloc(size + 1);
	check(text);
	memcpy(text, data, size);
	check(perf_map_parse(&map, text, size, FIRST) == 0);
	perf_map_done(&map);
	return 0;
}
