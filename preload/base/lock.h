/* SPDX-License-Identifier: MIT */
/*
 * A lock of two words that sleeps in the kernel: zero is free, so it needs no
 * initialisation and a forked child frees it by storing zero. Held for
 * insertions only, never while code of others runs (libc, ld.so, next malloc).
 *
 * Context: any thread; may run inside malloc; in a signal handler only
 * mp_lock_try() and mp_lock_take_soon(), because the interrupted code may hold
 * the lock.
 */
#ifndef MEMPROF_PRELOAD_BASE_LOCK_H
#define MEMPROF_PRELOAD_BASE_LOCK_H

#include <linux/futex.h>
#include <stdatomic.h>

#include "preload/base/sys.h"

#define MP_LOCK_SOON_TRIES 20u

struct mp_lock {
	_Atomic uint32_t state;	 /* 0 free, 1 held, 2 held and waited for */
	_Atomic uintptr_t owner; /* mp_lock_self() of who holds it; 0 nobody */
};

/* A number that no other thread of the process has. */
static inline uintptr_t mp_lock_self(void)
{
	uintptr_t self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return self;
}

static inline bool mp_lock_try(struct mp_lock *lock)
{
	uint32_t want = 0;

	if (!atomic_compare_exchange_strong_explicit(&lock->state, &want, 1,
						     memory_order_acquire,
						     memory_order_relaxed))
		return false;
	atomic_store_explicit(&lock->owner, mp_lock_self(),
			      memory_order_relaxed);
	return true;
}

static inline void mp_lock_take(struct mp_lock *lock)
{
	if (mp_lock_try(lock))
		return;
	while (atomic_exchange_explicit(&lock->state, 2,
					memory_order_acquire) != 0)
		mp_sys6(SYS_futex, (long)&lock->state, FUTEX_WAIT_PRIVATE, 2, 0,
			0, 0);
	atomic_store_explicit(&lock->owner, mp_lock_self(),
			      memory_order_relaxed);
}

/*
 * For handlers: waits about a millisecond, which is ample when another thread
 * holds the lock, and not at all when what the handler interrupted holds it: a
 * timer that fires faster than we wait would never let it go on.
 */
static inline bool mp_lock_take_soon(struct mp_lock *lock)
{
	const struct timespec pause = { 0, 10000 };

	for (unsigned i = 0; !mp_lock_try(lock); i++) {
		if (i == MP_LOCK_SOON_TRIES ||
		    atomic_load_explicit(&lock->owner, memory_order_relaxed) ==
			    mp_lock_self())
			return false;
		mp_sys3(SYS_nanosleep, (long)&pause, 0, 0);
	}
	return true;
}

/* may_wait false: as mp_lock_take_soon(). */
static inline bool mp_lock_take_if(struct mp_lock *lock, bool may_wait)
{
	if (!may_wait)
		return mp_lock_take_soon(lock);
	mp_lock_take(lock);
	return true;
}

static inline void mp_lock_release(struct mp_lock *lock)
{
	atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
	if (atomic_exchange_explicit(&lock->state, 0, memory_order_release) ==
	    2)
		mp_sys6(SYS_futex, (long)&lock->state, FUTEX_WAKE_PRIVATE, 1, 0,
			0, 0);
}

/* In a forked child: whoever held it is not there any more. */
static inline void mp_lock_reset(struct mp_lock *lock)
{
	atomic_store_explicit(&lock->owner, 0, memory_order_relaxed);
	atomic_store_explicit(&lock->state, 0, memory_order_relaxed);
}

#endif
