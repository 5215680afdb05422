/* SPDX-License-Identifier: MIT */
/*
 * What the dump's header says of the process it was recorded in.
 *
 * Context: boot, or a forked child before its first record; locks taken: the
 * file's.
 */
#ifndef MEMPROF_PRELOAD_RECORD_PROCESS_H
#define MEMPROF_PRELOAD_RECORD_PROCESS_H

#include <stddef.h>
#include <stdint.h>

#include "preload/base/settings.h"

struct mp_process {
	char program[4096]; /* path of the executable */
	uint64_t ticks;	    /* start of this process; 0: no /proc */
	uint64_t start_unix_ns;
	uint64_t start_ns;
	uint64_t start_ticks; /* at that instant */
};

/* Start of a process in clock ticks since boot; 0 when it cannot be told. */
uint64_t mp_process_ticks(uint32_t pid);

/* Reads what the kernel tells; start: for when /proc is missing. */
void mp_process_read(const struct mp_start *start,
		     struct mp_process *ret_process);

/* Its time begins now: the clocks, as far as they can be believed. */
void mp_process_started(struct mp_process *process);

/* Fills in the identity of the process: at boot and in a forked child. */
void mp_process_identify(const struct mp_process *process);

/* Fills in what stays as it is in forked children. */
void mp_process_describe(const struct mp_start *start,
			 const struct mp_process *process,
			 const char *allocator);

#endif
