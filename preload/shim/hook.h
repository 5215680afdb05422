/* SPDX-License-Identifier: MIT */
/*
 * What every entry point does before and after the real call.
 *
 * Context: any thread, from the first instruction of the process to the last;
 * locks taken: none here; errno as the real call left it.
 */
#ifndef MEMPROF_PRELOAD_SHIM_HOOK_H
#define MEMPROF_PRELOAD_SHIM_HOOK_H

#include "preload/leak/ignore.h"
#include "preload/record/inner.h"
#include "preload/record/modules.h"
#include "preload/record/recorder.h"
#include "preload/shim/next.h"

#define MP_EXPORT __attribute__((visibility("default")))

/*
 * The way in when the state is not ON: boots the recorder at the very first
 * call, makes a forked child's own dump. True: record new blocks now. False:
 * do not, but mp_hook_may_free() tells whether known blocks still count.
 * mp_next.malloc is NULL only inside the boot itself: then use the pool.
 */
bool mp_hook_wake(void);

static inline bool mp_hook_enter(void)
{
	return mp_recorder_is_on() || mp_hook_wake();
}

/* Boot only: looks up the C++ operators behind us, because doing it later may
 * wait for the dynamic linker's lock. */
void mp_new_init(void);

/* As mp_hook_enter(), for giving memory back: paused recording sees it. */
bool mp_hook_wake_free(void);

static inline bool mp_hook_enter_free(void)
{
	return mp_recorder_is_on() || mp_hook_wake_free();
}

/*
 * libstdc++ asks malloc for 1 byte when operator new is asked for none, and
 * for a multiple of the alignment. The operator's size is the one requested:
 * it leaves it here for the call it makes, recognised by the stack pointer,
 * so that what an exception leaves behind applies to nobody else.
 */
struct mp_new_hint {
	uintptr_t sp; /* of the operator's caller; 0: none */
	size_t bytes;
};
extern __thread struct mp_new_hint mp_new_hint;
#define MP_NEW_HINT_REACH 512u /* bytes of stack the operator uses at most */

static inline size_t mp_hook_requested(size_t bytes, const struct mp_regs *regs)
{
	if (mp_new_hint.sp - regs->sp >= MP_NEW_HINT_REACH ||
	    mp_new_hint.bytes > bytes)
		return bytes;
	mp_new_hint.sp = 0;
	return mp_new_hint.bytes;
}

/* After the real call. */
static inline void mp_hook_result(const void *addr, size_t bytes,
				  enum mpf_call call,
				  const struct mp_regs *regs)
{
	if (mp_inner_is_inside()) {
		mp_inner_alloc(addr, bytes, call);
		return;
	}
	if (__builtin_expect(addr == NULL, 0)) {
		mp_recorder_failed();
		return;
	}
	mp_recorder_alloc(addr, bytes, call, regs);
	mp_ignore_allocated(addr);
}

/* Before the real call that gives memory back. */
static inline void mp_hook_free(const void *addr, uintptr_t caller)
{
	if (__builtin_expect(mp_modules_is_loader(caller), 0))
		mp_modules_loader_frees(addr);
	mp_recorder_free(addr);
}

#endif
