/* SPDX-License-Identifier: MIT */
/*
 * The trie of stacks, hash-consed: (parent, pc) is one node for the whole
 * life of the dump, and a node's 32-bit id names a stack. Nodes lie in the
 * dump; the index that finds them is private memory, in shards, read without
 * locks and locked for insertion only.
 *
 * Invariants: id of a parent < id of its child; a node is complete before its
 * id is in the index; ids and nodes never change or go.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes with may_wait false; locks taken: a shard, then the node lock, then the
 * file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_STACKS_H
#define MEMPROF_PRELOAD_RECORD_STACKS_H

#include <stdbool.h>
#include <stdint.h>

#define MP_STACKS_MAX (UINT32_C(1) << 28) /* ids below this */

/* Ids below the first node's: 0 is the parent of roots and "none". */
#define MP_NODE_NONE	 0u
#define MP_NODE_OVERFLOW 1u /* the class of what could not be attributed */

/* The child of a node, made if need be; MP_NODE_NONE when it cannot be. */
uint32_t mp_stacks_child(uint32_t parent, uint64_t pc, bool may_wait);

/* pc and parent of a node that mp_stacks_child() gave. */
uint64_t mp_stacks_pc(uint32_t node);
uint32_t mp_stacks_parent(uint32_t node);

/* True when there is such a node. */
bool mp_stacks_has(uint32_t node);

/* One past the greatest id in use. */
uint32_t mp_stacks_count(void);

/* In a forked child, after mp_file_fork(): nobody else is there to hold a
 * lock, and the nodes are those of the file. */
void mp_stacks_forked(void);

#endif
