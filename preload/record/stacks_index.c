/* SPDX-License-Identifier: MIT */
/* The tables behind the trie of stacks. */
#include "config.h"

#include "preload/record/stacks_index.h"

#include "preload/base/map.h"
#include "preload/base/sys.h"
#include "preload/format/format.h"

#define BITS_FIRST 8u /* entries of a shard's first table: half a page */

static size_t table_bytes(unsigned bits)
{
	return sizeof(struct mp_index_table) + (sizeof(uint64_t) << bits);
}

static void put(struct mp_index_table *table, uint64_t entry)
{
	size_t at = mp_index_place(table, entry);

	while (atomic_load_explicit(&table->entries[at], memory_order_relaxed))
		at = (at + 1) & (((size_t)1 << table->bits) - 1);
	atomic_store_explicit(&table->entries[at], entry, memory_order_release);
}

/* All but the first page, which says how large it is. */
static void give_back(struct mp_index_table *table)
{
	size_t bytes = table_bytes(table->bits);

	if (bytes > MPF_PAGE)
		mp_sys_madvise((char *)table + MPF_PAGE, bytes - MPF_PAGE,
			       MADV_DONTNEED);
}

/* A table is at most three quarters full, so that every probe ends. */
bool mp_index_make_room(struct mp_index_shard *shard)
{
	struct mp_index_table *old, *new;
	unsigned bits = BITS_FIRST;

	old = atomic_load_explicit(&shard->table, memory_order_relaxed);
	if (old && shard->count < (UINT64_C(3) << old->bits) / 4)
		return true;
	if (old)
		bits = old->bits + 1;
	new = mp_map_new(table_bytes(bits));
	if (!new)
		return false;
	new->bits = bits;
	for (size_t i = 0; old && i < (size_t)1 << old->bits; i++) {
		uint64_t entry = atomic_load_explicit(&old->entries[i],
						      memory_order_relaxed);

		if (entry)
			put(new, entry);
	}
	atomic_store_explicit(&shard->table, new, memory_order_release);
	if (old)
		give_back(old);
	return true;
}

void mp_index_add(struct mp_index_shard *shard, uint64_t hash, uint32_t id)
{
	put(atomic_load_explicit(&shard->table, memory_order_relaxed),
	    (hash & ~MP_INDEX_ID_MASK) | id);
	shard->count++;
}

/*
 * While fork() copied these pages one after another, other threads went on: a
 * table may hold more than its count says, or nothing yet, not even its size.
 */
void mp_index_forked(struct mp_index *index)
{
	for (unsigned i = 0; i < 1u << MP_INDEX_SHARD_BITS; i++) {
		struct mp_index_shard *shard = &index->shards[i];
		struct mp_index_table *table = atomic_load(&shard->table);

		mp_lock_reset(&shard->lock);
		shard->count = 0;
		if (!table)
			continue;
		for (size_t k = 0; k < (size_t)1 << table->bits; k++)
			shard->count += atomic_load(&table->entries[k]) != 0;
		if (table->bits < BITS_FIRST || shard->count >> table->bits) {
			atomic_store(&shard->table, NULL);
			shard->count = 0;
		}
	}
}
