/* SPDX-License-Identifier: MIT */
/* An array in the dump that is written anew as a whole now and then. */
#include "config.h"

#include "preload/record/array.h"

#include <stddef.h>

#include "preload/record/file.h"

#define PART_BYTES (UINT64_C(64) << 10)
#define PART_MAX   (UINT64_C(8) << 20)

/* The first element of each part is its header. */
bool mp_array_reserve(struct mp_array *array, uint64_t count, bool may_wait)
{
	uint64_t room = 0, next = 0;

	if (array->pid != mp_file.header->pid)
		array->part_count = 0;
	array->pid = mp_file.header->pid;
	for (uint32_t i = 0; i < array->part_count; i++) {
		room += array->parts[i].count - 1;
		next = array->parts[i].first + array->parts[i].count;
	}
	while (room < count && array->part_count < MP_ARRAY_PARTS) {
		uint64_t bytes = (count - room + 1) * MP_ARRAY_ELEM_BYTES,
			 offset;
		struct mpf_segment *segment;

		if (bytes < next * MP_ARRAY_ELEM_BYTES)
			bytes = next * MP_ARRAY_ELEM_BYTES;
		if (bytes < PART_BYTES)
			bytes = PART_BYTES;
		if (bytes > PART_MAX)
			bytes = PART_MAX;
		bytes = (bytes + MPF_PAGE - 1) & ~(uint64_t)(MPF_PAGE - 1);
		segment = mp_file_segment(array->type, 0, MP_ARRAY_ELEM_BYTES,
					  next, bytes, may_wait, &offset);
		if (!segment)
			return false;
		array->parts[array->part_count].first = next;
		array->parts[array->part_count].count =
			bytes / MP_ARRAY_ELEM_BYTES;
		array->parts[array->part_count].start = (uint8_t *)segment;
		array->part_count++;
		room += bytes / MP_ARRAY_ELEM_BYTES - 1;
		next += bytes / MP_ARRAY_ELEM_BYTES;
	}
	return room >= count;
}

void *mp_array_at(const struct mp_array *array, uint64_t n, uint64_t *ret_index)
{
	for (uint32_t i = 0; i < array->part_count; i++) {
		if (n < array->parts[i].count - 1) {
			*ret_index = array->parts[i].first + 1 + n;
			return array->parts[i].start +
			       (n + 1) * MP_ARRAY_ELEM_BYTES;
		}
		n -= array->parts[i].count - 1;
	}
	return NULL;
}

void mp_array_clear(const struct mp_array *array, uint64_t n)
{
	uint64_t index;
	void *at;

	for (; (at = mp_array_at(array, n, &index)); n++)
		__builtin_memset(at, 0, MP_ARRAY_ELEM_BYTES);
}
