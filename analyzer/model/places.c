/* SPDX-License-Identifier: MIT */
/* The places that activations are put together by. */
#include "config.h"

#include "analyzer/model/places.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/names.h"
#include "analyzer/model/region.h"
#include "analyzer/model/tree.h"

#define TABLE_FIRST 256u

int places_init(struct places *ret_places, struct names *names,
		enum places_by by)
{
	struct places places = { .names = names, .by = by };

	places.of_frame =
		region_new(names->tree->frame_count, sizeof(*places.of_frame));
	places.table_room = TABLE_FIRST;
	places.table = region_new(places.table_room, sizeof(*places.table));
	if (!places.of_frame || !places.table) {
		places_done(&places);
		return DUMP_MEMORY;
	}
	*ret_places = places;
	return 0;
}

void places_done(struct places *places)
{
	if (!places->names)
		return;
	region_free(places->of_frame, places->names->tree->frame_count,
		    sizeof(*places->of_frame));
	region_free(places->table, places->table_room, sizeof(*places->table));
	free(places->array);
	free(places->numbers);
	*places = (struct places) { 0 };
}

static uint64_t hash_text(uint64_t hash, const char *text)
{
	if (!text)
		return intmap_hash(hash + 1);
	for (; *text; text++)
		hash = (hash ^ (unsigned char)*text) * UINT64_C(0x100000001b3);
	return intmap_hash(hash);
}

static size_t hash_place(const struct place *place)
{
	uint64_t hash = (uint64_t)place->line << 32 | place->module;

	hash = hash_text(intmap_hash(hash), place->function);
	return (size_t)hash_text(hash, place->file);
}

static bool is_same_text(const char *a, const char *b)
{
	return a == b || (a && b && strcmp(a, b) == 0);
}

static bool is_same(const struct place *a, const struct place *b)
{
	return a->line == b->line && a->module == b->module &&
	       is_same_text(a->function, b->function) &&
	       is_same_text(a->file, b->file);
}

/* Where the place is in the table, or would be. */
static uint32_t *find(const struct places *places, const struct place *place)
{
	size_t mask = places->table_room - 1;
	size_t at = hash_place(place) & mask;

	while (places->table[at] != 0 &&
	       !is_same(&places->array[places->table[at] - 1], place))
		at = (at + 1) & mask;
	return &places->table[at];
}

static int grow_table(struct places *places)
{
	size_t old_room = places->table_room;
	uint32_t *old = places->table;
	uint32_t *table = region_new(2 * old_room, sizeof(*table));

	if (!table)
		return DUMP_MEMORY;
	places->table = table;
	places->table_room = 2 * old_room;
	for (size_t i = 0; i < places->count; i++)
		*find(places, &places->array[i]) = (uint32_t)i + 1;
	region_free(old, old_room, sizeof(*old));
	return 0;
}

static int add_place(struct places *places, const struct place *place,
		     uint32_t *ret_number)
{
	uint32_t *entry = find(places, place);

	if (*entry == 0) {
		if (places->count == places->room) {
			size_t room = places->room ? 2 * places->room : 64;
			struct place *array = reallocarray(places->array, room,
							   sizeof(*array));

			if (!array)
				return DUMP_MEMORY;
			places->array = array;
			places->room = room;
		}
		places->array[places->count++] = *place;
		*entry = (uint32_t)places->count;
		*ret_number = *entry - 1;
		if (2 * places->count > places->table_room)
			return grow_table(places);
		return 0;
	}
	*ret_number = *entry - 1;
	return 0;
}

/* An activation reduced to what its kind of place is told apart by. */
static struct place reduce(enum places_by by, const struct sym_frame *frame,
			   uint32_t module, const char *unnamed, uint64_t start)
{
	struct place place = { .module = MODULES_NONE };

	switch (by) {
	case PLACES_MODULE:
		break;
	case PLACES_FUNCTION:
		place.function = frame->function;
		place.file = frame->function ? frame->file : NULL;
		break;
	case PLACES_LINE:
		place.line = frame->file ? frame->line : 0;
		place.function = frame->function;
		place.file = frame->file;
		break;
	case PLACES_FILE:
		place.file = frame->file;
		break;
	}
	if (!place.file)
		place.module = module;
	if (unnamed && by != PLACES_MODULE && by != PLACES_FILE) {
		place.function = unnamed;
		place.start = start;
	}
	return place;
}

static int add_number(struct places *places, uint32_t number)
{
	if (places->number_count == places->number_room) {
		size_t room =
			places->number_room ? 2 * places->number_room : 256;
		uint32_t *numbers =
			reallocarray(places->numbers, room, sizeof(*numbers));

		if (!numbers)
			return DUMP_MEMORY;
		places->numbers = numbers;
		places->number_room = room;
	}
	places->numbers[places->number_count++] = number;
	return 0;
}

static int add_frame(struct places *places, uint32_t frame)
{
	static const struct sym_frame unknown;
	uint32_t module = places->names->tree->frames[frame].module;
	const struct sym_frame *frames = &unknown;
	const char *unnamed = NULL;
	uint64_t start = 0;
	size_t first = places->number_count, count = 0;

	if (places->by != PLACES_MODULE) {
		count = names_of(places->names, frame, &frames);
		unnamed = names_unnamed(places->names, frame, &start);
	}
	if (count == 0) {
		frames = &unknown;
		count = 1;
	}
	for (size_t i = 0; i < count; i++) {
		struct place place =
			reduce(places->by, &frames[i], module, unnamed, start);
		uint32_t number;

		if (add_place(places, &place, &number) < 0 ||
		    add_number(places, number) < 0)
			return DUMP_MEMORY;
	}
	places->of_frame[frame].first = (uint32_t)first;
	places->of_frame[frame].count = (uint32_t)count;
	places->of_frame[frame].is_known = 1;
	return 0;
}

int places_of(struct places *places, uint32_t frame,
	      const uint32_t **ret_numbers, size_t *ret_count)
{
	if (!places->of_frame[frame].is_known && add_frame(places, frame) < 0)
		return DUMP_MEMORY;
	*ret_numbers = places->numbers + places->of_frame[frame].first;
	*ret_count = places->of_frame[frame].count;
	return 0;
}
