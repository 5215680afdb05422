/* SPDX-License-Identifier: MIT */
/*
 * races reuse|passed|sites|run|books: threads that get in each other's way.
 * "reuse": free and take the same few addresses. "passed": with lifo.so, an
 * address is another thread's before the realloc() that left it has returned.
 * "sites": are the first at every site together. "run": until stdin ends, for
 * readers of the dump. "books SECONDS": everything at once, each thread with
 * books of its own.
 */
#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <time.h>

#define THREADS 16
#define SLOTS	97
#define PASSES	100

/* A thread's own books; nobody else writes them. */
struct books {
	_Alignas(64) struct tally tally;
	unsigned random;
};

static struct books books[THREADS];
static pthread_barrier_t together;
static volatile int is_over;

static unsigned next_random(struct books *own)
{
	own->random = own->random * 1103515245u + 12345u;
	return own->random >> 8;
}

static void note_take(struct books *own, size_t bytes)
{
	own->tally.allocations++;
	own->tally.allocated_bytes += bytes;
}

static void note_give(struct books *own, size_t bytes)
{
	own->tally.frees++;
	own->tally.freed_bytes += bytes;
}

/* A block says its size, so that any thread can give it back. */
struct block {
	size_t bytes;
};

__attribute__((noinline)) static struct block *take(struct books *own,
						    size_t bytes)
{
	struct block *block = malloc(bytes);

	MUST(block);
	block->bytes = bytes;
	note_take(own, bytes);
	return block;
}

static void give(struct books *own, struct block *block)
{
	if (!block)
		return;
	note_give(own, block->bytes);
	free(block);
}

__attribute__((noinline)) static struct block *
move(struct books *own, struct block *block, size_t bytes)
{
	note_give(own, block->bytes);
	block = realloc(block, bytes);
	MUST(block);
	block->bytes = bytes;
	note_take(own, bytes);
	own->tally.reallocs++;
	return block;
}

/* Few sizes and short lives: an address is some other thread's at once. */
static void *reuse(void *arg)
{
	struct books *own = arg;

	pthread_barrier_wait(&together);
	for (int i = 0; i < 30000; i++) {
		struct block *block = take(own, 32 + i % 2 * 100);

		if (i % 3 == 0)
			block = move(own, block, 200);
		if (i % 5 == 0)
			block = move(own, block, 40);
		give(own, block);
	}
	return NULL;
}

static sem_t is_wanted, is_taken;
static struct block *volatile passed;

static void pass(void)
{
	sem_post(&is_wanted);
	sem_wait(&is_taken);
}

static void *take_passed(void *arg)
{
	for (int i = 0; i < PASSES; i++) {
		sem_wait(&is_wanted);
		passed = take(arg, 40);
		sem_post(&is_taken);
		sem_wait(&is_wanted);
		give(arg, passed);
		sem_post(&is_taken);
	}
	return NULL;
}

static void pass_addresses(void)
{
	void (**gave)(void) = dlsym(RTLD_DEFAULT, "lifo_gave");
	unsigned long same = 0;
	pthread_t other;

	MUST(gave && !sem_init(&is_wanted, 0, 0) && !sem_init(&is_taken, 0, 0));
	MUST(pthread_create(&other, NULL, take_passed, &books[1]) == 0);
	for (int i = 0; i < PASSES; i++) {
		struct block *block = take(&books[0], 40), *old = block;

		*gave = pass;
		block = move(&books[0], block, 200);
		*gave = NULL;
		same += passed == old;
		pass();
		give(&books[0], block);
	}
	MUST(pthread_join(other, NULL) == 0);
	print_value(NULL, "same", same);
}

/* One stack for each path, all threads at the same one at the same time. Two
 * functions, because a compiler may make one of two calls. */
__attribute__((noinline)) static struct block *left(struct books *own,
						    int depth, unsigned path);
__attribute__((noinline)) static struct block *right(struct books *own,
						     int depth, unsigned path);

static struct block *descend(struct books *own, int depth, unsigned path)
{
	if (depth == 0)
		return take(own, 24);
	return path & 1 ? left(own, depth - 1, path >> 1)
			: right(own, depth - 1, path >> 1);
}

static struct block *left(struct books *own, int depth, unsigned path)
{
	volatile int side = 1;
	struct block *block = descend(own, depth, path);

	return side == 1 ? block : NULL;
}

static struct block *right(struct books *own, int depth, unsigned path)
{
	volatile int side = 2;
	struct block *block = descend(own, depth, path);

	return side == 2 ? block : NULL;
}

static void *new_sites(void *arg)
{
	struct books *own = arg;

	for (unsigned path = 0; path < 1024; path++) {
		if (path % 64 == 0)
			pthread_barrier_wait(&together);
		descend(own, 10, path);
	}
	return NULL;
}

/* Blocks of all threads go round through slots. */
static struct block *slots[SLOTS];

static struct block *swap(struct books *own, struct block *block)
{
	return __atomic_exchange_n(&slots[next_random(own) % SLOTS], block,
				   __ATOMIC_ACQ_REL);
}

static void *everything(void *arg)
{
	struct books *own = arg;

	pthread_barrier_wait(&together);
	while (!is_over) {
		size_t bytes = sizeof(struct block) + next_random(own) % 600;
		struct block *block;

		switch (next_random(own) % 8) {
		case 0:
			block = swap(own, NULL);
			if (block)
				give(own, swap(own, move(own, block, bytes)));
			break;
		case 1:
			give(own, swap(own, NULL));
			break;
		case 2:
			block = calloc(1, bytes);
			MUST(block);
			block->bytes = bytes;
			note_take(own, bytes);
			give(own, swap(own, block));
			break;
		case 3:
			give(own, take(own, bytes * 50));
			break;
		case 4:
			block = descend(own, 8, next_random(own));
			give(own, swap(own, block));
			break;
		default:
			give(own, swap(own, take(own, bytes)));
		}
	}
	return NULL;
}

static void *wait_for_end(void *arg)
{
	char byte;

	while (read(0, &byte, 1) == 1)
		;
	is_over = 1;
	return arg;
}

/* seconds: until is_over where it is 0. */
static void run(void *(*function)(void *), int seconds)
{
	struct timespec time = { .tv_sec = seconds };
	pthread_t ids[THREADS];

	MUST(pthread_barrier_init(&together, NULL, THREADS) == 0);
	for (int i = 0; i < THREADS; i++) {
		books[i].random = (unsigned)i * 7919 + 1;
		MUST(pthread_create(&ids[i], NULL, function, &books[i]) == 0);
	}
	if (seconds) {
		MUST(clock_nanosleep(CLOCK_MONOTONIC, 0, &time, NULL) == 0);
		is_over = 1;
	}
	for (int i = 0; i < THREADS; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
	for (int i = 0; i < SLOTS; i++)
		give(&books[0], slots[i]);
}

int main(int argc, char **argv)
{
	pthread_t waiter;

	MUST(argc >= 2);
	if (strcmp(argv[1], "reuse") == 0) {
		run(reuse, 0);
	} else if (strcmp(argv[1], "passed") == 0) {
		pass_addresses();
	} else if (strcmp(argv[1], "sites") == 0) {
		run(new_sites, 0);
	} else if (strcmp(argv[1], "run") == 0) {
		MUST(pthread_create(&waiter, NULL, wait_for_end, NULL) == 0);
		print_bytes("ready\n", 6);
		run(everything, 0);
		MUST(pthread_join(waiter, NULL) == 0);
	} else {
		MUST(argc == 3);
		run(everything, atoi(argv[2]));
	}
	for (int i = 0; i < THREADS; i++) {
		tally.allocations += books[i].tally.allocations;
		tally.allocated_bytes += books[i].tally.allocated_bytes;
		tally.frees += books[i].tally.frees;
		tally.freed_bytes += books[i].tally.freed_bytes;
		tally.reallocs += books[i].tally.reallocs;
	}
	tally.live_blocks = tally.allocations - tally.frees;
	tally.live_bytes = tally.allocated_bytes - tally.freed_bytes;
	print_counts(NULL);
	return 0;
}
