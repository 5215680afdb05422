/* SPDX-License-Identifier: MIT */
/*
 * What a target states about itself: it counts each of its own allocations and
 * frees by hand, apart from any recorder, and prints the totals as key=value.
 * Nothing here allocates. Counting is safe from any thread; live and peak mean
 * something only while one thread allocates.
 */
#ifndef MEMPROF_TESTS_E2E_TARGETS_TALLY_H
#define MEMPROF_TESTS_E2E_TARGETS_TALLY_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct tally {
	unsigned long allocations, allocated_bytes, frees, freed_bytes;
	unsigned long reallocs, failed;
	unsigned long live_blocks, live_bytes, peak_blocks, peak_bytes;
};

__attribute__((unused)) static struct tally tally;

static inline void add(unsigned long *counter, unsigned long n)
{
	__atomic_add_fetch(counter, n, __ATOMIC_RELAXED);
}

static inline void took(size_t bytes)
{
	add(&tally.allocations, 1);
	add(&tally.allocated_bytes, bytes);
	add(&tally.live_blocks, 1);
	add(&tally.live_bytes, bytes);
	if (tally.live_bytes > tally.peak_bytes) {
		tally.peak_bytes = tally.live_bytes;
		tally.peak_blocks = tally.live_blocks;
	}
}

static inline void gave(size_t bytes)
{
	add(&tally.frees, 1);
	add(&tally.freed_bytes, bytes);
	add(&tally.live_blocks, -1UL);
	add(&tally.live_bytes, -bytes);
}

/* A realloc() that succeeded. */
static inline void moved(size_t old_bytes, size_t bytes)
{
	gave(old_bytes);
	took(bytes);
	add(&tally.reallocs, 1);
}

__attribute__((unused)) static void print_bytes(const char *text, size_t bytes)
{
	while (bytes > 0) {
		ssize_t done = write(1, text, bytes);

		if (done <= 0)
			_exit(99);
		text += done;
		bytes -= (size_t)done;
	}
}

/* PREFIX.NAME=VALUE, or NAME=VALUE without prefix. */
__attribute__((unused)) static void
print_value(const char *prefix, const char *name, unsigned long value)
{
	char line[128];
	int bytes;

	bytes = snprintf(line, sizeof(line), "%s%s%s=%lu\n",
			 prefix ? prefix : "", prefix ? "." : "", name, value);
	print_bytes(line, (size_t)bytes);
}

/* Without the peak: for targets where several threads allocate. */
__attribute__((unused)) static void print_counts(const char *prefix)
{
	print_value(prefix, "allocations", tally.allocations);
	print_value(prefix, "allocated_bytes", tally.allocated_bytes);
	print_value(prefix, "frees", tally.frees);
	print_value(prefix, "freed_bytes", tally.freed_bytes);
	print_value(prefix, "reallocs", tally.reallocs);
	print_value(prefix, "failed", tally.failed);
	print_value(prefix, "live_blocks", tally.live_blocks);
	print_value(prefix, "live_bytes", tally.live_bytes);
}

__attribute__((unused)) static void print_tally(const char *prefix)
{
	print_counts(prefix);
	print_value(prefix, "peak_bytes", tally.peak_bytes);
	print_value(prefix, "peak_blocks", tally.peak_blocks);
}

/* A promise of the C library that did not hold. */
#define MUST(condition)                                             \
	do {                                                        \
		if (!(condition)) {                                 \
			print_value(NULL, "broken_line", __LINE__); \
			_exit(98);                                  \
		}                                                   \
	} while (0)

#endif
