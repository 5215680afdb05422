// SPDX-License-Identifier: MIT
/*
 * Phases with marks and snapshots, whose live bytes are known:
 *	phases			one thread
 *	phases fork		a child goes on in a dump of its own
 *	phases threads N	N threads take snapshots while they allocate
 *	phases wait		tells its pid, takes a line for each round
 *	phases grow		one site grows, another goes up and down
 *	phases busy		marks and snapshots until it is killed
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "preload/memprof.h"

#define BLOCKS 1000

static char *kept[BLOCKS], *other[BLOCKS];

__attribute__((noinline)) static char *take_kept(size_t bytes)
{
	char *block = malloc(bytes);

	block[0] = 1;
	return block;
}

__attribute__((noinline)) static char *take_other(size_t bytes)
{
	char *block = malloc(bytes); /* line: other */

	block[0] = 2;
	return block;
}

/* Live: kept 1000 x 100; then other 1000 x 50 too; then other is gone. */
static void phases(void)
{
	for (int i = 0; i < BLOCKS; i++)
		kept[i] = take_kept(100);
	MEMPROF_MARK("loaded");
	MEMPROF_SNAPSHOT("first");
	for (int i = 0; i < BLOCKS; i++)
		other[i] = take_other(50);
	MEMPROF_MARK("full");
	MEMPROF_SNAPSHOT("second");
	for (int i = 0; i < BLOCKS; i++)
		free(other[i]);
	MEMPROF_SNAPSHOT("third");
	MEMPROF_MARK("done");
}

static void forked(void)
{
	pid_t pid;

	phases();
	pid = fork();
	if (pid == 0) {
		for (int i = 0; i < BLOCKS / 2; i++)
			other[i] = take_other(10);
		MEMPROF_SNAPSHOT("child");
		exit(0);
	}
	waitpid(pid, NULL, 0);
	printf("child=%d\n", (int)pid);
}

static void *thread_main(void *arg)
{
	(void)arg;
	for (int i = 0; i < 300; i++) {
		char *block = take_kept(64);

		if (i % 30 == 0)
			MEMPROF_SNAPSHOT("thread");
		free(block);
	}
	return NULL;
}

static void threads(int count)
{
	pthread_t *ids = calloc((size_t)count, sizeof(*ids));

	for (int i = 0; i < count; i++)
		pthread_create(&ids[i], NULL, thread_main, NULL);
	for (int i = 0; i < count; i++)
		pthread_join(ids[i], NULL);
	free(ids);
	MEMPROF_SNAPSHOT("after");
}

/* Each line: "quiet" does nothing; a number allocates so many blocks. */
static void rounds(void)
{
	char line[64];

	setvbuf(stdin, NULL, _IONBF, 0);
	printf("pid=%d\n", (int)getpid());
	fflush(stdout);
	while (read(0, line, sizeof(line)) > 0) {
		for (int i = 0; i < atoi(line); i++)
			free(take_other(10));
		if (write(1, "done\n", 5) < 0)
			return;
	}
}

static void grow(void)
{
	struct timespec begun, now;
	char **slots = calloc(1 << 22, sizeof(*slots));
	long n = 0;

	clock_gettime(CLOCK_MONOTONIC, &begun);
	do {
		slots[n++] = take_kept(100);
		other[n % BLOCKS] = take_other(1000);
		if (n % BLOCKS == BLOCKS - 1)
			for (int i = 0; i < BLOCKS; i++) {
				free(other[i]);
				other[i] = NULL;
			}
		for (volatile int i = 0; i < 2000; i++)
			;
		clock_gettime(CLOCK_MONOTONIC, &now);
	} while (n < (1 << 22) - 1 &&
		 (now.tv_sec - begun.tv_sec) * 1000 +
				 (now.tv_nsec - begun.tv_nsec) / 1000000 <
			 500);
	printf("kept_bytes=%ld\n", n * 100);
}

static void busy(void)
{
	char name[32];

	puts("ready");
	fflush(stdout);
	for (unsigned i = 0;; i++) {
		snprintf(name, sizeof(name), "s%u", i % 50);
		kept[i % BLOCKS] = realloc(kept[i % BLOCKS], i % 5000 + 1);
		if (i % 100 == 0)
			MEMPROF_SNAPSHOT(name);
		if (i % 100 == 50)
			MEMPROF_MARK(name);
	}
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (strcmp(what, "fork") == 0)
		forked();
	else if (strcmp(what, "threads") == 0)
		threads(atoi(argv[2]));
	else if (strcmp(what, "wait") == 0)
		rounds();
	else if (strcmp(what, "grow") == 0)
		grow();
	else if (strcmp(what, "busy") == 0)
		busy();
	else
		phases();
	return 0;
}
