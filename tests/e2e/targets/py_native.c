/* SPDX-License-Identifier: MIT */
/*
 * Native code that Python calls through ctypes: it allocates with and without
 * the interpreter's lock, in threads of Python's and of its own.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <unistd.h>

#define ROUNDS 200

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static void *volatile kept;

void *native_block(size_t bytes);
void native_release(void *block);
void native_in_thread(size_t bytes);
void native_join(void);
void native_hold(void);
void native_through(void (*fn)(void));
void native_wait(void);
void native_call_back(void (*fn)(void));
void native_outlive(size_t bytes);
void native_await(void);
void native_end(void);

/* One block, at the line of Python that called. */
void *native_block(size_t bytes)
{
	return malloc(bytes);
}

void native_release(void *block)
{
	free(block);
}

static void *allocate(void *arg)
{
	for (int i = 0; i < ROUNDS; i++) {
		kept = malloc(100);
		free(kept);
	}
	return arg;
}

/* Waits for a thread that allocates. With the interpreter's lock held, an
 * allocation that wanted it would wait for ever. */
void native_join(void)
{
	pthread_t thread;

	pthread_create(&thread, NULL, allocate, NULL);
	pthread_join(thread, NULL);
}

/* Allocates while holding a lock that native_wait() wants. */
void native_hold(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		pthread_mutex_lock(&lock);
		usleep(20);
		allocate(NULL);
		pthread_mutex_unlock(&lock);
	}
}

void native_wait(void)
{
	pthread_mutex_lock(&lock);
	allocate(NULL);
	pthread_mutex_unlock(&lock);
}

static void *allocate_there(void *bytes)
{
	kept = malloc((size_t)bytes);
	return NULL;
}

/* A block of a thread that Python knows nothing of. */
void native_in_thread(size_t bytes)
{
	pthread_t thread;

	pthread_create(&thread, NULL, allocate_there, (void *)bytes);
	pthread_join(thread, NULL);
}

static void *call(void *fn)
{
	((void (*)(void))fn)();
	return NULL;
}

/* Calls Python from a thread that is not Python's. */
void native_call_back(void (*fn)(void))
{
	pthread_t thread;

	pthread_create(&thread, NULL, call, (void *)fn);
	pthread_join(thread, NULL);
}

/* Calls Python in this thread. */
void native_through(void (*fn)(void))
{
	fn();
	kept = NULL; /* no jump */
}

static sem_t waits, ends, allocated;

__attribute__((constructor)) static void begin(void)
{
	sem_init(&waits, 0, 0);
	sem_init(&ends, 0, 0);
	sem_init(&allocated, 0, 0);
}

static __attribute__((noinline)) void nest(size_t bytes, int depth)
{
	if (depth > 0)
		nest(bytes, depth - 1);
	kept = malloc(bytes);
}

/* Allocates, and again once the interpreter ends: with stacks that were met
 * before and with others. */
void native_outlive(size_t bytes)
{
	nest(bytes, 3);
	sem_post(&waits);
	sem_wait(&ends);
	nest(bytes + 1, 3);
	nest(bytes + 1, 30);
	sem_post(&allocated);
	pause();
}

/* By who is to end the interpreter. */
void native_await(void)
{
	sem_wait(&waits);
}

/* While it ends. */
void native_end(void)
{
	sem_post(&ends);
	sem_wait(&allocated);
}
