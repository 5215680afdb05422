/* SPDX-License-Identifier: MIT */
/*
 * Leaves a heap with holes in two arenas, then says what the allocator says
 * of itself, last of all: mallinfo2(), mallctl() or tcmalloc's properties.
 * With "spoilt" it writes over a free block, with "locked" it ends in a handler
 * of a fault within malloc, which holds a lock for ever.
 */
#include <dlfcn.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PAGE   4096
#define BLOCKS 4000
#define LARGE  (1u << 20)

static void *blocks[BLOCKS];

static void holes(unsigned step)
{
	void *local[BLOCKS];

	for (unsigned i = 0; i < BLOCKS; i++)
		local[i] = malloc(i * 7 % 3000);
	for (unsigned i = 0; i < BLOCKS; i += step)
		free(local[i]);
	for (unsigned i = 0; i < BLOCKS; i++)
		if (i % step != 0)
			blocks[i] = local[i];
}

static void *other_arena(void *arg)
{
	holes(2);
	return arg;
}

static size_t jemalloc(const char *name)
{
	int (*mallctl)(const char *, void *, size_t *, void *, size_t);
	size_t value = 0, bytes = sizeof(value);

	*(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
	mallctl(name, &value, &bytes, NULL, 0);
	return value;
}

static size_t tcmalloc(const char *name)
{
	int (*get)(const char *, size_t *);
	size_t value = 0;

	*(void **)&get =
		dlsym(RTLD_DEFAULT, "MallocExtension_GetNumericProperty");
	get(name, &value);
	return value;
}

/* After everything but the recorder's own end. */
static __attribute__((destructor(101))) void say(void)
{
	char text[512];
	int length;

	if (!blocks[0])
		return;
	if (dlsym(RTLD_DEFAULT, "mallctl")) {
		int (*mallctl)(const char *, void *, size_t *, void *, size_t);
		uint64_t epoch = 1;

		*(void **)&mallctl = dlsym(RTLD_DEFAULT, "mallctl");
		mallctl("epoch", NULL, NULL, &epoch, sizeof(epoch));
		length = snprintf(
			text, sizeof(text),
			"allocated_bytes=%zu\nactive_bytes=%zu\n"
			"held_bytes=%zu\nresident_bytes=%zu\n"
			"retained_bytes=%zu\nmetadata_bytes=%zu\n",
			jemalloc("stats.allocated"), jemalloc("stats.active"),
			jemalloc("stats.resident"), jemalloc("stats.resident"),
			jemalloc("stats.retained"), jemalloc("stats.metadata"));
	} else if (dlsym(RTLD_DEFAULT, "MallocExtension_GetNumericProperty")) {
		size_t unmapped = tcmalloc("tcmalloc.pageheap_unmapped_bytes");

		length = snprintf(text, sizeof(text),
				  "allocated_bytes=%zu\nheld_bytes=%zu\n"
				  "retained_bytes=%zu\n",
				  tcmalloc("generic.current_allocated_bytes"),
				  tcmalloc("generic.heap_size") - unmapped,
				  unmapped);
	} else {
		struct mallinfo2 info = mallinfo2();

		length = snprintf(text, sizeof(text),
				  "held_bytes=%zu\nallocated_bytes=%zu\n"
				  "free_bytes=%zu\ntop_bytes=%zu\n"
				  "mapped_bytes=%zu\n",
				  info.arena + info.hblkhd,
				  info.uordblks + info.hblkhd, info.fordblks,
				  info.keepcost, info.hblkhd);
	}
	/* Not through a stream, which would allocate. */
	if (write(1, text, (size_t)length) != length)
		abort();
}

static void on_fault(int number)
{
	(void)number;
	_exit(6);
}

/* What is left of the heap's end would be noted in a page that is not there. */
static void fault_in_malloc(void)
{
	size_t top = mallinfo2().keepcost;

	signal(SIGSEGV, on_fault);
	if (mprotect((char *)sbrk(0) - PAGE, PAGE, PROT_NONE) == 0)
		blocks[0] = malloc(top - PAGE / 2);
}

static void spoil(void)
{
	char *const near[] = { malloc(2000), malloc(2000), malloc(2000) };

	blocks[0] = near[0];
	blocks[BLOCKS - 1] = near[2];
	free(near[1]);
	memset(near[1], 0x5a, 64);
	_exit(5);
}

int main(int argc, char **argv)
{
	const char *mode = argc > 1 ? argv[1] : "";
	char *large = malloc(LARGE);
	pthread_t thread;

	memset(large, 1, LARGE);
	blocks[0] = large;
	holes(3);
	pthread_create(&thread, NULL, other_arena, NULL);
	pthread_join(thread, NULL);
	if (strcmp(mode, "spoilt") == 0)
		spoil();
	if (strcmp(mode, "locked") == 0)
		fault_in_malloc();
	if (strcmp(mode, "killed") == 0)
		raise(SIGKILL);
	return 0;
}
