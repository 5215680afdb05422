/* SPDX-License-Identifier: MIT */
/*
 * Stacks of two languages: the native frames of a walk with the frames that an
 * interpreter runs in some of them put where they belong, by the addresses of
 * both on the stack.
 *
 * Nothing is taken for granted between two events: an equal native stack may
 * run other lines, so the frames of the other language are read at every event
 * and compared, one by one, with those of the last one.
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
#include "preload/unwind/unwind.h"

/* Has an interpreter been met whose frames can be read? */
extern bool mp_mixed_on;

/* Boot only. */
void mp_mixed_init(bool is_on);

/* Code in which a pc was met: perhaps an interpreter. Inside a walk. */
void mp_mixed_object(const struct mp_code_object *object);

/*
 * Walks the stack. False: this thread has no frames but native ones, or there
 * is no memory for others; nothing was done.
 */
bool mp_mixed_walk(struct mp_writer *writer, const struct mp_regs *regs,
		   struct mp_walk *ret_walk);

/* The node of that stack under a base; 0 when there is no room for it. */
uint32_t mp_mixed_node(struct mp_writer *writer, const struct mp_walk *walk,
		       uint32_t base);

/* In a forked child, after mp_file_fork(). */
void mp_mixed_forked(void);

#endif
