/* SPDX-License-Identifier: MIT */
/*
 * api [good|new]: every allocating call of C once or more, with what it states
 * about them. "good": without those that fail and pvalloc(), for valgrind.
 * "new": those that only some libraries have, found at run time.
 */
#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>
#include <errno.h>
#include <malloc.h>
#include <stdint.h>

#define ERRNO_BEFORE 4242

/* Sizes that the compiler cannot see through. */
static volatile size_t half = SIZE_MAX / 2 + 2;
static volatile size_t huge = SIZE_MAX - 4096;

static void *took_block(void *block, size_t bytes)
{
	MUST(block != NULL);
	MUST(errno == ERRNO_BEFORE);
	MUST(malloc_usable_size(block) >= bytes);
	memset(block, 0x5a, bytes);
	took(bytes);
	return block;
}

static void give_block(void *block, size_t bytes)
{
	free(block);
	MUST(errno == ERRNO_BEFORE);
	gave(bytes);
}

static void must_fail(const void *block, int error)
{
	MUST(block == NULL);
	MUST(errno == error);
	errno = ERRNO_BEFORE;
	tally.failed++;
}

static int with_failures = 1;

#define FAILS(call, error)                        \
	do {                                      \
		if (with_failures)                \
			must_fail((call), error); \
	} while (0)

static void test_plain(void)
{
	char *zeroed;

	give_block(took_block(malloc(100), 100), 100);
	give_block(took_block(malloc(0), 0), 0);
	took_block(malloc(7), 7); /* lost */

	zeroed = calloc(3, 7);
	for (int i = 0; i < 21; i++)
		MUST(zeroed[i] == 0);
	give_block(took_block(zeroed, 21), 21);
	give_block(took_block(calloc(0, 9), 0), 0);

	free(NULL);
	MUST(errno == ERRNO_BEFORE);
	FAILS(malloc(huge), ENOMEM);
	FAILS(calloc(half, 2), ENOMEM);
	FAILS(calloc(huge, 1), ENOMEM);
}

static void test_realloc(void)
{
	char *block = realloc(NULL, 40);
	char *same;

	took_block(block, 40);
	tally.reallocs++;
	block = realloc(block, 4000);
	MUST(block && errno == ERRNO_BEFORE);
	MUST(block[0] == 0x5a && block[39] == 0x5a);
	moved(40, 4000);
	block = realloc(block, 400000);
	MUST(block && errno == ERRNO_BEFORE);
	moved(4000, 400000);
	block = realloc(block, 10);
	MUST(block && errno == ERRNO_BEFORE);
	moved(400000, 10);
	block = realloc(block, 10);
	MUST(block && errno == ERRNO_BEFORE);
	moved(10, 10);

	FAILS(realloc(block, huge), ENOMEM);
	MUST(block[0] == 0x5a && block[9] == 0x5a);
	block = reallocarray(block, 5, 100);
	MUST(block && errno == ERRNO_BEFORE);
	moved(10, 500);
	/* The compiler takes a pointer as gone after reallocarray(). */
	__asm__ volatile("" : "=r"(same) : "0"(block));
	FAILS(reallocarray(block, half, 2), ENOMEM);
	block = same;
	MUST(block[9] == 0x5a);

	/* glibc: frees and says NULL, which is no failure. */
	MUST(realloc(block, 0) == NULL);
	MUST(errno == ERRNO_BEFORE);
	gave(500);
	block = realloc(NULL, 0);
	took_block(block, 0);
	tally.reallocs++;
	give_block(block, 0);
	block = reallocarray(NULL, 3, 11);
	took_block(block, 33);
	tally.reallocs++;
	give_block(block, 33);
}

static void *must_align(void *block, size_t alignment)
{
	MUST(((uintptr_t)block & (alignment - 1)) == 0);
	return block;
}

static void test_aligned(void)
{
	void *block = NULL;

	for (size_t align = sizeof(void *); align <= 65536; align *= 2) {
		MUST(posix_memalign(&block, align, 50) == 0);
		took_block(must_align(block, align), 50);
		give_block(block, 50);
		block = took_block(must_align(memalign(align, 60), align), 60);
		give_block(block, 60);
		block = took_block(aligned_alloc(align, align * 2), align * 2);
		give_block(must_align(block, align), align * 2);
	}
	give_block(took_block(must_align(valloc(70), 4096), 70), 70);
	block = took_block(memalign(256, 100), 100);
	block = realloc(block, 3000);
	MUST(block && errno == ERRNO_BEFORE);
	moved(100, 3000);
	give_block(block, 3000);

	if (with_failures) {
		block = took_block(must_align(pvalloc(80), 4096), 80);
		give_block(block, 80);
		block = &tally;
		MUST(posix_memalign(&block, 24, 50) == EINVAL);
		MUST(posix_memalign(&block, 4, 50) == EINVAL);
		MUST(posix_memalign(&block, 64, huge) == ENOMEM);
		MUST(block == &tally);
		tally.failed += 3;
		errno = ERRNO_BEFORE;
	}
	FAILS(memalign(64, huge), ENOMEM);
	FAILS(aligned_alloc(64, huge), ENOMEM);
	FAILS(valloc(huge), ENOMEM);
	FAILS(pvalloc(huge), ENOMEM);
}

static void test_inside_libc(void)
{
	char *copy = strdup("seven..");

	took(8);
	give_block(copy, 8);
	copy = strndup("seven..", 3);
	took(4);
	give_block(copy, 4);
}

static void test_new_names(void)
{
	void (*free_old)(void *);
	void (*free_sized)(void *, size_t);
	void (*free_aligned_sized)(void *, size_t, size_t);

	*(void **)&free_old = dlsym(RTLD_DEFAULT, "cfree");
	*(void **)&free_sized = dlsym(RTLD_DEFAULT, "free_sized");
	*(void **)&free_aligned_sized =
		dlsym(RTLD_DEFAULT, "free_aligned_sized");
	MUST(free_old && free_sized && free_aligned_sized);
	errno = ERRNO_BEFORE;

	free_old(took_block(malloc(11), 11));
	gave(11);
	free_old(NULL);
	free_sized(took_block(malloc(12), 12), 12);
	gave(12);
	free_sized(NULL, 12);
	free_aligned_sized(took_block(aligned_alloc(64, 128), 128), 64, 128);
	gave(128);
	free_aligned_sized(NULL, 64, 128);
	MUST(errno == ERRNO_BEFORE);
}

int main(int argc, char **argv)
{
	errno = ERRNO_BEFORE;
	if (argc > 1 && strcmp(argv[1], "new") == 0) {
		test_new_names();
	} else {
		with_failures = argc == 1;
		test_plain();
		test_realloc();
		test_aligned();
		test_inside_libc();
	}
	print_tally(NULL);
	return 0;
}
