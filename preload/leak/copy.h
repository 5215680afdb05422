/* SPDX-License-Identifier: MIT */
/*
 * Calling in a copy of the process what might lock, crash or never return.
 *
 * Context: any thread; locks taken: none; errno kept. The copy is no child
 * that the program can see: no SIGCHLD, no wait() finds it.
 */
#ifndef MEMPROF_PRELOAD_LEAK_COPY_H
#define MEMPROF_PRELOAD_LEAK_COPY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

enum mp_copy_result {
	MP_COPY_DONE = 0,
	MP_COPY_NO_FORK, /* the kernel made none, or gave no memory */
	MP_COPY_DIED,
	MP_COPY_NO_TIME, /* it took longer than limit_ns and was ended */
};

/* fn fills ret with bytes of an answer. Nothing else of what it does is seen,
 * and nothing it allocates is recorded. */
typedef void mp_copy_fn(void *ret);
enum mp_copy_result mp_copy_ask(mp_copy_fn *fn, void *ret, size_t bytes,
				uint64_t limit_ns);

#endif
