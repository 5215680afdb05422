/* SPDX-License-Identifier: MIT */
/*
 * Stack walks. Owns the rules evaluated from .eh_frame, the shared cache of
 * them and each thread's memory of its last walk. Knows nothing of sites,
 * dumps or allocators.
 *
 * Context: any thread; may run inside malloc; may run in a signal handler:
 * yes, with a walker that is not in use; locks taken: none; no allocation but
 * own mappings made at init; errno kept.
 */
#ifndef MEMPROF_PRELOAD_UNWIND_UNWIND_H
#define MEMPROF_PRELOAD_UNWIND_UNWIND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MP_DEPTH_MAX 1024u /* frames kept of a stack, the innermost ones */

/* The state of a caller just after it called: pc is the return address. */
struct mp_regs {
	uintptr_t pc, sp, bp;
};

/*
 * The registers of the caller of the function this is used in, which must
 * keep a frame pointer: compile with -fno-omit-frame-pointer.
 */
#define MP_REGS_CALLER()                                            \
	((struct mp_regs) {                                         \
		.pc = ((uintptr_t *)__builtin_frame_address(0))[1], \
		.sp = (uintptr_t)__builtin_frame_address(0) +       \
		      2 * sizeof(uintptr_t),                        \
		.bp = ((uintptr_t *)__builtin_frame_address(0))[0] })

/* Flags in the high bits of a frame's pc; same values as MPF_PC_*. */
#define MP_PC_EXACT   (UINT64_C(1) << 56)
#define MP_PC_GUESSED (UINT64_C(1) << 57)

enum mp_walk_end {
	MP_WALK_COMPLETE = 0,
	MP_WALK_CUT_DEPTH = 1, /* same values as enum mpf_cut */
	MP_WALK_CUT_NO_RULE = 2,
	MP_WALK_CUT_BAD_STACK = 3,
};

/* One thread's walks. Opaque: mp_walker_bytes() of zeroed memory is a valid
 * new walker. */
struct mp_walker;
size_t mp_walker_bytes(void);

/*
 * What a caller may keep with a stack, all zero at first. Once tag is not
 * zero, the walker knows the stack by it.
 */
struct mp_note {
	uint32_t tag;
	uint32_t detail[2];
	void *place;
};

struct mp_walk {
	const uint64_t *pcs; /* outermost first, depth of them; in the walker,
				valid until its next walk */
	size_t depth;
	size_t kept; /* pcs[0..kept) are as after this walker's last walk */
	enum mp_walk_end end;	   /* why there is nothing outside pcs[0] */
	enum mp_walk_end last_end; /* .end of this walker's last walk */
	bool has_guess;		   /* a frame was guessed by frame pointer */
	bool has_exact;		   /* a signal interrupted a frame; not set
				      when the walk was known by its note */
	/*
	 * Non-NULL: the walker keeps it with this very stack. Once the caller
	 * has set its tag, a walk that finds it again gives nothing else: pcs,
	 * depth and kept are not set, and "last walk" above means the last one
	 * for which they were. mp_unwind_forget() drops all notes.
	 */
	struct mp_note *note;
};

enum mp_unwind_method { MP_UNWIND_CFI = 1, MP_UNWIND_FP = 2 };

/*
 * Called for each code object in which a pc is met for the first time since
 * the last mp_unwind_forget(); [start, end) holds the pc. May be called from
 * inside a walk: must not walk.
 */
struct mp_code_object {
	uintptr_t start, end;
	uintptr_t bias;		  /* address - bias = ELF virtual address */
	const char *path;	  /* as the loader has it; "" is the program */
	const void *eh_frame_hdr; /* mapped PT_GNU_EH_FRAME or NULL */
};
typedef void mp_unwind_object_fn(const struct mp_code_object *object);

/*
 * Called likewise for an address in no object, when its frame is to be guessed
 * for the first time since the last mp_unwind_forget().
 */
typedef void mp_unwind_guess_fn(uintptr_t pc);

/*
 * Called from inside a walk that remembered something wrong: must not walk.
 * full is the truth. remembered has depth 0 when it was known by its note.
 */
typedef void mp_unwind_differ_fn(const struct mp_regs *regs,
				 const struct mp_walk *remembered,
				 const struct mp_walk *full);

struct mp_unwind_options {
	enum mp_unwind_method method;
	unsigned max_depth;		/* 1 .. MP_DEPTH_MAX */
	mp_unwind_object_fn *on_object; /* may be NULL */
	mp_unwind_guess_fn *on_guess;	/* may be NULL */
	/*
	 * The test mode of the walker's memory: every walk is compared with a
	 * full one; on_difference may be NULL.
	 */
	bool verify;
	mp_unwind_differ_fn *on_difference;
};

/* Boot only. 0, or -ENOMEM: then walks give the first frame only. */
int mp_unwind_init(const struct mp_unwind_options *options);

/*
 * Code objects were unloaded or replaced: drops every cached rule and makes
 * all walkers start anew. Any thread.
 */
void mp_unwind_forget(void);

/* Walks from regs outwards; frame 0 is regs->pc itself. */
void mp_unwind_walk(struct mp_walker *walker, const struct mp_regs *regs,
		    struct mp_walk *ret_walk);

/*
 * The same with pcs, depth and kept always set and no tag, for who asks next
 * where the frames lie.
 */
void mp_unwind_walk_placed(struct mp_walker *walker, const struct mp_regs *regs,
			   struct mp_walk *ret_walk);

/*
 * Of the walker's last walk, which was placed: the stack pointer on entry to
 * frame i, counted as pcs are; the frame lies from there to that of frame
 * i - 1. False when that walk did not keep them.
 */
bool mp_unwind_place(const struct mp_walker *walker, const struct mp_walk *walk,
		     size_t i, uintptr_t *ret_sp);

/*
 * The same without the memory of earlier walks, which it neither uses nor
 * changes: kept is 0 and note NULL. pcs are valid until the walker's next full
 * walk. For tests.
 */
void mp_unwind_walk_full(struct mp_walker *walker, const struct mp_regs *regs,
			 struct mp_walk *ret_walk);

/* With options.verify: how many walks were compared, how many differed. */
void mp_unwind_verified(uint64_t *ret_walks, uint64_t *ret_differences);

/*
 * The independent reference: the same stack by _Unwind_Backtrace, which may
 * allocate and lock. Outermost first into pcs, beginning at the frame whose
 * pc is regs->pc. Returns the depth, 0 when libgcc_s is not to be had.
 * For the test mode only.
 */
size_t mp_unwind_reference(const struct mp_regs *regs, uint64_t *pcs,
			   size_t limit);

#endif
