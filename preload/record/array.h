/* SPDX-License-Identifier: MIT */
/*
 * An array in the dump that is written anew as a whole now and then: the
 * segments of one type, as one array through all of them, used again each
 * time. Readers learn from a sequence number in the header whether it is
 * whole; that is the caller's.
 *
 * Context: one thread at a time; may run inside malloc; may run in a signal
 * handler: yes, with may_wait false; locks taken: the file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_ARRAY_H
#define MEMPROF_PRELOAD_RECORD_ARRAY_H

#include <stdbool.h>
#include <stdint.h>

#define MP_ARRAY_PARTS	    24u /* each is as large as all before together */
#define MP_ARRAY_ELEM_BYTES 64u /* of the elements of all of them */

struct mp_array {
	uint32_t pid; /* whose dump they are in */
	uint32_t type;
	uint32_t part_count;
	struct {
		uint64_t first; /* index of the element under its header */
		uint64_t count; /* of elements, that one included */
		uint8_t *start;
	} parts[MP_ARRAY_PARTS];
};

/* Makes room for count elements; false when there is no space. In a forked
 * child the array is a new one. */
bool mp_array_reserve(struct mp_array *array, uint64_t count, bool may_wait);

/* The nth element that is under no header, and its index in the dump. NULL:
 * beyond the room. */
void *mp_array_at(const struct mp_array *array, uint64_t n,
		  uint64_t *ret_index);

/* Zeroes the nth and all behind it. */
void mp_array_clear(const struct mp_array *array, uint64_t n);

#endif
