/* SPDX-License-Identifier: MIT */
/*
 * A lock of one word that sleeps in the kernel: zero is free, so it needs no
 * initialisation and a forked child frees it by storing zero. Held for
 * insertions only, never while code of others runs (libc, ld.so, next malloc).
 *
 * The word names its holder from the very instruction that takes the lock to
 * the one that frees it: a handler must never wait for what it interrupted,
 * because a timer that fires faster than it waits would never let that go on.
 *
 * Context: any thread; may run inside malloc; in a signal handler only
 * mp_lock_try() and mp_lock_take_soon(), because the interrupted code may hold
 * the lock.
 */
#ifndef MEMPROF_PRELOAD_BASE_LOCK_H
#define MEMPROF_PRELOAD_BASE_LOCK_H

#include <linux/futex.h>
#include <stdatomic.h>

#include "preload/base/sandbox.h"
#include "preload/base/sys.h"

#define MP_LOCK_SOON_TRIES 20u
#define MP_LOCK_WAITED	   UINT32_C(1)
#define MP_LOCK_HELD	   UINT32_C(0x80000000) /* makes a holder not zero */

struct mp_lock {
	_Atomic uint32_t word; /* 0 free, else the holder | MP_LOCK_WAITED */
};

/*
 * This thread: where its control block lies, in units of 64 bytes, which no
 * two share. Of that 30 bits: blocks 64 GiB apart are taken for one, and then
 * a handler gives up where it could have waited.
 */
static inline uint32_t mp_lock_self(void)
{
	uintptr_t self;

	__asm__("mov %%fs:0, %0" : "=r"(self));
	return ((uint32_t)(self >> 6) << 1) | MP_LOCK_HELD;
}

static inline bool mp_lock_try(struct mp_lock *lock)
{
	uint32_t want = 0;

	return atomic_compare_exchange_strong_explicit(
		&lock->word, &want, mp_lock_self(), memory_order_acquire,
		memory_order_relaxed);
}

static inline void mp_lock_wait(struct mp_lock *lock)
{
	const uint32_t self = mp_lock_self();
	uint32_t word = 0;

	/* Others may wait too, so whoever waited says so when it has it. */
	while (!atomic_compare_exchange_strong_explicit(
		&lock->word, &word, self | MP_LOCK_WAITED, memory_order_acquire,
		memory_order_relaxed)) {
		if ((word & MP_LOCK_WAITED) ||
		    atomic_compare_exchange_strong_explicit(
			    &lock->word, &word, word | MP_LOCK_WAITED,
			    memory_order_relaxed, memory_order_relaxed))
			mp_sys6(SYS_futex, (long)&lock->word,
				FUTEX_WAIT_PRIVATE, word | MP_LOCK_WAITED, 0, 0,
				0);
		word = 0;
	}
}

static inline void mp_lock_take(struct mp_lock *lock)
{
	if (!mp_lock_try(lock))
		mp_lock_wait(lock);
}

/* Some ten microseconds, where a system call may not be made. */
static inline void mp_lock_spin(void)
{
	for (unsigned i = 0; i < 300; i++)
		__asm__ volatile("pause");
}

/*
 * For handlers: waits about a millisecond, which is ample when another thread
 * holds the lock, and not at all when what the handler interrupted holds it.
 */
static inline bool mp_lock_take_soon(struct mp_lock *lock)
{
	const struct timespec pause = { 0, 10000 };

	for (unsigned i = 0; !mp_lock_try(lock); i++) {
		uint32_t word =
			atomic_load_explicit(&lock->word, memory_order_relaxed);

		if (i == MP_LOCK_SOON_TRIES ||
		    (word & ~MP_LOCK_WAITED) == mp_lock_self())
			return false;
		if (mp_sandbox_is_on)
			mp_lock_spin();
		else
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
	if (atomic_exchange_explicit(&lock->word, 0, memory_order_release) &
	    MP_LOCK_WAITED)
		mp_sys6(SYS_futex, (long)&lock->word, FUTEX_WAKE_PRIVATE, 1, 0,
			0, 0);
}

/* In a forked child: whoever held it is not there any more. */
static inline void mp_lock_reset(struct mp_lock *lock)
{
	atomic_store_explicit(&lock->word, 0, memory_order_relaxed);
}

#endif
