/* SPDX-License-Identifier: MIT */
/*
 * ages one|threads|fork|pools|race|stay: blocks whose lifetimes are known in
 * allocations, and ordered in time. stay: names some of its blocks, takes a
 * snapshot, and waits for its standard input to end.
 */
#include "preload/memprof.h"
#include "tests/e2e/targets/tally.h"

#include <malloc.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/wait.h>
#include <time.h>

#define RING   8
#define ROUNDS 100
#define NAP_MS 20

static void *kept[RING];

/* printf() would allocate. */
__attribute__((format(printf, 1, 2))) static void say(const char *format, ...)
{
	char text[128];
	va_list args;
	int bytes;

	va_start(args, format);
	bytes = vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	print_bytes(text, (size_t)bytes);
}

static void *got(void *block)
{
	if (!block)
		abort();
	return block;
}

__attribute__((noinline)) static void *outer(void)
{
	return got(malloc(100));
}

/* Each is freed at once. */
__attribute__((noinline)) static void churn(void)
{
	for (int i = 0; i < 1000; i++)
		free(got(malloc(24)));
}

/* Each is freed when 8 more have been made; 8 stay. */
__attribute__((noinline)) static void ring_of(void **blocks)
{
	for (int i = 0; i < ROUNDS; i++) {
		void *block = got(malloc(41));

		free(blocks[i % RING]);
		blocks[i % RING] = block;
	}
}

__attribute__((noinline)) static void ring(void)
{
	ring_of(kept);
}

__attribute__((noinline)) static void *grow(void *block, size_t bytes)
{
	return got(realloc(block, bytes));
}

/* Two blocks are made in the life of each but the last, of which there is
 * nothing between. */
__attribute__((noinline)) static void growing(void)
{
	void *block = grow(NULL, 10);

	for (size_t bytes = 100; bytes <= 500; bytes += 100) {
		free(got(malloc(1)));
		free(got(malloc(1)));
		block = grow(block, bytes);
	}
	free(block);
}

__attribute__((noinline)) static void *napping(void)
{
	const struct timespec nap = { 0, NAP_MS * 1000000 };
	void *block = got(malloc(7));

	nanosleep(&nap, NULL);
	return block;
}

/* As small as blocks can be, side by side; the first lives longest. */
__attribute__((noinline)) static void small(void)
{
	void *blocks[100];

	for (int i = 0; i < 100; i++)
		blocks[i] = got(malloc(8));
	for (int i = 0; i < 100; i++)
		free(blocks[i]);
}

static size_t usable_of_ring(void)
{
	size_t bytes = 0;

	for (int i = 0; i < RING; i++)
		bytes += malloc_usable_size(kept[i]);
	return bytes;
}

static int one(void)
{
	void *block = outer();

	churn();
	ring();
	growing();
	free(napping());
	small();
	free(block);
	say("usable=%zu\nrequested=%d\n", usable_of_ring(), RING * 41);
	return 0;
}

static void *given[ROUNDS];

__attribute__((noinline)) static void *give(void *arg)
{
	for (int i = 0; i < ROUNDS; i++)
		given[i] = got(malloc(33));
	return arg;
}

/* All are made by one thread and freed by another, first come first. */
static int threads(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, give, NULL) ||
	    pthread_join(thread, NULL))
		abort();
	for (int i = 0; i < ROUNDS; i++) {
		free(given[i]);
		churn();
	}
	return 0;
}

__attribute__((noinline)) static void *handed_down(void)
{
	return got(malloc(50));
}

static int forked(void)
{
	void *block = handed_down();
	pid_t pid;

	churn();
	pid = fork();
	if (pid < 0)
		abort();
	churn();
	free(block);
	if (pid == 0)
		return 0;
	say("child=%d\n", (int)pid);
	return waitpid(pid, NULL, 0) != pid;
}

__attribute__((noinline)) static void from_pool(char *chunk)
{
	for (int i = 0; i < 10; i++)
		MEMPROF_POOL_ALLOC(chunk + 3 * i, 3);
	churn();
	for (int i = 0; i < 5; i++)
		MEMPROF_POOL_FREE(chunk + 3 * i);
}

static int pools(void)
{
	char *chunk = got(malloc(4096));

	MEMPROF_POOL_CHUNK(chunk);
	from_pool(chunk);
	say("pooled=%lu\n", (unsigned long)(chunk + 15));
	return 0;
}

static void *churning(void *arg)
{
	for (int i = 0; i < 30; i++) {
		ring_of(arg);
		churn();
	}
	return NULL;
}

/* Blocks come and go while they are listed, often. */
static int race(void)
{
	pthread_t threads[4];
	void *own[4][RING] = { { NULL } };
	char *big = outer();

	for (int i = 0; i < 4; i++)
		if (pthread_create(&threads[i], NULL, churning, own[i]))
			abort();
	for (int i = 0; i < 50; i++)
		MEMPROF_SNAPSHOT("again");
	for (int i = 0; i < 4; i++)
		pthread_join(threads[i], NULL);
	say("big=%lu\n", (unsigned long)big);
	return 0;
}

static int stay(void)
{
	char *big = outer(), *freed = outer(), byte;

	ring();
	free(freed);
	if (MEMPROF_SNAPSHOT("here") != MEMPROF_IS_RECORDING())
		abort();
	say("big=%lu\nfreed=%lu\nring=%lu\n", (unsigned long)big,
	    (unsigned long)freed, (unsigned long)kept[0]);
	close(1);
	while (read(0, &byte, 1) == 1) {
		free(big);
		MEMPROF_SNAPSHOT("later");
		write(2, "done\n", 5);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";

	if (strcmp(mode, "one") == 0)
		return one();
	if (strcmp(mode, "threads") == 0)
		return threads();
	if (strcmp(mode, "fork") == 0)
		return forked();
	if (strcmp(mode, "pools") == 0)
		return pools();
	if (strcmp(mode, "race") == 0)
		return race();
	return strcmp(mode, "stay") == 0 ? stay() : 2;
}
