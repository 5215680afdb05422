/* SPDX-License-Identifier: MIT */
/*
 * The shortest way of an event in a thread with frames of another language:
 * from the native stack's tag, the number of the frames around the innermost
 * one and what that one is at, to the class that such an event had. Nothing is
 * stored on the way but in the walker's memory of where its stack is.
 *
 * Why that is exact: each part of the key is equal only where the stack is (see
 * mp_unwind_known() and mp_language.top), and what the key says of code holds
 * while none was freed.
 *
 * Context: owning thread; may run inside malloc; may run in a signal handler:
 * no, handlers have native stacks without a tag; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_RECALL_H
#define MEMPROF_PRELOAD_RECORD_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"
#include "preload/unwind/unwind.h"

struct mp_known;
struct mp_writer;

#define MP_RECALL_SETS 2048u /* a power of two */

/* 64 bytes: one line. All zero: empty, as no native stack has the tag 0. */
struct mp_recalled {
	uint64_t number; /* of the frames around the innermost one */
	uint64_t position;
	uintptr_t code, native;
	uint64_t freed;
	uint64_t kind; /* see recall.c */
	struct mpf_slot *slot;
	uint32_t generation; /* of the modules */
	uint32_t id;	     /* of the class */
};

/* Two that take turns in one place would cost a hundred times as much. */
struct mp_recalled_set {
	struct mp_recalled last, other;
};

struct mp_recall {
	struct mp_recalled_set sets[MP_RECALL_SETS];
};

/*
 * Before the long way: nothing is to be kept when it does not come to a walk.
 */
void mp_recall_begin(struct mp_writer *writer);

/*
 * The class of such an event, if one was kept. Otherwise, to be followed by
 * the long way and mp_recall_keep(), with mp_recall_begin() before the former.
 * ret_known: what was found out of the native stack, for the long way; not set
 * when it returns NULL because the writer had no such frames yet.
 */
const struct mp_recalled *mp_recall_find(struct mp_writer *writer,
					 const struct mp_regs *regs,
					 uint32_t leaf,
					 struct mp_known *ret_known);

/* What the long way found, where that can be known again. */
void mp_recall_keep(struct mp_writer *writer, uint32_t leaf, uint32_t id,
		    struct mpf_slot *slot);

#endif
