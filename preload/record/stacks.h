/* SPDX-License-Identifier: MIT */
/*
 * The trie of stacks, hash-consed: (parent, pc) is one node for the whole
 * life of the dump, and a node's 32-bit id names a stack. Nodes lie in the
 * dump as words, see format.h: a node that follows its parent needs no link
 * to it and no entry in the index. The index finds the others; it is private
 * memory, in shards, read without locks and locked for insertion only.
 *
 * Invariants: id of a parent < id of its child; a node is complete before
 * anything leads to it; ids and nodes never change or go.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes with may_wait false; locks taken: a shard, then the node lock, then the
 * file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_STACKS_H
#define MEMPROF_PRELOAD_RECORD_STACKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_STACKS_MAX		(UINT32_C(1) << 27) /* ids below this */
#define MP_STACKS_SEGMENT_SHIFT 13		    /* words: 64 KiB */
#define MP_STACKS_SEGMENT_NODES (UINT32_C(1) << MP_STACKS_SEGMENT_SHIFT)

/* Ids below the first node's: 0 is the parent of roots and "none". */
#define MP_NODE_NONE	 0u
#define MP_NODE_OVERFLOW 1u /* the class of what could not be attributed */

/* By id >> MP_STACKS_SEGMENT_SHIFT; NULL: not made yet. */
extern struct mpf_node *mp_stacks_segments[];

/*
 * The child of a node, where the trie has it as the word behind its parent:
 * most have, because stacks are stored as they are first met. MP_NODE_NONE:
 * ask mp_stacks_find(). parent is a node, not MP_NODE_NONE.
 */
static inline uint32_t mp_stacks_next(uint32_t parent, uint64_t pc)
{
	const uint32_t id = parent + 1;
	const struct mpf_node *segment =
		mp_stacks_segments[parent >> MP_STACKS_SEGMENT_SHIFT];
	const uint32_t at = id & (MP_STACKS_SEGMENT_NODES - 1);

	return at != 0 && __atomic_load_n(&segment[at].pc, __ATOMIC_ACQUIRE) ==
				       pc
		       ? id
		       : MP_NODE_NONE;
}

/* The child of a node, or MP_NODE_NONE when it is not there. */
uint32_t mp_stacks_find(uint32_t parent, uint64_t pc);

/*
 * The stack of n frames below parent, each the child of the one before, made
 * as far as need be. ret_ids gets the ids of those that there are now: n of
 * them, fewer when there is no room or no waiting for a lock.
 */
size_t mp_stacks_extend(uint32_t parent, const uint64_t *pcs, size_t n,
			bool may_wait, uint32_t *ret_ids);

/* The child of a node, made if need be; MP_NODE_NONE when it cannot be. */
uint32_t mp_stacks_child(uint32_t parent, uint64_t pc, bool may_wait);

/* pc and parent of a node that there is. */
uint64_t mp_stacks_pc(uint32_t node);
uint32_t mp_stacks_parent(uint32_t node);

/* True when there may be such a node: the id is of a word in use. */
bool mp_stacks_has(uint32_t node);

/* One past the greatest id in use. */
uint32_t mp_stacks_count(void);

/* In a forked child, after mp_file_fork(): nobody else is there to hold a
 * lock, and the nodes are those of the file. */
void mp_stacks_forked(void);

#endif
