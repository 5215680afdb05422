/* SPDX-License-Identifier: MIT */
/* Poisson sampling by bytes: the draws. */
#include "config.h"

#include "preload/record/sample.h"

#include "preload/record/stacks.h"

#define LN2 0.69314718055994530942

struct mp_sample mp_sample;

void mp_sample_init(uint64_t bytes, uint64_t seed)
{
	mp_sample.bytes = bytes;
	mp_sample.seed = seed;
	if (bytes)
		mp_sample.unsampled = mp_stacks_child(
			MP_NODE_NONE, (uint64_t)MPF_NODE_UNSAMPLED << 60, true);
}

void mp_sample_forked(uint64_t seed)
{
	mp_sample.seed = seed;
}

/*
 * ln(m) for m in [1, 2) by the series of atanh: with s = (m - 1) / (m + 1)
 * <= 1/3, ln(m) = 2 (s + s^3/3 + s^5/5 + ...); after s^25 the rest is below
 * 1e-14. libm is not ours to call here.
 */
static double ln_mantissa(double m)
{
	double s = (m - 1) / (m + 1), square = s * s, power = s, sum = 0;

	for (int k = 1; k <= 25; k += 2) {
		sum += power / k;
		power *= square;
	}
	return 2 * sum;
}

double mp_sample_exponential(uint64_t random)
{
	/* 53 bits, never 0: u = n / 2^53 with n in 1 .. 2^53. */
	uint64_t n = (random >> 11) + 1;
	int bits = 63 - __builtin_clzll(n);
	double m = (double)n / (double)(UINT64_C(1) << bits);

	return (53 - bits) * LN2 - ln_mantissa(m);
}

/* xorshift64*: passes what a sampler needs, and fits a register. */
static uint64_t next_random(struct mp_writer *writer)
{
	uint64_t x = writer->random;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	writer->random = x;
	return x * UINT64_C(0x2545F4914F6CDD1D);
}

/* Seeds differ in all bits between writers, processes and runs. */
static uint64_t seed_of(const struct mp_writer *writer)
{
	uint64_t x = mp_sample.seed + (uintptr_t)writer +
		     (uint64_t)writer->tid * UINT64_C(0x9E3779B97F4A7C15);

	x = (x ^ x >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
	x = (x ^ x >> 27) * UINT64_C(0x94D049BB133111EB);
	x ^= x >> 31;
	return x ? x : 1;
}

static int64_t draw(struct mp_writer *writer)
{
	double bytes = mp_sample_exponential(next_random(writer)) *
		       (double)mp_sample.bytes;

	return (int64_t)bytes;
}

__attribute__((noinline)) bool mp_sample_due(struct mp_writer *writer,
					     uint64_t bytes)
{
	if (!writer->random) {
		/* Its first block: draw first, then look, or every thread's
		 * first block would be a sample. */
		writer->random = seed_of(writer);
		writer->sample_left =
			draw(writer) - (int64_t)(bytes ? bytes : 1);
		if (writer->sample_left >= 0)
			return true;
	}
	writer->sample_left = draw(writer);
	return false;
}
