/* SPDX-License-Identifier: MIT */
/*
 * throws: exceptions that pass through frames of an allocator, and through
 * deep stacks that allocate while they unwind.
 */
#include "tests/e2e/targets/tally.h"

#include <cstdint>
#include <new>
#include <pthread.h>

static volatile size_t huge = SIZE_MAX / 2;
static void *volatile kept;

struct refused {
	int code;
};

static void refuse()
{
	throw refused { 7 };
}

__attribute__((noinline)) static void *get(size_t bytes)
{
	void *block = malloc(bytes);

	MUST(block);
	took(bytes);
	return block;
}

/* Allocates when it is made and again while the stack is unwound. */
struct guard {
	void *block = get(70);

	~guard()
	{
		free(block);
		gave(70);
		free(get(90));
		gave(90);
	}
};

__attribute__((noinline)) static int descend(int depth, void (*last)())
{
	guard here;

	if (depth > 0)
		return descend(depth - 1, last) + 1;
	last();
	return 0;
}

static void ask_too_much()
{
	kept = ::operator new(huge);
}

static void ask_too_much_aligned()
{
	kept = ::operator new(huge, std::align_val_t(64));
}

static void throw_own()
{
	throw 42;
}

__attribute__((noinline)) static void afterwards()
{
	kept = get(333);
	asm volatile("" : : : "memory");
}

static void *test(void *)
{
	for (int i = 0; i < 50; i++) {
		int caught = 0;

		try {
			descend(i, ask_too_much);
		} catch (const std::bad_alloc &) {
			caught++;
		}
		try {
			descend(i, ask_too_much_aligned);
		} catch (const std::bad_alloc &) {
			caught++;
		}
		try {
			descend(i, throw_own);
		} catch (int code) {
			caught += code == 42;
		}
		MUST(caught == 3);
		afterwards();
	}
	return nullptr;
}

int main()
{
	pthread_t id;

	test(nullptr);
	MUST(pthread_create(&id, nullptr, test, nullptr) == 0);
	MUST(pthread_join(id, nullptr) == 0);
	std::set_new_handler(refuse);
	for (int i = 0; i < 10; i++) {
		try {
			descend(i, ask_too_much);
			MUST(false);
		} catch (const refused &e) {
			MUST(e.code == 7);
		}
		afterwards();
	}
	print_counts(nullptr);
	return 0;
}
