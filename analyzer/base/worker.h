/* SPDX-License-Identifier: MIT */
/*
 * A second thread that works on what is written, a block at a time and in
 * order, while the first goes on: what is made and what becomes of it then
 * take two processors. Without a second processor, or a thread, all is done
 * where it is written; the result is the same.
 */
#ifndef MEMPROF_ANALYZER_BASE_WORKER_H
#define MEMPROF_ANALYZER_BASE_WORKER_H

#include <stddef.h>

struct worker;

/* Gets all that was written, once and in order, in pieces of any size. Called
 * by one thread at a time, and by none once worker_close() has returned. */
typedef void worker_fn(void *context, const void *bytes, size_t count);

/* NULL: memory is out. context stays the caller's, who leaves it alone until
 * worker_close(). */
struct worker *worker_open(worker_fn *consume, void *context);

void worker_write(struct worker *worker, const void *bytes, size_t count);

/* Waits until all was consumed. NULL is allowed. */
void worker_close(struct worker *worker);

#endif
