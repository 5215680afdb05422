/* SPDX-License-Identifier: MIT */
/*
 * inline: three threads push onto lists of their own, through templates that
 * are inlined into each other, and lose them. The test finds the lines by
 * their comments.
 */
#include "tests/e2e/targets/tally.h"

#include <pthread.h>

#define THREADS 3
#define PUSHES	100

template <typename T> struct node {
	node *next;
	T value;
};

template <typename T>
[[gnu::always_inline]] static inline node<T> *make_node(T value, node<T> *next)
{
	node<T> *made = new node<T> { next, value }; /* line: make_node */

	took(sizeof(*made));
	return made;
}

template <typename T> class list
{
      public:
	[[gnu::always_inline]] inline void push(const T &value)
	{
		head = make_node(value, head); /* line: push */
	}

	node<T> *head = nullptr;
};

static list<double> kept[THREADS];

extern "C" [[gnu::noinline]] void *worker(void *arg)
{
	list<long> mine;

	(void)arg;
	for (long i = 0; i < PUSHES; i++)
		mine.push(i); /* line: worker */
	asm volatile("" : : "r"(mine.head) : "memory");
	mine.head = nullptr;
	return nullptr;
}

extern "C" [[gnu::noinline]] void *keeper(void *arg)
{
	list<double> &mine = *static_cast<list<double> *>(arg);

	for (long i = 0; i < PUSHES; i++)
		mine.push(static_cast<double>(i)); /* line: keeper */
	while (mine.head) {
		node<double> *next = mine.head->next;

		gave(sizeof(*next));
		delete mine.head;
		mine.head = next;
	}
	return nullptr;
}

int main()
{
	pthread_t threads[THREADS];

	for (int round = 0; round < 2; round++) {
		for (int i = 0; i < THREADS; i++)
			MUST(pthread_create(&threads[i], NULL,
					    round ? keeper : worker,
					    &kept[i]) == 0);
		for (int i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
	}
	print_counts(NULL);
	print_value("lost", "blocks", THREADS * PUSHES);
	print_value("lost", "bytes", THREADS * PUSHES * sizeof(node<long>));
	return 0;
}
