/* SPDX-License-Identifier: MIT */
/*
 * lives together|successive N | destructors | left | detached |
 *       cancelled | cancelled-anywhere: how threads come and go.
 */
#include "tests/e2e/targets/tally.h"

#include <limits.h>
#include <pthread.h>
#include <semaphore.h>

#define BLOCKS	 20
#define MAX	 1000
#define PATTERNS 200

static pthread_t ids[MAX];
static void *left[MAX];

__attribute__((noinline)) static void *guest_block(size_t bytes)
{
	void *block = malloc(bytes);

	MUST(block);
	took(bytes);
	return block;
}

static void drop(void *block, size_t bytes)
{
	free(block);
	gave(bytes);
}

static void start(pthread_t *id, void *(*function)(void *), void *arg,
		  int state)
{
	pthread_attr_t attr;

	MUST(pthread_attr_init(&attr) == 0);
	MUST(pthread_attr_setstacksize(&attr, PTHREAD_STACK_MIN + 16384) == 0);
	MUST(pthread_attr_setdetachstate(&attr, state) == 0);
	MUST(pthread_create(id, &attr, function, arg) == 0);
	pthread_attr_destroy(&attr);
}

static pthread_barrier_t all;

/* All are alive between the two halves. */
static void *together(void *arg)
{
	void *blocks[BLOCKS];
	size_t bytes = 16 + (size_t)arg % 100;

	for (int i = 0; i < BLOCKS; i++)
		blocks[i] = guest_block(bytes);
	pthread_barrier_wait(&all);
	for (int i = 1; i < BLOCKS; i++)
		drop(blocks[i], bytes);
	return NULL;
}

static void test_together(int count)
{
	MUST(count <= MAX);
	MUST(pthread_barrier_init(&all, NULL, (unsigned)count) == 0);
	for (int i = 0; i < count; i++)
		start(&ids[i], together, (void *)(size_t)i,
		      PTHREAD_CREATE_JOINABLE);
	for (int i = 0; i < count; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
}

static void *short_life(void *arg)
{
	drop(guest_block(40), 40);
	return arg ? guest_block(24) : NULL;
}

static void test_successive(int count)
{
	for (int i = 0; i < count; i++) {
		start(&ids[0], short_life, (void *)(size_t)(i % 100 == 0),
		      PTHREAD_CREATE_JOINABLE);
		MUST(pthread_join(ids[0], NULL) == 0);
	}
}

/* Values whose destructors allocate and set others, as long as libc asks. */
static pthread_key_t keys[2];

__attribute__((noinline)) static void on_end(void *value)
{
	size_t round = *(size_t *)value;
	size_t *next;

	drop(value, sizeof(size_t) + round);
	if (round + 1 == PTHREAD_DESTRUCTOR_ITERATIONS)
		return;
	next = guest_block(sizeof(size_t) + round + 1);
	*next = round + 1;
	MUST(pthread_setspecific(keys[(round + 1) % 2], next) == 0);
}

static void *with_keys(void *arg)
{
	size_t *first = guest_block(sizeof(size_t));

	*first = 0;
	MUST(pthread_setspecific(keys[0], first) == 0);
	return arg;
}

static void test_destructors(void)
{
	for (int i = 0; i < 2; i++)
		MUST(pthread_key_create(&keys[i], on_end) == 0);
	for (int i = 0; i < 100; i++)
		start(&ids[i], with_keys, NULL, PTHREAD_CREATE_JOINABLE);
	for (int i = 0; i < 100; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
}

/* What threads leave is resized and freed by others when they are gone. */
static void *leaver(void *arg)
{
	left[(size_t)arg] = guest_block(100);
	return NULL;
}

static void *heir(void *arg)
{
	void *block = realloc(left[(size_t)arg], 1000);

	MUST(block);
	moved(100, 1000);
	if ((size_t)arg % 2)
		drop(block, 1000);
	return NULL;
}

static void test_left(void)
{
	for (int i = 0; i < 200; i++) {
		start(&ids[0], leaver, (void *)(size_t)i,
		      PTHREAD_CREATE_JOINABLE);
		MUST(pthread_join(ids[0], NULL) == 0);
	}
	for (int i = 0; i < 200; i++)
		start(&ids[i], heir, (void *)(size_t)i,
		      PTHREAD_CREATE_JOINABLE);
	for (int i = 0; i < 200; i++)
		MUST(pthread_join(ids[i], NULL) == 0);
}

/* Threads that are still at it when main() returns. */
static sem_t at_work;

static void *for_ever(void *arg)
{
	for (size_t i = 0;; i++) {
		free(malloc(50 + i % 50));
		if (i == 1000)
			sem_post(&at_work);
	}
	return arg;
}

static void test_detached(void)
{
	pthread_t id;

	MUST(sem_init(&at_work, 0, 0) == 0);
	for (int i = 0; i < 8; i++)
		start(&id, for_ever, NULL, PTHREAD_CREATE_DETACHED);
	for (int i = 0; i < 8; i++)
		MUST(sem_wait(&at_work) == 0);
	for (int i = 0; i < 100; i++)
		guest_block(77);
}

static void clean_up(void *block)
{
	drop(block, 60);
}

/* Cancelled where it waits, with blocks in hand. */
static void *waiter(void *arg)
{
	void *block = guest_block(60);

	pthread_cleanup_push(clean_up, block);
	sem_post(&at_work);
	for (;;) {
		pause();
		drop(guest_block(70), 70);
	}
	pthread_cleanup_pop(0);
	return arg;
}

/* Cancelled at any instruction of a computation, where that is legal. */
static void *computer(void *arg)
{
	void *block = guest_block(60);
	volatile unsigned long spins = 0;

	pthread_cleanup_push(clean_up, block);
	for (int i = 0; i < PATTERNS; i++)
		drop(guest_block(70), 70);
	sem_post(&at_work);
	pthread_setcanceltype(PTHREAD_CANCEL_ASYNCHRONOUS, NULL);
	for (;;)
		spins++;
	pthread_cleanup_pop(0);
	return arg;
}

static void test_cancelled(void *(*function)(void *))
{
	MUST(sem_init(&at_work, 0, 0) == 0);
	for (int i = 0; i < 50; i++) {
		void *result;

		start(&ids[i], function, NULL, PTHREAD_CREATE_JOINABLE);
		MUST(sem_wait(&at_work) == 0);
		MUST(pthread_cancel(ids[i]) == 0);
		MUST(pthread_join(ids[i], &result) == 0);
		MUST(result == PTHREAD_CANCELED);
	}
}

int main(int argc, char **argv)
{
	const char *how = argc > 1 ? argv[1] : "";

	if (strcmp(how, "together") == 0)
		test_together(atoi(argv[2]));
	else if (strcmp(how, "successive") == 0)
		test_successive(atoi(argv[2]));
	else if (strcmp(how, "destructors") == 0)
		test_destructors();
	else if (strcmp(how, "left") == 0)
		test_left();
	else if (strcmp(how, "detached") == 0)
		test_detached();
	else if (strcmp(how, "cancelled") == 0)
		test_cancelled(waiter);
	else
		test_cancelled(computer);
	print_counts(NULL);
	return 0;
}
