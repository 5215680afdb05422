/* SPDX-License-Identifier: MIT */
/*
 * The places that the activations of frames are put together by: the same
 * function, line, file or module. Each place has a number.
 */
#ifndef MEMPROF_ANALYZER_MODEL_PLACES_H
#define MEMPROF_ANALYZER_MODEL_PLACES_H

#include <stddef.h>
#include <stdint.h>

struct names;

enum places_by { PLACES_FUNCTION, PLACES_LINE, PLACES_FILE, PLACES_MODULE };

/*
 * What is known of a place. What does not belong to its kind, or is unknown,
 * is NULL or 0; of a place with neither function nor file, what is left is the
 * module: all code there of which no more is known. Functions without a name
 * are told apart by where they begin, as far as that is known.
 */
struct place {
	const char *function;
	const char *file;
	uint32_t line;
	uint32_t module; /* MODULES_NONE: unknown code */
	uint64_t start;	 /* not 0: function is made of it, names_unnamed() */
};

struct places {
	struct names *names;
	enum places_by by;
	struct place *array;
	size_t count;

	/* Private. */
	size_t room;
	uint32_t *table; /* numbers + 1 by hash */
	size_t table_room;
	struct {
		uint32_t first, count;
		uint32_t is_known;
	} * of_frame;	   /* which of numbers are those of a frame */
	uint32_t *numbers; /* per activation */
	size_t number_count, number_room;
};

/* 0, or DUMP_MEMORY. */
int places_init(struct places *ret_places, struct names *names,
		enum places_by by);
void places_done(struct places *places);

/*
 * The places of a frame's activations, innermost first, at least one.
 * Symbolises the frame, but for modules. Valid until the next call. 0, or
 * DUMP_MEMORY.
 */
int places_of(struct places *places, uint32_t frame,
	      const uint32_t **ret_numbers, size_t *ret_count);

#endif
