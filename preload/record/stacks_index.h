/* SPDX-License-Identifier: MIT */
/*
 * From a hash to the ids that may have it: open-addressing tables in shards.
 * An entry is one word, an id and the upper bits of its hash, so that a probe
 * looks at no node but those that match in 36 bits, and a table that grows at
 * none at all.
 *
 * A table that was outgrown may still be read: its pages are given back but
 * stay mapped, and a reader that finds nothing there looks again under the
 * lock.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: none. mp_index_make_room() and mp_index_add() with the
 * shard's lock held.
 */
#ifndef MEMPROF_PRELOAD_RECORD_STACKS_INDEX_H
#define MEMPROF_PRELOAD_RECORD_STACKS_INDEX_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/base/lock.h"

#define MP_INDEX_SHARD_BITS 6
#define MP_INDEX_ID_BITS    28
#define MP_INDEX_ID_MASK    ((UINT64_C(1) << MP_INDEX_ID_BITS) - 1)

struct mp_index_table {
	unsigned bits;		    /* of the number of entries */
	_Atomic uint64_t entries[]; /* 0: free */
};

struct mp_index_shard {
	_Alignas(64) struct mp_lock lock;
	uint32_t count;				/* lock; entries in use */
	_Atomic(struct mp_index_table *) table; /* replaced under lock */
};

/* All zero is a valid empty one. */
struct mp_index {
	struct mp_index_shard shards[1u << MP_INDEX_SHARD_BITS];
};

static inline struct mp_index_shard *mp_index_shard(struct mp_index *index,
						    uint64_t hash)
{
	return &index->shards[hash >> (64 - MP_INDEX_SHARD_BITS)];
}

/* The bits behind the shard's are the place, and are part of the entry. */
static inline size_t mp_index_place(const struct mp_index_table *table,
				    uint64_t hash)
{
	return hash << MP_INDEX_SHARD_BITS >> (64 - table->bits);
}

struct mp_index_probe {
	struct mp_index_table *table;
	uint64_t tag;
	size_t at;
};

static inline struct mp_index_probe mp_index_begin(struct mp_index *index,
						   uint64_t hash)
{
	struct mp_index_probe probe;

	probe.table = atomic_load_explicit(&mp_index_shard(index, hash)->table,
					   memory_order_acquire);
	probe.tag = hash & ~MP_INDEX_ID_MASK;
	probe.at = probe.table ? mp_index_place(probe.table, hash) : 0;
	return probe;
}

/* The next id whose hash may be the one looked for; 0: no more. */
static inline uint32_t mp_index_next(struct mp_index_probe *probe)
{
	if (!probe->table)
		return 0;
	for (;;) {
		uint64_t entry =
			atomic_load_explicit(&probe->table->entries[probe->at],
					     memory_order_acquire);

		if (!entry)
			return 0;
		probe->at = (probe->at + 1) &
			    (((size_t)1 << probe->table->bits) - 1);
		if ((entry & ~MP_INDEX_ID_MASK) == probe->tag)
			return (uint32_t)(entry & MP_INDEX_ID_MASK);
	}
}

/* For one more entry; false without memory. */
bool mp_index_make_room(struct mp_index_shard *shard);

/* After mp_index_make_room(): id is not 0 and below 1 << MP_INDEX_ID_BITS. */
void mp_index_add(struct mp_index_shard *shard, uint64_t hash, uint32_t id);

/* In a forked child: nobody else is there to hold a lock. */
void mp_index_forked(struct mp_index *index);

#endif
