/* SPDX-License-Identifier: MIT */
/*
 * Poisson sampling by bytes: every byte allocated is chosen with probability
 * 1 / R, independently, and a block is recorded with its stack when one of its
 * bytes is chosen. A block of s bytes is thus kept with probability
 * 1 - exp(-s / R) and stands for 1 / (1 - exp(-s / R)) such blocks
 * (memprof-method(7)). Distances between chosen bytes are exponential and
 * have no memory, so a new one is drawn after each sample and nothing is
 * carried over.
 *
 * Context: owning thread of the writer; may run in a signal handler: yes with
 * a writer of its own; locks taken: none.
 */
#ifndef MEMPROF_PRELOAD_RECORD_SAMPLE_H
#define MEMPROF_PRELOAD_RECORD_SAMPLE_H

#include "preload/record/writer.h"

struct mp_sample {
	uint64_t bytes;	    /* R; 0: every block is recorded */
	uint32_t unsampled; /* the class of the others */
	uint64_t seed;
};
extern struct mp_sample mp_sample;

/* Boot only. */
void mp_sample_init(uint64_t bytes, uint64_t seed);

/* In a forked child, which must not draw what its parent draws. */
void mp_sample_forked(uint64_t seed);

/* The countdown ran out: true when the block is to be skipped all the same,
 * because this was the writer's first and nothing had been drawn before. */
bool mp_sample_due(struct mp_writer *writer, uint64_t bytes);

/* True when a block of so many bytes is not to be recorded with its stack. */
static inline bool mp_sample_skips(struct mp_writer *writer, uint64_t bytes)
{
	if (__builtin_expect(mp_sample.bytes == 0, 1))
		return false;
	/* A block of no bytes counts as one, or it could never be seen. */
	writer->sample_left -= (int64_t)(bytes ? bytes : 1);
	if (__builtin_expect(writer->sample_left >= 0, 1))
		return true;
	return mp_sample_due(writer, bytes);
}

/* -ln(u), u the random bits as a fraction in (0, 1]. For tests. */
double mp_sample_exponential(uint64_t random);

#endif
