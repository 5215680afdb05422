/* SPDX-License-Identifier: MIT */
/*
 * One scan, in the copy of the process that was made for it: from the memory
 * that there is to the verdicts.
 *
 * Context: the copy, one thread; memory of its own mappings.
 */
#ifndef MEMPROF_PRELOAD_LEAK_SCAN_H
#define MEMPROF_PRELOAD_LEAK_SCAN_H

#include <stdbool.h>
#include <stdint.h>

#include "preload/leak/chase.h"
#include "preload/leak/heap.h"
#include "preload/leak/memory.h"
#include "preload/leak/stop.h"
#include "preload/leak/verdicts.h"

/* A loaded ELF file. */
struct mp_scan_module {
	const char *path;
	uint64_t bias;
	uint64_t tls_bytes; /* of its thread-local variables */
	uint32_t span_count;
#define MP_SCAN_SPANS 4u
	struct mp_memory_span spans[MP_SCAN_SPANS]; /* writable parts */
};

/* Who asked: registers as saved by mp_leak_check(). */
#define MP_SCAN_SAVED 6u /* registers that a function keeps */

struct mp_scan {
	const struct mp_stop *stop;
	const uint64_t *saved; /* the stack of who asked begins behind */
	bool is_libc;
	struct mp_verdicts *verdicts;

	struct mp_memory memory;
	struct mp_heap heap;
	struct mp_chase chase;
	struct mp_scan_module *modules;
	size_t module_count;
	uint64_t tls_bytes; /* of all modules */
};

/* Fills the verdicts; then they are done. */
void mp_scan_run(struct mp_scan *scan);

/* modules.c: the modules among the maps, -ENOMEM; and their variables as
 * roots. */
int mp_scan_modules_read(struct mp_scan *scan);
void mp_scan_modules(struct mp_scan *scan);

/* threads.c: thread-local variables, stacks and registers as roots. Skips all
 * memory of stacks, those of threads that are gone too. */
void mp_scan_threads(struct mp_scan *scan);

#endif
