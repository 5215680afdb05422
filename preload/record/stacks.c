/* SPDX-License-Identifier: MIT */
/* The trie of stacks, hash-consed. */
#include "config.h"

#include "preload/record/stacks.h"

#include <stdatomic.h>
#include <stddef.h>

#include "preload/base/lock.h"
#include "preload/base/map.h"
#include "preload/record/file.h"

#define SEGMENT_SHIFT	 12 /* nodes in a segment of 64 KiB */
#define SEGMENT_NODES	 (1u << SEGMENT_SHIFT)
#define SEGMENT_BYTES	 (SEGMENT_NODES * (uint32_t)sizeof(struct mpf_node))
#define FIRST_IN_SEGMENT (MPF_SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_node))
#define SHARD_SHIFT	 6
#define SHARDS		 (1u << SHARD_SHIFT)
#define TABLE_FIRST	 64u /* entries in a shard's first table */

/* An open-addressing table of ids, 0 free. Tables that were outgrown stay
 * mapped for readers still in them: together no larger than the present. */
struct table {
	uint32_t mask;
	_Atomic uint32_t ids[];
};

struct shard {
	_Alignas(64) struct mp_lock lock;
	uint32_t count;		       /* lock */
	_Atomic(struct table *) table; /* replaced under lock */
};

static struct {
	struct shard shards[SHARDS];
	struct mp_lock node_lock;
	uint32_t next; /* node_lock; the id to give next */
	_Atomic(struct mpf_node *) segments[MP_STACKS_MAX >> SEGMENT_SHIFT];
} stacks;

static inline struct mpf_node *node_at(uint32_t id)
{
	return atomic_load_explicit(&stacks.segments[id >> SEGMENT_SHIFT],
				    memory_order_relaxed) +
	       (id & (SEGMENT_NODES - 1));
}

uint64_t mp_stacks_pc(uint32_t node)
{
	return node_at(node)->pc;
}

uint32_t mp_stacks_parent(uint32_t node)
{
	return node_at(node)->parent;
}

bool mp_stacks_has(uint32_t node)
{
	return node % SEGMENT_NODES >= FIRST_IN_SEGMENT &&
	       node < mp_stacks_count();
}

uint32_t mp_stacks_count(void)
{
	return __atomic_load_n(&stacks.next, __ATOMIC_RELAXED);
}

static inline uint64_t hash_of(uint32_t parent, uint64_t pc)
{
	return (pc ^ parent * UINT64_C(0x9E3779B97F4A7C15)) *
	       UINT64_C(0xD6E8FEB86659FD93);
}

/* The id at (parent, pc), or 0 with *ret_at the free entry met. */
static uint32_t probe(struct table *table, uint64_t hash, uint32_t parent,
		      uint64_t pc, uint32_t *ret_at)
{
	uint32_t at = (uint32_t)(hash >> 26) & table->mask;

	for (;; at = (at + 1) & table->mask) {
		uint32_t id = atomic_load_explicit(&table->ids[at],
						   memory_order_acquire);
		const struct mpf_node *node;

		if (!id) {
			*ret_at = at;
			return 0;
		}
		node = node_at(id);
		if (node->pc == pc && node->parent == parent)
			return id;
	}
}

static struct table *table_new(uint32_t entries)
{
	struct table *table;

	table = mp_map_new(sizeof(*table) + entries * sizeof(uint32_t));
	if (table)
		table->mask = entries - 1;
	return table;
}

/* Shard locked. Keeps the table at most half full. */
static struct table *table_with_room(struct shard *shard)
{
	struct table *old, *new;
	uint32_t at;

	old = atomic_load_explicit(&shard->table, memory_order_relaxed);
	if (old && shard->count * 2 <= old->mask)
		return old;
	new = table_new(old ? (old->mask + 1) * 2 : TABLE_FIRST);
	if (!new) {
		mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
		return NULL;
	}
	for (uint32_t i = 0; old && i <= old->mask; i++) {
		uint32_t id = atomic_load_explicit(&old->ids[i],
						   memory_order_relaxed);
		const struct mpf_node *node;

		if (!id)
			continue;
		node = node_at(id);
		probe(new, hash_of(node->parent, node->pc), node->parent,
		      node->pc, &at);
		atomic_store_explicit(&new->ids[at], id, memory_order_relaxed);
	}
	atomic_store_explicit(&shard->table, new, memory_order_release);
	return new;
}

/* node_lock held. */
static bool segment_add(uint32_t id, bool may_wait)
{
	struct mpf_segment *segment;
	uint64_t offset;

	segment = mp_file_segment(MPF_SEG_NODES, 0, sizeof(struct mpf_node), id,
				  SEGMENT_BYTES, may_wait, &offset);
	if (!segment)
		return false;
	atomic_store_explicit(&stacks.segments[id >> SEGMENT_SHIFT],
			      (struct mpf_node *)segment, memory_order_release);
	return true;
}

/* A complete node, not yet in the index; 0 when there is no room. */
static uint32_t node_new(uint32_t parent, uint64_t pc, bool may_wait)
{
	struct mpf_node *node;
	uint32_t id = 0;

	if (!mp_lock_take_if(&stacks.node_lock, may_wait))
		return 0;
	if (stacks.next >= MP_STACKS_MAX) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		goto out;
	}
	if (stacks.next % SEGMENT_NODES == 0) {
		if (!segment_add(stacks.next, may_wait))
			goto out;
		stacks.next += FIRST_IN_SEGMENT;
	}
	id = stacks.next;
	node = node_at(id);
	node->parent = parent;
	node->pc = pc;
	__atomic_store_n(&stacks.next, id + 1, __ATOMIC_RELEASE);
out:
	mp_lock_release(&stacks.node_lock);
	return id;
}

static uint32_t insert(struct shard *shard, uint64_t hash, uint32_t parent,
		       uint64_t pc, bool may_wait)
{
	struct table *table;
	uint32_t id = 0, at;

	if (!mp_lock_take_if(&shard->lock, may_wait))
		return MP_NODE_NONE;
	table = table_with_room(shard);
	if (!table)
		goto out;
	id = probe(table, hash, parent, pc, &at);
	if (id)
		goto out;
	id = node_new(parent, pc, may_wait);
	if (id) {
		shard->count++;
		atomic_store_explicit(&table->ids[at], id,
				      memory_order_release);
	}
out:
	mp_lock_release(&shard->lock);
	return id;
}

uint32_t mp_stacks_child(uint32_t parent, uint64_t pc, bool may_wait)
{
	uint64_t hash = hash_of(parent, pc);
	struct shard *shard = &stacks.shards[hash >> (64 - SHARD_SHIFT)];
	struct table *table;
	uint32_t id, at;

	table = atomic_load_explicit(&shard->table, memory_order_acquire);
	if (table) {
		id = probe(table, hash, parent, pc, &at);
		if (id)
			return id;
	}
	return insert(shard, hash, parent, pc, may_wait);
}

/* The last segment is filled up to its first node without a pc. */
static void adopt_segment(const struct mpf_segment *segment)
{
	uint32_t first = (uint32_t)segment->first, used = FIRST_IN_SEGMENT;

	if (segment->type != MPF_SEG_NODES)
		return;
	atomic_store(&stacks.segments[first >> SEGMENT_SHIFT],
		     mp_file_at(mp_file_offset(segment)));
	while (used < SEGMENT_NODES && node_at(first + used)->pc)
		used++;
	stacks.next = first + used;
}

/*
 * While fork() copied our private pages one after another, other threads of
 * the parent went on: next and segments may be older than the index and the
 * blocks. The file is shared, so what was copied of it is newer than all. A
 * node that the index lacks is made twice; readers join equal stacks.
 */
void mp_stacks_forked(void)
{
	for (unsigned i = 0; i < SHARDS; i++)
		mp_lock_reset(&stacks.shards[i].lock);
	mp_lock_reset(&stacks.node_lock);
	mp_file_each(adopt_segment);
}
