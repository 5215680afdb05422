/* SPDX-License-Identifier: MIT */
/*
 * The recorder: what happens to the heap goes in here and comes out in the
 * dump. Knows nothing of symbol interposition.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes; locks taken: those of its parts, for insertion only; errno kept, no
 * libc call that may fail or allocate.
 */
#ifndef MEMPROF_PRELOAD_RECORD_RECORDER_H
#define MEMPROF_PRELOAD_RECORD_RECORDER_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/base/lock.h"
#include "preload/base/settings.h"
#include "preload/format/format.h"
#include "preload/record/blocks.h"
#include "preload/unwind/unwind.h"

/*
 * A page that the kernel zeroes in a forked child, however it was forked: one
 * load tells a hook that it may record.
 */
enum mp_state {
	MP_STATE_NEW = 0, /* before boot, or in a child that has just begun */
	MP_STATE_ON = 1,
	MP_STATE_OFF = 2,    /* gave up, or was told not to record */
	MP_STATE_PAUSED = 3, /* asked to look away: only known blocks count */
};
struct mp_recorder_page {
	_Atomic uint32_t state;	  /* enum mp_state */
	struct mp_lock fork_lock; /* free in a child, whoever held it */
	uint8_t rest[MPF_PAGE - 2 * sizeof(uint32_t)];
};
extern struct mp_recorder_page mp_recorder_page;

/* Boot sets it: a mode that the shortest way of an event does not know. */
extern bool mp_recorder_is_odd;

static inline bool mp_recorder_is_on(void)
{
	return __builtin_expect(atomic_load_explicit(&mp_recorder_page.state,
						     memory_order_relaxed) ==
					MP_STATE_ON,
				1);
}

struct mp_recorder_boot {
	const struct mp_start *start;
	const struct mp_settings *settings;
	unsigned granule_shift;	       /* see blocks.h */
	const char *allocator;	       /* path of what serves malloc */
	bool is_bypassed;	       /* and the program calls that, not us */
	const void *in_loader;	       /* an address in the dynamic linker */
	const void *in_self;	       /* an address in libmemprof.so */
	size_t (*usable_size)(void *); /* of a block; NULL: nobody tells */
};

/* Callers may have left the stack misaligned, which the C library's malloc
 * survives; from these functions on it is aligned. */
#define MP_REALIGN __attribute__((force_align_arg_pointer))

/* Once. Afterwards the state is ON, or OFF when it was said why. */
MP_REALIGN void mp_recorder_boot(const struct mp_recorder_boot *boot);

/* In a forked child whose state is NEW: goes on in a dump of its own. */
MP_REALIGN void mp_recorder_forked(void);

/*
 * A successful call: addr is not NULL, its owner is the caller, regs are
 * those of who asked for it.
 */
MP_REALIGN void mp_recorder_alloc(const void *addr, size_t bytes,
				  enum mpf_call call,
				  const struct mp_regs *regs);

/* The same of an interpreter's object, by a shorter way. The stack is aligned:
 * the interpreter calls. */
void mp_recorder_object(const void *addr, size_t bytes, enum mpf_call call,
			const struct mp_regs *regs);

/*
 * Is the block at addr an interpreter's? False for an address within a block
 * of malloc's, as that of an object whose allocator was asked behind our back
 * and keeps books before it.
 */
bool mp_recorder_has_object(const void *addr);

/* As mp_recorder_alloc(), for blocks kept elsewhere (pools.h): counts one and
 * returns its class. */
uint32_t mp_recorder_count(const void *addr, size_t bytes, enum mpf_call call,
			   const struct mp_regs *regs);

/* The stack of regs: the node of its innermost frame; 0: there is no room. */
MP_REALIGN uint32_t mp_recorder_stack(const struct mp_regs *regs);

/* A call that returned no memory. */
MP_REALIGN void mp_recorder_failed(void);

/*
 * A block is about to be given back: the caller still owns it. False when it
 * is not known; then it was counted as foreign unless addr is NULL.
 */
MP_REALIGN bool mp_recorder_free(const void *addr);

/* The same, but what is not known is not counted. */
MP_REALIGN bool mp_recorder_free_known(const void *addr);

/* All blocks that begin in memory that is given back are gone with it. */
MP_REALIGN void mp_recorder_forget(const void *start, size_t bytes);

/*
 * realloc() in two steps, because another thread may be given the old address
 * the moment the allocator has it back. take: before the call; then, after it,
 * free_taken() when the old block is gone, or restore() when it is not.
 */
MP_REALIGN bool mp_recorder_take(const void *addr, struct mp_block *ret_block);
MP_REALIGN void mp_recorder_free_taken(const void *addr,
				       const struct mp_block *block);
/* A free, or a realloc, of a block that we never saw. */
MP_REALIGN void mp_recorder_foreign_free(void);
MP_REALIGN void mp_recorder_foreign_realloc(void);
MP_REALIGN void mp_recorder_restore(const void *addr,
				    const struct mp_block *block);

/* The process ends, or becomes another program. */
MP_REALIGN void mp_recorder_end(enum mpf_state state, int exit_status);

/* The program is about to confine itself: preload/base/sandbox.h. */
MP_REALIGN void mp_recorder_confine(void);

/* Recording of new blocks off and on again; frees of known ones go on. */
MP_REALIGN void mp_recorder_pause(bool is_paused);

#endif
