/* SPDX-License-Identifier: MIT */
/* Blocks of the program's own pools. */
#include "config.h"

#include "preload/record/pools.h"

#include <stdatomic.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/record/file.h"
#include "preload/record/lifetimes.h"

#define SHARD_SHIFT 6
#define SHARDS	    (1u << SHARD_SHIFT)
#define TABLE_FIRST 102u /* entries of a first table: with its head a page */
#define BATCH	    32u	 /* blocks that a reset takes at a time */

/* A pool's block, or under its inverted address a chunk. */
struct entry {
	uintptr_t key; /* 0 free */
	uint64_t bytes;
	uint32_t class_node; /* of a chunk: none */
	uint32_t reserved;
	struct mp_birth birth;
};

/* Open addressing, no gaps between an entry and where it belongs. Always a
 * free entry. */
struct table {
	uint32_t size;
	uint32_t count;
	uint64_t reserved;
	struct entry entries[];
};

/* One pointer leads to a table, because a forked child may see a change of it
 * between any two instructions. */
struct shard {
	_Alignas(64) struct mp_lock lock;
	struct table *table;
};

static struct {
	struct shard shards[SHARDS];
	_Atomic uint32_t chunks;
} pools;

static inline uint64_t hash_of(uintptr_t key)
{
	return (uint64_t)key * UINT64_C(0x9E3779B97F4A7C15);
}

static inline struct shard *shard_of(uintptr_t key)
{
	return &pools.shards[hash_of(key) >> (64 - SHARD_SHIFT)];
}

/* False only in a handler that interrupted whoever holds it. A holder waits for
 * nobody, so others may be waited for, in a handler too. */
static bool lock(struct shard *shard)
{
	if (mp_lock_try(&shard->lock))
		return true;
	if ((atomic_load(&shard->lock.word) & ~MP_LOCK_WAITED) ==
	    mp_lock_self())
		return false;
	mp_lock_take(&shard->lock);
	return true;
}

static inline uint32_t home_of(const struct table *table, uintptr_t key)
{
	return (uint32_t)(hash_of(key) >> 8) % table->size;
}

static inline uint32_t next_of(const struct table *table, uint32_t at)
{
	return at + 1 == table->size ? 0 : at + 1;
}

/* The entry of key, or the free one where it would be. */
static struct entry *find(struct table *table, uintptr_t key)
{
	uint32_t at = home_of(table, key);

	while (table->entries[at].key && table->entries[at].key != key)
		at = next_of(table, at);
	return &table->entries[at];
}

/* The key last: a forked child may see this halfway. */
static void put(struct entry *to, const struct entry *entry)
{
	to->bytes = entry->bytes;
	to->class_node = entry->class_node;
	to->birth = entry->birth;
	atomic_signal_fence(memory_order_seq_cst);
	to->key = entry->key;
}

static inline size_t bytes_of(uint32_t size)
{
	return sizeof(struct table) + (size_t)size * sizeof(struct entry);
}

/* Moves all into a new table and leaves the old one alone. */
static bool renew(struct shard *shard, uint32_t size)
{
	struct table *old = shard->table, *new = mp_map_new(bytes_of(size));

	if (!new)
		return false;
	new->size = size;
	for (uint32_t i = 0; old && i < old->size; i++) {
		struct entry *to;

		if (!old->entries[i].key)
			continue;
		to = find(new, old->entries[i].key);
		new->count += !to->key;
		put(to, &old->entries[i]);
	}
	atomic_signal_fence(memory_order_seq_cst);
	shard->table = new;
	return true;
}

/* Shard locked. At most three quarters full. */
static bool make_room(struct shard *shard)
{
	struct table *old = shard->table;

	if (old && old->count < old->size / 4 * 3)
		return true;
	if (!renew(shard, old ? old->size * 2 : TABLE_FIRST)) {
		mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
		return false;
	}
	if (old)
		mp_map_free(old, bytes_of(old->size));
	return true;
}

/* Shard locked. Those behind come forward, as far as each may. */
static void remove_at(struct table *table, uint32_t hole)
{
	for (uint32_t at = next_of(table, hole); table->entries[at].key;
	     at = next_of(table, at)) {
		uint32_t home = home_of(table, table->entries[at].key);

		/* Not when it belongs between the hole and where it is. */
		if (hole <= at ? hole < home && home <= at
			       : hole < home || home <= at)
			continue;
		put(&table->entries[hole], &table->entries[at]);
		hole = at;
	}
	table->entries[hole].key = 0;
	table->count--;
}

/* False when the shard is ours already or memory is out. */
static bool add(const struct entry *entry)
{
	struct shard *shard = shard_of(entry->key);
	bool has_room;

	if (!lock(shard))
		return false;
	has_room = make_room(shard);
	if (has_room) {
		struct entry *to = find(shard->table, entry->key);

		shard->table->count += !to->key;
		put(to, entry);
	}
	mp_lock_release(&shard->lock);
	return has_room;
}

static struct mp_block block_of(const struct entry *entry)
{
	return (struct mp_block) { entry->class_node, entry->bytes,
				   entry->birth,
				   mp_births_usable_pooled(entry->bytes) };
}

static bool take(uintptr_t key, struct mp_block *ret_block)
{
	struct shard *shard = shard_of(key);
	const struct entry *entry;
	bool is_known = false;

	if (!lock(shard))
		return false;
	entry = shard->table ? find(shard->table, key) : NULL;
	if (entry && entry->key) {
		*ret_block = block_of(entry);
		remove_at(shard->table,
			  (uint32_t)(entry - shard->table->entries));
		is_known = true;
	}
	mp_lock_release(&shard->lock);
	return is_known;
}

void mp_pools_alloc(const void *addr, size_t bytes, const struct mp_regs *regs)
{
	struct mp_block block = { .bytes = bytes }, stale;
	struct entry entry = { .key = (uintptr_t)addr, .bytes = bytes };

	/* Its free was not told. */
	if (take(entry.key, &stale))
		mp_recorder_free_taken(addr, &stale);
	block.class_node = entry.class_node =
		mp_recorder_count(addr, bytes, MPF_CALL_CUSTOM, regs);
	if (__builtin_expect(mp_births_is_on, 0)) {
		mp_lifetimes_begin_pooled(&block);
		entry.birth = block.birth;
	}
	if (add(&entry))
		return;
	/* Its free would not be recognised. */
	mp_recorder_free_taken(addr, &block);
	__atomic_fetch_add(&mp_file.header->untracked_allocs, 1,
			   __ATOMIC_RELAXED);
	__atomic_fetch_add(&mp_file.header->untracked_bytes, bytes,
			   __ATOMIC_RELAXED);
}

void mp_pools_free(const void *addr)
{
	struct mp_block block;

	if (!addr)
		return;
	if (take((uintptr_t)addr, &block))
		mp_recorder_free_taken(addr, &block);
	else
		mp_recorder_foreign_free();
}

/* Up to BATCH blocks that begin in the range; returns how many. */
static unsigned take_some(struct shard *shard, uintptr_t start, size_t bytes,
			  struct mp_block *ret_blocks)
{
	struct table *table;
	unsigned count = 0;
	uint32_t at = 0;

	if (!lock(shard))
		return 0;
	table = shard->table;
	while (table && at < table->size && count < BATCH) {
		const struct entry *entry = &table->entries[at];

		if (!entry->key || entry->key - start >= bytes) {
			at++;
			continue;
		}
		/* Another may come forward into its place. */
		ret_blocks[count++] = block_of(entry);
		remove_at(table, at);
	}
	mp_lock_release(&shard->lock);
	return count;
}

void mp_pools_reset(const void *start, size_t bytes)
{
	struct mp_block blocks[BATCH];
	unsigned count;

	for (unsigned i = 0; i < SHARDS; i++) {
		do {
			count = take_some(&pools.shards[i], (uintptr_t)start,
					  bytes, blocks);
			/* None is temporary: nobody was given that address. */
			for (unsigned j = 0; j < count; j++)
				mp_recorder_free_taken(&blocks[j], &blocks[j]);
		} while (count == BATCH);
	}
}

void mp_pools_chunk(const void *addr)
{
	struct entry chunk = { .key = ~(uintptr_t)addr };
	struct mp_block block;

	if (!addr || !mp_recorder_take(addr, &block))
		return;
	chunk.bytes = block.bytes;
	if (!add(&chunk)) {
		mp_recorder_restore(addr, &block);
		return;
	}
	atomic_fetch_add(&pools.chunks, 1);
	mp_recorder_free_taken(&block, &block);
}

bool mp_pools_dissolve(const void *addr)
{
	struct mp_block chunk;

	if (atomic_load_explicit(&pools.chunks, memory_order_relaxed) == 0 ||
	    !take(~(uintptr_t)addr, &chunk))
		return false;
	atomic_fetch_sub(&pools.chunks, 1);
	mp_pools_reset(addr, chunk.bytes);
	return true;
}

void mp_pools_each_chunk(mp_pools_chunk_fn *fn, void *arg)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		const struct table *table = pools.shards[i].table;

		for (uint32_t at = 0; table && at < table->size; at++)
			if ((intptr_t)table->entries[at].key < 0)
				fn(arg, ~table->entries[at].key,
				   table->entries[at].bytes);
	}
}

void mp_pools_each(mp_block_fn *fn, void *arg)
{
	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &pools.shards[i];

		if (!shard->table || !lock(shard))
			continue;
		for (uint32_t at = 0; at < shard->table->size; at++) {
			const struct entry *entry = &shard->table->entries[at];

			if ((intptr_t)entry->key > 0)
				fn(arg, entry->key, block_of(entry));
		}
		mp_lock_release(&shard->lock);
	}
}

/*
 * Other threads of the parent went on while the kernel copied page by page: an
 * entry may be there twice. A new table has each once. The old one stays: this
 * may be a handler that interrupted its use.
 */
void mp_pools_forked(mp_block_fn *fn, void *arg)
{
	uint32_t chunks = 0;

	for (unsigned i = 0; i < SHARDS; i++) {
		struct shard *shard = &pools.shards[i];

		mp_lock_reset(&shard->lock);
		if (shard->table && !renew(shard, shard->table->size))
			shard->table = NULL;
		for (uint32_t at = 0; shard->table && at < shard->table->size;
		     at++) {
			struct entry *entry = &shard->table->entries[at];

			if ((intptr_t)entry->key < 0)
				chunks++;
			else if (entry->key)
				entry->class_node =
					fn(arg, entry->key, block_of(entry));
		}
	}
	atomic_store(&pools.chunks, chunks);
}
