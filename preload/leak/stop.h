/* SPDX-License-Identifier: MIT */
/*
 * The other threads of the process: stopped for a moment, with their
 * registers. A helper task that shares the memory does it by ptrace, because
 * no thread can trace its own process. Threads that it may not or cannot stop
 * go on; what the kernel shows of them without stopping is taken instead.
 *
 * What a stop does to a program is what SIGSTOP and SIGCONT do: some system
 * calls that wait answer EINTR afterwards (epoll_wait, semop, sigtimedwait).
 *
 * Context: one scan at a time, all signals blocked.
 */
#ifndef MEMPROF_PRELOAD_LEAK_STOP_H
#define MEMPROF_PRELOAD_LEAK_STOP_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "preload/format/format.h"

#define MP_STOP_THREADS	  32768u
#define MP_STOP_REGISTERS 16u
#define MP_STOP_VECTORS	  (1u << 17) /* words of all threads together */
#define MP_STOP_STATE	  16384u     /* bytes of one, as the kernel has it */

struct mp_stop_thread {
	uint32_t tid;
	bool is_stopped;
	bool is_seen; /* sp, tls and registers are known */
	int signal;   /* it was about to get: given back to it */
	uint64_t sp;  /* 0: unknown */
	uint64_t tls; /* its thread control block; 0: unknown */
	uint32_t register_count;
	uint64_t registers[MP_STOP_REGISTERS];
	/* Words of its vector registers that may be addresses, in vectors. */
	uint32_t vector_first, vector_count;
	char name[MPF_NAME_BYTES];
};

struct mp_stop {
	_Atomic uint32_t phase;
	uint32_t pid, tid;	   /* of the process, and of who asked */
	char name[MPF_NAME_BYTES]; /* of who asked */
	int helper;		   /* its pid */
	bool is_complete;	   /* all threads are known */
	uint64_t stopped_ns, started_ns;
	uint32_t count;
	uint32_t expected; /* where in threads the next one known may be */
	uint32_t greatest; /* tid of them */
	struct mp_stop_thread threads[MP_STOP_THREADS];
	uint32_t vector_count;
	uint64_t vectors[MP_STOP_VECTORS];
	uint64_t state[MP_STOP_STATE / sizeof(uint64_t)]; /* of one thread */
	_Alignas(16) uint8_t stack[65536];
};

/*
 * Stops the others; stop is zeroed memory. A negative errno when there is no
 * helper; then nothing was stopped and end() must not be called.
 *
 * is_ending: the process ends anyway. Where only a process itself can allow
 * others to trace it (the Yama security module), it is made to allow the
 * helper then; a program that goes on may have allowed somebody else, which
 * cannot be found out and would be lost.
 */
long mp_stop_begin(struct mp_stop *stop, bool is_ending);

/* Lets them go on. */
void mp_stop_end(struct mp_stop *stop);

#endif
