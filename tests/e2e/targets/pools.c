/* SPDX-License-Identifier: MIT */
/*
 * pools plain|packed|threads|fork|paused|storm|forks: pools of a program's own,
 * told to the recorder through memprof.h. Does the same without one.
 */
#include "preload/memprof.h"
#include "tests/e2e/targets/tally.h"

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>

#define CHUNK_BYTES 65536
#define THREADS	    8
#define ROUNDS	    20000

struct pool {
	char *chunk;
	size_t used;
};

/* Blocks lie side by side, of any alignment. */
__attribute__((noinline)) static void *pool_get(struct pool *pool, size_t bytes)
{
	char *block = pool->chunk + pool->used;

	MUST(pool->used + bytes <= CHUNK_BYTES);
	pool->used += bytes;
	MEMPROF_POOL_ALLOC(block, bytes);
	took(bytes);
	return block;
}

static void pool_put(void *block, size_t bytes)
{
	MEMPROF_POOL_FREE(block);
	gave(bytes);
}

static void pool_open(struct pool *pool)
{
	pool->chunk = malloc(CHUNK_BYTES);
	pool->used = 0;
	MUST(pool->chunk);
	took(CHUNK_BYTES);
	MEMPROF_POOL_CHUNK(pool->chunk);
	gave(CHUNK_BYTES);
}

__attribute__((noinline)) static void *left_side(struct pool *pool)
{
	return pool_get(pool, 24);
}

__attribute__((noinline)) static void *right_side(struct pool *pool)
{
	return pool_get(pool, 40);
}

/* Two users of a pool, a reset, and a chunk that goes with what is in it. */
static void test_plain(void)
{
	struct pool pool, doomed;

	pool_open(&pool);
	MUST(left_side(&pool) == pool.chunk);
	for (int i = 1; i < 100; i++)
		MUST(left_side(&pool));
	for (int i = 0; i < 50; i++)
		pool_put(right_side(&pool), 40);
	for (int i = 0; i < 7; i++)
		MUST(right_side(&pool));
	MEMPROF_POOL_FREE(NULL);

	pool_open(&doomed);
	for (int i = 0; i < 200; i++)
		MUST(right_side(&doomed));
	MEMPROF_POOL_RESET(doomed.chunk, 50 * 40);
	for (int i = 0; i < 50; i++)
		gave(40);
	free(doomed.chunk);
	for (int i = 0; i < 150; i++)
		gave(40);
}

/* Blocks of single bytes at every address of memory that is not malloc's. */
static void test_packed(void)
{
	struct pool pool = { .used = 0 };

	pool.chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	MUST(pool.chunk != MAP_FAILED);
	for (int i = 0; i < CHUNK_BYTES; i++)
		MUST(pool_get(&pool, 1));
	for (int i = 0; i < CHUNK_BYTES; i += 2)
		pool_put(pool.chunk + i, 1);
	for (int i = 1; i < CHUNK_BYTES; i += 4)
		pool_put(pool.chunk + i, 1);
}

/* Each thread gives back what its neighbour left. */
static char *arena;

static void *visitor(void *arg)
{
	char *own = arena + (size_t)arg * CHUNK_BYTES;

	for (int i = 0; i < ROUNDS; i++) {
		struct pool pool = { .chunk = own,
				     .used = (size_t)(i % 1000) * 48 };

		pool_put(pool_get(&pool, 48), 48);
		pool_get(&pool, 16);
		pool_put(pool.chunk + pool.used - 16, 16);
	}
	for (int i = 0; i < 100; i++) {
		struct pool pool = { .chunk = own, .used = (size_t)i * 48 };

		pool_get(&pool, 48);
	}
	return NULL;
}

static void test_threads(void)
{
	pthread_t ids[THREADS];

	arena = malloc((size_t)THREADS * CHUNK_BYTES);
	MUST(arena);
	took((size_t)THREADS * CHUNK_BYTES);
	MEMPROF_POOL_CHUNK(arena);
	gave((size_t)THREADS * CHUNK_BYTES);
	for (size_t i = 0; i < THREADS; i++)
		MUST(pthread_create(&ids[i], NULL, visitor, (void *)i) == 0);
	for (size_t i = 0; i < THREADS; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
}

/* The child has what the parent had, and gives some back. */
static void test_fork(void)
{
	struct pool pool;
	int status;
	pid_t pid;

	pool_open(&pool);
	for (int i = 0; i < 100; i++)
		MUST(left_side(&pool));
	pid = fork();
	MUST(pid >= 0);
	if (pid == 0) {
		for (int i = 0; i < 60; i++)
			MEMPROF_POOL_FREE(pool.chunk + i * 24L);
		MUST(right_side(&pool));
		_exit(0);
	}
	MUST(waitpid(pid, &status, 0) == pid && status == 0);
	print_value("child", "pid", (unsigned long)pid);
}

/* What is not recorded is not known, and what is known is still given back. */
static void test_paused(void)
{
	struct pool pool;
	void *known;

	pool_open(&pool);
	known = left_side(&pool);
	print_value(NULL, "was_on", (unsigned long)MEMPROF_IS_RECORDING());
	MEMPROF_PAUSE();
	print_value(NULL, "was_paused", (unsigned long)!MEMPROF_IS_RECORDING());
	MEMPROF_POOL_ALLOC(pool.chunk + 1000, 77);
	pool_put(known, 24);
	MEMPROF_RESUME();
	MUST(left_side(&pool));
}

/* A handler that interrupts the telling, and has a pool of its own. */
#define TICKS 300

static char *ticked;
static volatile sig_atomic_t ticks;

static void on_tick(int number)
{
	(void)number;
	if (ticks < TICKS) {
		MEMPROF_POOL_ALLOC(ticked + ticks * 16, 16);
		took(16);
	}
	ticks++;
}

static void test_storm(void)
{
	struct sigaction action = { .sa_handler = on_tick,
				    .sa_flags = SA_RESTART };
	struct itimerval timer = { { 0, 50 }, { 0, 50 } };
	struct pool pool;

	pool_open(&pool);
	ticked = pool.chunk + CHUNK_BYTES / 2;
	MUST(sigaction(SIGALRM, &action, NULL) == 0);
	MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
	for (unsigned i = 0; i < 300000 || ticks < TICKS; i++) {
		pool.used = i % 100 * 32;
		pool_put(pool_get(&pool, 32), 32);
	}
	timer = (struct itimerval) { 0 };
	MUST(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* Children of a process whose other threads are telling. */
static volatile int is_over;

static void *teller(void *arg)
{
	struct pool pool = { .chunk = arena + (size_t)arg * CHUNK_BYTES };

	for (unsigned i = 0; !is_over; i++) {
		pool.used = i % 1000 * 48;
		pool_put(pool_get(&pool, 48), 48);
	}
	return NULL;
}

__attribute__((noinline)) static void child_work(void)
{
	struct pool pool;

	pool_open(&pool);
	for (int i = 0; i < 100; i++)
		MUST(left_side(&pool));
	for (int i = 0; i < 90; i++)
		MEMPROF_POOL_FREE(pool.chunk + i * 24L);
}

static void test_forks(void)
{
	pthread_t ids[THREADS];
	int status;

	arena = malloc((size_t)THREADS * CHUNK_BYTES);
	MUST(arena);
	for (size_t i = 0; i < THREADS; i++)
		MUST(pthread_create(&ids[i], NULL, teller, (void *)i) == 0);
	for (int i = 0; i < 8; i++) {
		pid_t pid = fork();

		MUST(pid >= 0);
		if (pid == 0) {
			child_work();
			_exit(0);
		}
		MUST(waitpid(pid, &status, 0) == pid && status == 0);
		print_value(NULL, "child", (unsigned long)pid);
	}
	is_over = 1;
	for (size_t i = 0; i < THREADS; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (strcmp(argv[1], "plain") == 0)
		test_plain();
	else if (strcmp(argv[1], "packed") == 0)
		test_packed();
	else if (strcmp(argv[1], "threads") == 0)
		test_threads();
	else if (strcmp(argv[1], "fork") == 0)
		test_fork();
	else if (strcmp(argv[1], "storm") == 0)
		test_storm();
	else if (strcmp(argv[1], "forks") == 0)
		test_forks();
	else
		test_paused();
	if (strcmp(argv[1], "plain") && strcmp(argv[1], "packed") &&
	    strcmp(argv[1], "fork") && strcmp(argv[1], "paused"))
		print_counts(NULL);
	else
		print_tally(NULL);
	return 0;
}
