/* SPDX-License-Identifier: MIT */
/*
 * What a writer owns once its thread had frames of another language: for
 * mixed.c and recall.c only.
 */
#ifndef MEMPROF_PRELOAD_RECORD_MIXED_STATE_H
#define MEMPROF_PRELOAD_RECORD_MIXED_STATE_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/python/language.h"
#include "preload/record/merge.h"
#include "preload/record/recall.h"

#define MP_LINKS 4096u /* of numbered stacks; both a power of two */
#define MP_PAIRS 4096u

/* A stack's number, from that of all but its innermost frame. */
struct mp_link {
	uint64_t outer, where, inside;
	uint64_t number; /* 0: empty */
};

/* The node of a native stack with other frames. */
struct mp_pair_met {
	uint64_t number;     /* of the frames */
	uint32_t tag;	     /* of the native stack; 0: empty */
	uint32_t generation; /* of the modules */
	uint32_t node;
};

#define MP_NUMBER_EMPTY 1u /* of the stack without frames */

struct mp_mixed {
	uintptr_t own; /* of the last walk, as the next two are */
	bool is_amid;  /* it went through a frame that a signal interrupted */
	uint32_t expected; /* the node it was known to have; 0: it was not */
	uint32_t tags;	   /* given to native stacks so far */
	uint64_t numbers;
	struct mp_pair_met
		wanted; /* the pair of the last walk, where it has one */
	struct mp_mixed *truth; /* of the test mode: without any memory */
	struct mp_language_thread thread;
	struct mp_merge merge;
	uint64_t at[MP_LANGUAGE_FRAMES]; /* number at each frame */
	struct mp_link links[MP_LINKS];
	struct mp_pair_met pairs[MP_PAIRS];
	struct mp_recall recall;
};

/* A walker's note has a tag with this bit where the stack goes with others. */
#define MP_TAG_MIXED (UINT32_C(1) << 31)

#endif
