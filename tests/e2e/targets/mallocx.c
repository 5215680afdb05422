/* SPDX-License-Identifier: MIT */
/*
 * mallocx weak|calls|table|lookup: jemalloc's own calls.
 * "weak": only says whether they are there, as programs find out about
 * jemalloc; needs no jemalloc to be linked. "calls": each of them. "table":
 * through pointers in constant data. "lookup": found by dlsym(), unseen.
 */
#include "tests/e2e/targets/tally.h"

#include <dlfcn.h>
#include <stdint.h>

#define ALIGN_64  6
#define ZERO	  0x40
#define NO_TCACHE 0x100 /* MALLOCX_TCACHE_NONE: (1 + 0) << 8 */

extern void *mallocx(size_t, int) __attribute__((weak));
extern void *rallocx(void *, size_t, int) __attribute__((weak));
extern size_t xallocx(void *, size_t, size_t, int) __attribute__((weak));
extern size_t sallocx(const void *, int) __attribute__((weak));
extern void dallocx(void *, int) __attribute__((weak));
extern void sdallocx(void *, size_t, int) __attribute__((weak));
extern size_t nallocx(size_t, int) __attribute__((weak));

__attribute__((noinline)) static char *get(size_t bytes, int flags)
{
	char *block = mallocx(bytes, flags);

	MUST(block);
	took(bytes);
	return block;
}

static void test_calls(void)
{
	char *block = get(100, 0);
	size_t has;

	MUST(sallocx(block, 0) >= 100 && nallocx(100, 0) >= 100);
	free(block);
	gave(100);
	block = get(64, ALIGN_64 | ZERO);
	MUST((uintptr_t)block % 64 == 0 && block[63] == 0);
	dallocx(block, 0);
	gave(64);
	block = get(200, ZERO | NO_TCACHE);
	sdallocx(block, 200, NO_TCACHE);
	gave(200);

	block = get(1000, 0);
	block = rallocx(block, 100000, 0);
	MUST(block);
	moved(1000, 100000);
	/* What cannot be done where it is leaves it as it was. */
	has = xallocx(block, (size_t)1 << 40, 0, 0);
	MUST(has >= 100000 && has < (size_t)1 << 40);
	/* Whatever it is now, it has at least that. */
	has = xallocx(block, 90000, 0, 0);
	MUST(has >= 90000);
	moved(100000, 90000);
	has = xallocx(block, 90000, 10, 0);
	moved(90000, has < 90010 ? has : 90010);
	block = realloc(block, 50);
	MUST(block);
	moved(has < 90010 ? has : 90010, 50);
	MUST(!mallocx(SIZE_MAX / 2, 0));
	MUST(!rallocx(block, SIZE_MAX / 2, 0));
	add(&tally.failed, 2);
	get(333, 0); /* lost */
}

static void *(*const volatile table[])(size_t, int) = { mallocx };

static void test_table(void)
{
	void *(*const *volatile calls)(size_t, int) = (void *)table;

	for (int i = 0; i < 10; i++) {
		MUST(calls[0](77, 0));
		took(77);
	}
}

static void test_lookup(void)
{
	void *(*found)(size_t, int);

	*(void **)&found = dlsym(RTLD_DEFAULT, "mallocx");
	MUST(found);
	for (int i = 0; i < 10; i++)
		free(found(77, 0));
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	print_value("is", "weak", mallocx != NULL);
	print_value("is", "found", dlsym(RTLD_DEFAULT, "mallocx") != NULL);
	tally = (struct tally) { 0 };
	if (strcmp(argv[1], "calls") == 0)
		test_calls();
	else if (strcmp(argv[1], "table") == 0)
		test_table();
	else if (strcmp(argv[1], "lookup") == 0)
		test_lookup();
	print_tally(NULL);
	return 0;
}
