// SPDX-License-Identifier: MIT
/*
 * Threads started at different lines; each allocates one block of a size of
 * its own and keeps it. A thread of each kind is waited for.
 */
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <threads.h>
#include <unistd.h>

void *volatile kept[16];

static void *allocate(void *arg)
{
	size_t i = (size_t)arg;

	kept[i] = malloc(10000 + i);
	return NULL;
}

static void *allocate_nested(void *arg)
{
	allocate(arg);
	return NULL;
}

/* By threads that are started at two lines. */
static void *allocate_often(void *arg)
{
	allocate(arg);
	return NULL;
}

static int allocate_c11(void *arg)
{
	allocate(arg);
	return 7;
}

static void run(pthread_t *thread, size_t i)
{
	void *(*function)(void *) = i < 6 ? allocate : allocate_often;

	pthread_create(thread, NULL, function, (void *)i); /* line: run */
}

static void *nest(void *arg)
{
	pthread_t thread;

	pthread_create(&thread, NULL, allocate_nested, arg); /* line: nested */
	pthread_join(thread, NULL);
	return NULL;
}

/* A thread that there is no memory for: its argument waits for ever. */
static int fail(void)
{
	pthread_attr_t attr;
	pthread_t thread;
	char *arg = strdup("of a thread that does not begin");
	int ret;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, (size_t)1 << 46);
	ret = pthread_create(&thread, &attr, nest, arg);
	pthread_attr_destroy(&attr);
	return ret;
}

/* Overwrites what fail() may have left. */
static void wipe(void)
{
	char volatile bytes[4096];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 0;
}

int main(void)
{
	pthread_t one, other, outer;
	thrd_t c11;
	int value = 0, error = fail();

	wipe();
	run(&one, 0);
	pthread_join(one, NULL);
	run(&one, 1);
	run(&other, 2);
	pthread_join(one, NULL);
	pthread_join(other, NULL);
	thrd_create(&c11, allocate_c11, (void *)3); /* line: c11 */
	thrd_join(c11, &value);
	pthread_create(&outer, NULL, nest, (void *)4); /* line: outer */
	pthread_join(outer, NULL);
	allocate((void *)5);
	run(&one, 6);
	pthread_join(one, NULL);
	pthread_create(&one, NULL, allocate_often, (void *)7); /* line: often */
	pthread_join(one, NULL);
	printf("%d %d\n", error == EAGAIN, value);
	fflush(stdout);
	wipe();
	return 0;
}
