/* SPDX-License-Identifier: MIT */
/*
 * The places of several dumps: the same function, line, file or module has the
 * same number, wherever it was loaded and whichever dump it is from. Functions
 * without a name are only the same in the same build of their module.
 */
#ifndef MEMPROF_ANALYZER_MODEL_KEYS_H
#define MEMPROF_ANALYZER_MODEL_KEYS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/places.h"

struct analysis;
struct module;

struct keys_entry {
	struct place place;
	uint32_t dump; /* that place.module is of */
	const char *module;
	const struct module *build; /* of a function without a name */
};

/* All zero but for strip_dirs: empty. Strings are those of the analyses. */
struct keys {
	bool strip_dirs; /* only the last part of a path counts, and is kept */
	struct keys_entry *array;
	size_t count;

	/* Private. */
	size_t room;
	uint32_t *table; /* numbers + 1 by hash */
	size_t table_room;
};

/* The number of a place of an analysis, which is dump of its set. 0, or
 * DUMP_MEMORY. */
int keys_add(struct keys *keys, const struct analysis *analysis, uint32_t dump,
	     const struct place *place, uint32_t *ret_number);
void keys_done(struct keys *keys);

/* The numbers of one analysis's places, each looked for once. All zero but for
 * the first three. */
struct keys_of_places {
	struct keys *keys;
	const struct analysis *analysis;
	uint32_t dump;

	/* Private. */
	uint32_t *numbers; /* per place: number + 1 */
	size_t room;
};

/* 0, or DUMP_MEMORY. */
int keys_of_place(struct keys_of_places *of, const struct places *places,
		  uint32_t place, uint32_t *ret_number);
void keys_of_places_done(struct keys_of_places *of);

/* What stands behind the last slash of a path. */
const char *keys_base_name(const char *path);

#endif
