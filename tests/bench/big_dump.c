/* SPDX-License-Identifier: MIT */
/*
 * Writes a dump as large as they get: so many sites in a trie of five times as
 * many nodes, over code that has no file. For measuring the analyzer alone.
 *
 *	big_dump FILE [SITES [ROOTS]]
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/dump_builder.h"

#define FRAMES_PER_SITE 4u /* and the class: five nodes */
#define CODE_BYTES	(UINT64_C(1) << 20)
#define ADDRESSES	50000u
#define MODULES		8u
#define DEPTH_MAX	100u
#define WRITERS		8u

/* The same numbers every time and everywhere. */
static uint32_t next_random(uint64_t *state)
{
	*state = *state * UINT64_C(6364136223846793005) + 1442695040888963407u;
	return (uint32_t)(*state >> 33);
}

static uint64_t random_pc(uint64_t *state)
{
	uint32_t number = next_random(state) % ADDRESSES;

	return (UINT64_C(1) << 32) * (1 + number % MODULES) + 16 +
	       number / MODULES * 32;
}

/* Frames below some node that is there already. Returns the innermost. */
static uint32_t add_stack(struct dump_builder *builder, uint32_t *frames,
			  uint8_t *depths, uint32_t *count, uint32_t roots,
			  uint64_t *state)
{
	uint32_t at = next_random(state) % *count;
	uint32_t node = frames[at];
	uint8_t depth = depths[at];

	if (depth > DEPTH_MAX) {
		node = frames[at % roots];
		depth = 0;
	}
	for (uint32_t i = 0; i < FRAMES_PER_SITE; i++) {
		node = dump_builder_node(builder, node, random_pc(state));
		frames[*count] = node;
		depths[(*count)++] = ++depth;
	}
	return node;
}

static void add_slot(struct dump_builder *builder, uint32_t node,
		     uint64_t *state)
{
	uint64_t bytes = UINT64_C(1) << next_random(state) % 14;
	uint64_t allocs = 1 + next_random(state) % 1000;
	uint64_t frees = allocs - (next_random(state) % 8 == 0);
	uint32_t class =
		dump_builder_class(builder, node, MPF_CALL_MALLOC, bytes);
	struct mpf_slot *slot =
		dump_builder_count(builder, 1 + next_random(state) % WRITERS,
				   class, bytes, allocs, frees);

	slot->temporary = allocs / 4;
	slot->epoch = 1;
	slot->peak_blocks = 1;
	slot->peak_bytes = bytes;
	dump_builder_header(builder)->peak_bytes += bytes;
}

int main(int argc, char **argv)
{
	uint32_t sites = argc > 2 ? (uint32_t)atoi(argv[2]) : 1000000;
	uint32_t roots = argc > 3 ? (uint32_t)atoi(argv[3]) : 1;
	uint32_t *frames, count = 0;
	uint64_t state = 42;
	struct dump_builder builder;
	uint8_t *depths;
	char name[32];

	if (argc < 2 || sites == 0 || roots == 0) {
		fprintf(stderr, "usage: big_dump FILE [SITES [ROOTS]]\n");
		return 2;
	}
	frames = calloc((size_t)sites * FRAMES_PER_SITE + roots,
			sizeof(*frames));
	depths = calloc((size_t)sites * FRAMES_PER_SITE + roots, 1);
	if (!frames || !depths)
		return 2;
	dump_builder_init(&builder);
	for (uint32_t i = 0; i < MODULES; i++) {
		snprintf(name, sizeof(name), "/no/such/lib%u.so", i);
		dump_builder_module(&builder, name,
				    (UINT64_C(1) << 32) * (1 + i), CODE_BYTES);
	}
	for (uint32_t i = 0; i < WRITERS; i++) {
		snprintf(name, sizeof(name), "worker %u", i);
		dump_builder_thread(&builder, name, 100 + i);
	}
	builder.segment_bytes = 1 << 20;
	for (uint32_t i = 0; i < roots; i++)
		frames[count++] = dump_builder_root(&builder, i + 1);
	for (uint32_t i = 0; i < sites; i++)
		add_slot(&builder,
			 add_stack(&builder, frames, depths, &count, roots,
				   &state),
			 &state);
	dump_builder_save(&builder, argv[1], UINT64_MAX);
	dump_builder_done(&builder);
	free(frames);
	free(depths);
	return 0;
}
