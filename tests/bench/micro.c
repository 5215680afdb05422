/* SPDX-License-Identifier: MIT */
/*
 * The micro benchmarks: each exercises one cost of a heap profiler and prints
 * "ns_per_pair=N" (one malloc and one free). scripts/bench runs them.
 */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define THREADS_MAX 256
#define SLOTS	    4096

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

static uint32_t next_random(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

/* Keeps the compiler from leaving the pair out. */
static void use(void *p)
{
	__asm__ volatile("" : : "r"(p) : "memory");
}

struct work {
	unsigned depth;
	unsigned long pairs;
	unsigned seed;
};

/* The pairs all happen at one place, depth frames down. */
static __attribute__((noinline)) void churn_at(unsigned depth,
					       unsigned long pairs)
{
	if (depth > 1) {
		churn_at(depth - 1, pairs);
		__asm__ volatile("");
		return;
	}
	for (unsigned long i = 0; i < pairs; i++) {
		void *p = malloc(64);

		use(p);
		free(p);
	}
}

static void *churn_thread(void *arg)
{
	const struct work *work = arg;

	churn_at(work->depth, work->pairs);
	return NULL;
}

static void in_threads(unsigned threads, void *(*body)(void *),
		       struct work *works)
{
	pthread_t ids[THREADS_MAX];

	for (unsigned i = 0; i < threads; i++)
		pthread_create(&ids[i], NULL, body, &works[i]);
	for (unsigned i = 0; i < threads; i++)
		pthread_join(ids[i], NULL);
}

/* churn DEPTH PAIRS THREADS */
static unsigned long run_churn(const unsigned long *args)
{
	struct work works[THREADS_MAX];
	unsigned threads = (unsigned)args[2];

	for (unsigned i = 0; i < threads; i++)
		works[i] = (struct work) { (unsigned)args[0], args[1] / threads,
					   i };
	if (threads == 1)
		churn_thread(&works[0]);
	else
		in_threads(threads, churn_thread, works);
	return args[1];
}

/* window LIVE PAIRS: a random one of LIVE blocks is replaced each time. */
static unsigned long run_window(const unsigned long *args)
{
	void **live = calloc(args[0], sizeof(*live));
	uint32_t random = 2463534242u;

	for (unsigned long i = 0; i < args[1]; i++) {
		void **one = &live[next_random(&random) % args[0]];

		free(*one);
		*one = malloc(16 + random % 128);
		use(*one);
	}
	for (unsigned long i = 0; i < args[0]; i++)
		free(live[i]);
	free(live);
	return args[1];
}

/* A path of DEPTH calls chosen bit by bit: up to 2^DEPTH sites. */
static __attribute__((noinline)) void *path_left(unsigned depth, uint32_t way);

static __attribute__((noinline)) void *path_right(unsigned depth, uint32_t way)
{
	void *p;

	if (depth == 0)
		return malloc(24);
	p = way & 1 ? path_left(depth - 1, way >> 1)
		    : path_right(depth - 1, way >> 1);
	use(p);
	return p;
}

static __attribute__((noinline)) void *path_left(unsigned depth, uint32_t way)
{
	void *p;

	if (depth == 0)
		return malloc(40);
	p = way & 1 ? path_right(depth - 1, way >> 1)
		    : path_left(depth - 1, way >> 1);
	use(p);
	return p;
}

/* sites DEPTH PAIRS: every pair comes from one of 2^DEPTH call stacks. */
static unsigned long run_sites(const unsigned long *args)
{
	uint32_t random = 88675123u;

	for (unsigned long i = 0; i < args[1]; i++) {
		void *p = path_left((unsigned)args[0], next_random(&random));

		free(p);
	}
	return args[1];
}

static _Atomic(void *) slots[SLOTS];

static void *larson_thread(void *arg)
{
	const struct work *work = arg;
	uint32_t random = work->seed * 7919 + 1;

	for (unsigned long i = 0; i < work->pairs; i++) {
		uint32_t r = next_random(&random);

		free(atomic_exchange(&slots[r % SLOTS],
				     malloc(8 + (r >> 16) % 256)));
	}
	return NULL;
}

/* larson THREADS PAIRS: blocks are freed by whichever thread meets them. */
static unsigned long run_larson(const unsigned long *args)
{
	struct work works[THREADS_MAX];
	unsigned threads = (unsigned)args[0];

	for (unsigned i = 0; i < threads; i++)
		works[i] = (struct work) { 0, args[1] / threads, i };
	in_threads(threads, larson_thread, works);
	for (unsigned i = 0; i < SLOTS; i++)
		free(atomic_load(&slots[i]));
	return args[1];
}

static __attribute__((noinline)) unsigned recurse(unsigned depth)
{
	void *p = malloc(32);
	unsigned sum;

	use(p);
	sum = depth > 1 ? recurse(depth - 1) + 1 : 1;
	free(p);
	return sum;
}

/* recursion DEPTH ROUNDS: a pair in every frame on the way down and up. */
static unsigned long run_recursion(const unsigned long *args)
{
	unsigned long pairs = 0;

	for (unsigned long i = 0; i < args[1]; i++)
		pairs += recurse((unsigned)args[0]);
	return pairs;
}

static const struct {
	const char *name;
	int count;
	unsigned long (*run)(const unsigned long *args);
} kinds[] = {
	{ "churn", 3, run_churn },	   { "window", 2, run_window },
	{ "sites", 2, run_sites },	   { "larson", 2, run_larson },
	{ "recursion", 2, run_recursion },
};

int main(int argc, char **argv)
{
	unsigned long args[3] = { 0, 0, 0 }, pairs;
	uint64_t start;

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (argc < 2 || strcmp(argv[1], kinds[i].name) != 0 ||
		    argc != kinds[i].count + 2)
			continue;
		for (int j = 0; j < kinds[i].count; j++)
			args[j] = strtoul(argv[j + 2], NULL, 10);
		start = now_ns();
		pairs = kinds[i].run(args);
		printf("ns_per_pair=%.2f\n",
		       (double)(now_ns() - start) / (double)pairs);
		return 0;
	}
	fprintf(stderr, "usage: micro churn DEPTH PAIRS THREADS | "
			"window LIVE PAIRS | sites DEPTH PAIRS | "
			"larson THREADS PAIRS | recursion DEPTH ROUNDS\n");
	return 2;
}
