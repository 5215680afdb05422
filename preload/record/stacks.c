/* SPDX-License-Identifier: MIT */
/* The trie of stacks, hash-consed: its words in the dump. */
#include "config.h"

#include "preload/record/stacks.h"

#include "preload/base/lock.h"
#include "preload/record/file.h"
#include "preload/record/stacks_index.h"

#define SEGMENT_NODES	 MP_STACKS_SEGMENT_NODES
#define SEGMENT_SHIFT	 MP_STACKS_SEGMENT_SHIFT
#define SEGMENT_BYTES	 (SEGMENT_NODES * (uint32_t)sizeof(struct mpf_node))
#define FIRST_IN_SEGMENT (MPF_SEGMENT_BYTES / (uint32_t)sizeof(struct mpf_node))

struct mpf_node *mp_stacks_segments[MP_STACKS_MAX >> SEGMENT_SHIFT];

static struct {
	struct mp_index index;
	struct mp_lock node_lock;
	uint32_t next; /* node_lock; the id to give next */
} stacks;

static inline struct mpf_node *node_at(uint32_t id)
{
	return mp_stacks_segments[id >> SEGMENT_SHIFT] +
	       (id & (SEGMENT_NODES - 1));
}

static inline void set_word(uint32_t id, uint64_t word)
{
	__atomic_store_n(&node_at(id)->pc, word, __ATOMIC_RELEASE);
}

uint64_t mp_stacks_pc(uint32_t node)
{
	return __atomic_load_n(&node_at(node)->pc, __ATOMIC_ACQUIRE);
}

uint32_t mp_stacks_parent(uint32_t node)
{
	uint64_t before;

	if (mpf_is_root(mp_stacks_pc(node)))
		return MP_NODE_NONE;
	before = mp_stacks_pc(node - 1);
	return MPF_PC_KIND(before) == MPF_NODE_LINK
		       ? (uint32_t)(before & MPF_PC_MASK)
		       : node - 1;
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

/* Those in the index have a link before them, or are roots. */
static bool is_child(uint32_t id, uint32_t parent, uint64_t pc)
{
	return mp_stacks_pc(id) == pc && mp_stacks_parent(id) == parent;
}

/* What the index knows of (parent, pc). */
static uint32_t find_linked(uint64_t hash, uint32_t parent, uint64_t pc)
{
	struct mp_index_probe probe = mp_index_begin(&stacks.index, hash);
	uint32_t id;

	while ((id = mp_index_next(&probe)))
		if (is_child(id, parent, pc))
			return id;
	return MP_NODE_NONE;
}

static uint32_t find(uint64_t hash, uint32_t parent, uint64_t pc)
{
	uint32_t id = MP_NODE_NONE;

	if (parent)
		id = mp_stacks_next(parent, pc);
	return id ? id : find_linked(hash, parent, pc);
}

uint32_t mp_stacks_find(uint32_t parent, uint64_t pc)
{
	return find(hash_of(parent, pc), parent, pc);
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
	__atomic_store_n(&mp_stacks_segments[id >> SEGMENT_SHIFT],
			 (struct mpf_node *)segment, __ATOMIC_RELEASE);
	return true;
}

/* node_lock held. True when want words of one segment are free at next. */
static bool make_room(uint32_t want, bool may_wait)
{
	/* The rest of a segment is too short: its words stay unused. */
	if (stacks.next % SEGMENT_NODES + want > SEGMENT_NODES)
		stacks.next += SEGMENT_NODES - stacks.next % SEGMENT_NODES;
	if (stacks.next % SEGMENT_NODES != 0)
		return true;
	if (stacks.next >= MP_STACKS_MAX) {
		mp_file_fail(MPF_FAIL_LIMIT, 0);
		return false;
	}
	if (!segment_add(stacks.next, may_wait))
		return false;
	stacks.next += FIRST_IN_SEGMENT;
	return true;
}

/*
 * The first of pcs and as many more as fit, as new nodes behind one another.
 * The word that others can reach is stored last. *ret_is_linked: the first
 * must go into the index.
 */
static size_t append(uint32_t parent, const uint64_t *pcs, size_t n,
		     bool may_wait, uint32_t *ret_first, bool *ret_is_linked)
{
	bool is_next, is_root = mpf_is_root(pcs[0]);
	uint32_t first, room;
	size_t taken = 0;

	if (!mp_lock_take_if(&stacks.node_lock, may_wait))
		return 0;
	is_next = parent && parent + 1 == stacks.next &&
		  stacks.next % SEGMENT_NODES != 0;
	if (!make_room(is_next || is_root ? 1 : 2, may_wait))
		goto out;
	first = stacks.next + (is_next || is_root ? 0 : 1);
	room = SEGMENT_NODES - first % SEGMENT_NODES;
	taken = n < room ? n : room;
	for (size_t i = taken; i-- > 1;)
		set_word(first + (uint32_t)i, pcs[i]);
	if (!is_next && !is_root)
		set_word(first - 1, (uint64_t)MPF_NODE_LINK << 60 | parent);
	set_word(first, pcs[0]);
	__atomic_store_n(&stacks.next, first + (uint32_t)taken,
			 __ATOMIC_RELEASE);
	*ret_first = first;
	*ret_is_linked = !is_next;
out:
	mp_lock_release(&stacks.node_lock);
	return taken;
}

/* As many of the nodes as there are afterwards, at least one; 0: no room. */
static size_t insert(uint32_t parent, const uint64_t *pcs, size_t n,
		     bool may_wait, uint32_t *ret_first)
{
	uint64_t hash = hash_of(parent, pcs[0]);
	struct mp_index_shard *shard = mp_index_shard(&stacks.index, hash);
	bool is_linked = false;
	size_t taken = 0;

	if (!mp_lock_take_if(&shard->lock, may_wait))
		return 0;
	/* Somebody else may have been here meanwhile. */
	*ret_first = find(hash, parent, pcs[0]);
	if (*ret_first)
		taken = 1;
	else if (!mp_index_make_room(shard))
		mp_file_fail(MPF_FAIL_MEMORY, ENOMEM);
	else
		taken = append(parent, pcs, n, may_wait, ret_first, &is_linked);
	if (taken && is_linked)
		mp_index_add(shard, hash, *ret_first);
	mp_lock_release(&shard->lock);
	return taken;
}

size_t mp_stacks_extend(uint32_t parent, const uint64_t *pcs, size_t n,
			bool may_wait, uint32_t *ret_ids)
{
	size_t done = 0, taken;
	uint32_t first;

	while (done < n) {
		taken = insert(parent, pcs + done, n - done, may_wait, &first);
		if (!taken)
			break;
		for (size_t i = 0; i < taken; i++)
			ret_ids[done + i] = first + (uint32_t)i;
		done += taken;
		parent = ret_ids[done - 1];
	}
	return done;
}

uint32_t mp_stacks_child(uint32_t parent, uint64_t pc, bool may_wait)
{
	uint32_t id = mp_stacks_find(parent, pc);

	if (id || mp_stacks_extend(parent, &pc, 1, may_wait, &id))
		return id;
	return MP_NODE_NONE;
}

/* The last segment is filled up to its last word that is not zero. */
static void adopt_segment(const struct mpf_segment *segment)
{
	uint32_t first = (uint32_t)segment->first, used = SEGMENT_NODES;

	if (segment->type != MPF_SEG_NODES)
		return;
	mp_stacks_segments[first >> SEGMENT_SHIFT] =
		mp_file_at(mp_file_offset(segment));
	while (used > FIRST_IN_SEGMENT && !node_at(first + used - 1)->pc)
		used--;
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
	mp_index_forked(&stacks.index);
	mp_lock_reset(&stacks.node_lock);
	mp_file_each(adopt_segment);
}
