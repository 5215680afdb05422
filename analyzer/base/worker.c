/* SPDX-License-Identifier: MIT */
/* A second thread that works on what is written. */
#include "config.h"

#include "analyzer/base/worker.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BLOCK_BYTES ((size_t)1 << 18)
#define BLOCKS	    4

struct worker {
	worker_fn *consume;
	void *context;
	bool has_thread;
	pthread_t thread;

	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Guarded by the lock: blocks handed over and done with, ever. */
	unsigned full, done;
	bool is_closed;

	/* A block is the writer's from when it is done with to when it is
	 * handed over, and the thread's in between. */
	struct {
		size_t count;
		uint8_t *bytes;
	} blocks[BLOCKS];
};

static void *work(void *arg)
{
	struct worker *worker = arg;

	pthread_mutex_lock(&worker->lock);
	for (;;) {
		unsigned at;

		while (worker->done == worker->full && !worker->is_closed)
			pthread_cond_wait(&worker->changed, &worker->lock);
		if (worker->done == worker->full)
			break;
		at = worker->done % BLOCKS;
		pthread_mutex_unlock(&worker->lock);
		worker->consume(worker->context, worker->blocks[at].bytes,
				worker->blocks[at].count);
		pthread_mutex_lock(&worker->lock);
		worker->blocks[at].count = 0;
		worker->done++;
		pthread_cond_signal(&worker->changed);
	}
	pthread_mutex_unlock(&worker->lock);
	return NULL;
}

/* Signals are for the thread that there always was. */
static bool start(struct worker *worker)
{
	sigset_t all, old;
	bool has_started;

	for (int i = 0; i < BLOCKS; i++) {
		worker->blocks[i].bytes = malloc(BLOCK_BYTES);
		if (!worker->blocks[i].bytes)
			return false;
	}
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	has_started = pthread_create(&worker->thread, NULL, work, worker) == 0;
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return has_started;
}

struct worker *worker_open(worker_fn *consume, void *context)
{
	struct worker *worker = calloc(1, sizeof(*worker));

	if (!worker)
		return NULL;
	worker->consume = consume;
	worker->context = context;
	pthread_mutex_init(&worker->lock, NULL);
	pthread_cond_init(&worker->changed, NULL);
	if (sysconf(_SC_NPROCESSORS_ONLN) > 1)
		worker->has_thread = start(worker);
	return worker;
}

/* The block being written; only the writer changes full. */
static unsigned current(const struct worker *worker)
{
	return worker->full % BLOCKS;
}

/* Hands the block over and waits for the next one. */
static void hand_over(struct worker *worker)
{
	pthread_mutex_lock(&worker->lock);
	worker->full++;
	pthread_cond_signal(&worker->changed);
	while (worker->full - worker->done == BLOCKS)
		pthread_cond_wait(&worker->changed, &worker->lock);
	pthread_mutex_unlock(&worker->lock);
}

void worker_write(struct worker *worker, const void *bytes, size_t count)
{
	const uint8_t *from = bytes;

	if (!worker->has_thread) {
		worker->consume(worker->context, bytes, count);
		return;
	}
	while (count > 0) {
		unsigned at = current(worker);
		size_t room = BLOCK_BYTES - worker->blocks[at].count;
		size_t part = count < room ? count : room;

		memcpy(worker->blocks[at].bytes + worker->blocks[at].count,
		       from, part);
		worker->blocks[at].count += part;
		from += part;
		count -= part;
		if (part == room)
			hand_over(worker);
	}
}

void worker_close(struct worker *worker)
{
	if (!worker)
		return;
	if (worker->has_thread) {
		if (worker->blocks[current(worker)].count > 0)
			hand_over(worker);
		pthread_mutex_lock(&worker->lock);
		worker->is_closed = true;
		pthread_cond_signal(&worker->changed);
		pthread_mutex_unlock(&worker->lock);
		pthread_join(worker->thread, NULL);
	}
	for (int i = 0; i < BLOCKS; i++)
		free(worker->blocks[i].bytes);
	pthread_cond_destroy(&worker->changed);
	pthread_mutex_destroy(&worker->lock);
	free(worker);
}
