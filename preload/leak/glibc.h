/* SPDX-License-Identifier: MIT */
/*
 * What glibc's malloc says of itself, as mallinfo2() would, without calling
 * it: that takes the locks of all arenas, which may be held for ever by what
 * a signal interrupted or by a thread that is gone, and it follows lists that
 * a faulty program may have spoilt. Here they are read as another process's
 * memory is: what is not there is an error, never a fault, and every list has
 * an end.
 *
 * Context: any thread, the end of the process; locks taken: none. While other
 * threads run, lists change under the reader: what makes no sense is read
 * anew, a few times.
 */
#ifndef MEMPROF_PRELOAD_LEAK_GLIBC_H
#define MEMPROF_PRELOAD_LEAK_GLIBC_H

#include <stdbool.h>
#include <stdint.h>

struct mp_glibc {
	uint64_t arenas;
	uint64_t arena_bytes;  /* from the system, of all arenas */
	uint64_t free_bytes;   /* of these */
	uint64_t top_bytes;    /* of these, at the end of the main arena */
	uint64_t mapped_bytes; /* of blocks with a mapping of their own */
};

/* start, end: the C library's variables. */
enum mp_glibc_result {
	MP_GLIBC_DONE = 0,
	MP_GLIBC_UNKNOWN,  /* it is not built as we know it */
	MP_GLIBC_NO_PROC,  /* /proc/self/mem cannot be opened */
	MP_GLIBC_UNSTEADY, /* the lists make no sense */
};
enum mp_glibc_result mp_glibc_read(uint64_t start, uint64_t end,
				   struct mp_glibc *ret_glibc);

#endif
