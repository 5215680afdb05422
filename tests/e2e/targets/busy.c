/* SPDX-License-Identifier: MIT */
/*
 * busy [BOOKS]: three threads allocate, resize and free at changing depths, for
 * ever. Prints a line when each of them has done it WARM times; whoever started
 * it ends it.
 * Into the file BOOKS each thread writes what it begins before it does it, and
 * what it has done after, so that at any instant the truth is between the two.
 */
#include "tests/e2e/targets/tally.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>

#define SLOTS	512
#define THREADS 3
#define WARM	400

struct counts {
	unsigned long allocations, allocated_bytes, frees;
};

/* The file: each has a line of the cache to itself, and no other writer. */
static struct books {
	struct counts begun, done;
	char rest[16];
} no_books[THREADS], *books = no_books;

static __thread struct books *mine;
static void *slots[SLOTS];
static pthread_barrier_t started;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

/* In this order, whatever the compiler makes of the calls between. */
static void add_one(volatile unsigned long *count)
{
	*count += 1;
	__asm__ volatile("" ::: "memory");
}

static void add_bytes(volatile unsigned long *count, size_t bytes)
{
	*count += bytes;
	__asm__ volatile("" ::: "memory");
}

/* malloc(), or realloc(), which gives something back as well. */
__attribute__((noinline)) static void *take(void *volatile block, size_t bytes)
{
	struct books *own = mine;

	add_one(&own->begun.allocations);
	add_bytes(&own->begun.allocated_bytes, bytes);
	if (block) {
		add_one(&own->begun.frees);
		block = realloc(block, bytes);
		add_one(&own->done.frees);
	} else {
		block = malloc(bytes);
	}
	MUST(block);
	add_bytes(&own->done.allocated_bytes, bytes);
	add_one(&own->done.allocations);
	return block;
}

__attribute__((noinline)) static int dig(int depth, unsigned *state)
{
	volatile int sum = depth; /* or else this becomes a loop */
	void *block;

	if (depth > 0) {
		/* Two calls: compilers join branches that look alike. */
		if (next_random(state) & 1) {
			__asm__ volatile("# odd");
			sum += dig(depth - 1, state);
		} else {
			__asm__ volatile("# even");
			sum -= dig(depth - 1, state);
		}
		return sum;
	}
	block = take(NULL, 1 + next_random(state) % 2000);
	if (next_random(state) % 4 == 0)
		block = take(block, 1 + next_random(state) % 5000);
	block = __atomic_exchange_n(&slots[next_random(state) % SLOTS], block,
				    __ATOMIC_ACQ_REL);
	if (block) {
		add_one(&mine->begun.frees);
		free(block);
		add_one(&mine->done.frees);
	}
	return 0;
}

static void *work(void *arg)
{
	unsigned state = (unsigned)(size_t)arg + 1;

	mine = &books[(size_t)arg];
	for (int i = 0; i < WARM; i++)
		dig((int)(next_random(&state) % 24), &state);
	pthread_barrier_wait(&started);
	for (;;)
		dig((int)(next_random(&state) % 24), &state);
	return NULL;
}

static void open_books(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);

	MUST(fd >= 0 && ftruncate(fd, sizeof(no_books)) == 0);
	books = mmap(NULL, sizeof(no_books), PROT_READ | PROT_WRITE, MAP_SHARED,
		     fd, 0);
	MUST(books != MAP_FAILED);
	close(fd);
}

int main(int argc, char **argv)
{
	pthread_t thread;

	if (argc > 1)
		open_books(argv[1]);
	pthread_barrier_init(&started, NULL, THREADS + 1);
	for (size_t i = 0; i < THREADS; i++)
		MUST(pthread_create(&thread, NULL, work, (void *)i) == 0);
	pthread_barrier_wait(&started);
	print_bytes("ready\n", 6);
	pthread_join(thread, NULL);
	return 0;
}
