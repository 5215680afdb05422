/* SPDX-License-Identifier: MIT */
/*
 * locals: thread-local objects that allocate when they are made, used and
 * destroyed; one of them after the others, from another's destructor.
 */
#include "tests/e2e/targets/tally.h"

#include <pthread.h>

#define THREADS 50

struct holder {
	void *block;
	size_t bytes;

	__attribute__((noinline)) explicit holder(size_t size)
	    : block(malloc(size)), bytes(size)
	{
		MUST(block);
		took(bytes);
	}
	__attribute__((noinline)) void grow()
	{
		block = realloc(block, bytes * 2);
		MUST(block);
		moved(bytes, bytes * 2);
		bytes *= 2;
	}
	holder(const holder &) = delete;
	holder &operator=(const holder &) = delete;
	__attribute__((noinline)) ~holder();
};

static thread_local holder first(100);

static holder &last()
{
	static thread_local holder late(30);

	return late;
}

holder::~holder()
{
	if (this == &first)
		last().grow();
	free(block);
	gave(bytes);
}

static void *worker(void *arg)
{
	for (int i = 0; i < 3; i++)
		first.grow();
	return arg;
}

int main()
{
	static pthread_t ids[THREADS];

	for (pthread_t &id : ids)
		MUST(pthread_create(&id, nullptr, worker, nullptr) == 0);
	for (pthread_t id : ids)
		MUST(pthread_join(id, nullptr) == 0);
	print_counts(nullptr);
	return 0;
}
