/* SPDX-License-Identifier: MIT */
/*
 * threads [THREADS [ROUNDS]]: threads swap blocks through a shared table, so
 * that most are freed or resized by another thread than allocated them. Then
 * many short-lived threads with the least stack there is, each leaving a block
 * that the main thread frees, and one block each that nobody frees.
 */
#include "tests/e2e/targets/tally.h"

#include <limits.h>
#include <pthread.h>

#define SLOTS	    61
#define SHORT_LIVED 100
#define LOST_BYTES  33

struct block {
	size_t bytes;
	char rest[];
};

static struct block *slots[SLOTS];
static int rounds = 20000;

static unsigned next_random(unsigned *state)
{
	*state = *state * 1103515245u + 12345u;
	return *state >> 8;
}

static struct block *make(size_t bytes)
{
	struct block *block = malloc(bytes);

	MUST(block);
	took(bytes);
	block->bytes = bytes;
	return block;
}

static void drop(struct block *block)
{
	if (!block)
		return;
	gave(block->bytes);
	free(block);
}

static struct block *resize(struct block *block, size_t bytes)
{
	size_t old_bytes = block ? block->bytes : 0;
	struct block *new_block = realloc(block, bytes);

	MUST(new_block);
	if (block)
		moved(old_bytes, bytes);
	else {
		took(bytes);
		add(&tally.reallocs, 1);
	}
	new_block->bytes = bytes;
	return new_block;
}

static struct block *swap(unsigned slot, struct block *block)
{
	return __atomic_exchange_n(&slots[slot], block, __ATOMIC_ACQ_REL);
}

static void *swapper(void *arg)
{
	unsigned state = (unsigned)(size_t)arg;

	for (int i = 0; i < rounds; i++) {
		unsigned slot = next_random(&state) % SLOTS;
		size_t bytes = sizeof(struct block) + next_random(&state) % 500;

		if (next_random(&state) % 4 == 0) {
			struct block *block = swap(slot, NULL);

			drop(swap(slot, resize(block, bytes)));
		} else {
			drop(swap(slot, make(bytes)));
		}
	}
	return NULL;
}

static void *visitor(void *arg)
{
	struct block *lost = make(LOST_BYTES);

	(void)arg;
	__asm__ volatile("" : : "r"(lost) : "memory");
	return make(100);
}

int main(int argc, char **argv)
{
	int count = argc > 1 ? atoi(argv[1]) : 4;
	pthread_attr_t small_stack;
	pthread_t ids[256];

	if (argc > 2)
		rounds = atoi(argv[2]);
	MUST(count > 0 && count <= 256);
	for (int i = 0; i < count; i++)
		MUST(pthread_create(&ids[i], NULL, swapper,
				    (void *)(size_t)(i + 1)) == 0);
	for (int i = 0; i < count; i++)
		pthread_join(ids[i], NULL);
	for (int i = 0; i < SLOTS; i++)
		drop(swap((unsigned)i, NULL));

	/* The recorder runs on the stack of whoever allocates. */
	pthread_attr_init(&small_stack);
	MUST(pthread_attr_setstacksize(&small_stack, PTHREAD_STACK_MIN) == 0);
	for (int i = 0; i < SHORT_LIVED; i++) {
		void *left;

		MUST(pthread_create(&ids[0], &small_stack, visitor, NULL) == 0);
		MUST(pthread_join(ids[0], &left) == 0);
		drop(left);
	}
	print_counts(NULL);
	print_value(NULL, "lost_blocks", SHORT_LIVED);
	print_value(NULL, "lost_bytes", SHORT_LIVED * LOST_BYTES);
	return 0;
}
