/* SPDX-License-Identifier: MIT */
/*
 * A map from a pair of numbers to a number: open addressing, in one piece of
 * memory. Entries are never removed. One thread at a time.
 */
#ifndef MEMPROF_ANALYZER_MODEL_INTMAP_H
#define MEMPROF_ANALYZER_MODEL_INTMAP_H

#include <stddef.h>
#include <stdint.h>

struct intmap_entry {
	uint64_t key;
	uint32_t key2;
	uint32_t value; /* 0: free */
};

/* All zero: empty. count < room whenever there is room. */
struct intmap {
	struct intmap_entry *entries;
	size_t room; /* a power of two, or 0 */
	size_t count;
};

/*
 * The value of a key; 0 for a new key, and when memory is out NULL. The
 * caller sets *result of a new key to anything but 0 before the next call,
 * which ends its validity.
 */
uint32_t *intmap_at(struct intmap *map, uint64_t key, uint32_t key2);

/* Frees the memory; the map is empty afterwards. */
void intmap_clear(struct intmap *map);

/* Spreads the bits of a number over all of the result. */
static inline uint64_t intmap_hash(uint64_t key)
{
	key = (key ^ (key >> 32)) * UINT64_C(0x9e3779b97f4a7c15);
	return key ^ (key >> 29);
}

#endif
