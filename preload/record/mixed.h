/* SPDX-License-Identifier: MIT */
/*
 * Stacks of two languages, as events meet them: which stack it is, from the
 * native walker's memory and the interpreter's frames.
 *
 * An equal native stack may run other lines, so the frames of the other
 * language are looked at at every event. Those have a number: equal frames,
 * equal number. A native stack that is known and a number met with it before
 * have the node that they had.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * yes, with a writer that is not in use; locks taken: those of codes.h and
 * stacks.h, for insertion only; errno kept.
 */
#ifndef MEMPROF_PRELOAD_RECORD_MIXED_H
#define MEMPROF_PRELOAD_RECORD_MIXED_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/record/writer.h"
#include "preload/unwind/known.h"
#include "preload/unwind/unwind.h"

/* Has an interpreter been met whose frames can be read? */
extern bool mp_mixed_on;

/* Are objects of an interpreter wanted, and has one been met? */
extern bool mp_mixed_has_objects;

/* Is mp_mixed_on all there is to know, without samples, births and tests? */
extern bool mp_mixed_is_plain;

/* Boot only. */
void mp_mixed_init(bool is_on, bool has_objects);

/* Code in which a pc was met: perhaps an interpreter. Inside a walk. */
void mp_mixed_object(const struct mp_code_object *object);

/*
 * Looks at the stack; known: what was found out of it already, or NULL. False:
 * this thread has no frames but native ones, or there is no memory for others;
 * nothing was done. *ret_node: the node, where it is known; of ret_walk only
 * end and has_guess are set then. Otherwise 0, and mp_mixed_node() is to be
 * asked.
 */
bool mp_mixed_walk(struct mp_writer *writer, const struct mp_regs *regs,
		   const struct mp_known *known, struct mp_walk *ret_walk,
		   uint32_t *ret_node);

/* The node of that stack under a base; 0 when there is no room for it. */
uint32_t mp_mixed_node(struct mp_writer *writer, const struct mp_walk *walk,
		       uint32_t base);

/*
 * Had the writer frames of another language at any time? Then its walker's
 * notes are numbers of stacks, and no nodes.
 */
static inline bool mp_mixed_has_notes(const struct mp_writer *writer)
{
	return writer->mixed != NULL;
}

/* To be told of each walk of such a writer's walker that is made elsewhere. */
void mp_mixed_walked(struct mp_writer *writer);

/* With MEMPROF_VERIFY: the class that was known, and the one that is. */
void mp_mixed_compare(uint32_t known, uint32_t found);

/* With MEMPROF_VERIFY: nodes that were known and compared, and differed. */
void mp_mixed_verified(uint64_t *ret_nodes, uint64_t *ret_differences);

/* At an event that is none of an object, with a writer that is not nested. */
void mp_mixed_attend(void);

/* The interpreter has so many pages more, or less, for its objects. */
void mp_mixed_arena(int32_t pages);

/* In a forked child, after mp_file_fork(). */
void mp_mixed_forked(void);

#endif
