/* SPDX-License-Identifier: MIT */
/*
 * An allocator that gives out at once, to any thread, what was given back
 * last: whoever looks at an address too late looks at somebody else's block.
 * Its realloc() always moves. For preloading behind the shim.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA	((size_t)1 << 36)
#define CLASSES 37

struct block {
	uint32_t class;
	uint32_t unused;
	size_t bytes;
	char memory[];
};

/* In the memory of a free block. */
struct free_block {
	struct free_block *next;
};

static struct {
	char lock;
	struct free_block *last;
} lists[CLASSES];
static char *arena;
static size_t used;
static char arena_lock;

void *malloc(size_t bytes);
void free(void *memory);
void *calloc(size_t count, size_t bytes);
void *realloc(void *memory, size_t bytes);
size_t malloc_usable_size(void *memory);

static void lock(char *word)
{
	while (__atomic_test_and_set(word, __ATOMIC_ACQUIRE))
		__builtin_ia32_pause();
}

static void unlock(char *word)
{
	__atomic_clear(word, __ATOMIC_RELEASE);
}

static struct block *carve(unsigned class)
{
	size_t total = sizeof(struct block) + ((size_t)1 << class);
	struct block *block;

	lock(&arena_lock);
	if (!arena)
		arena = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
			     0);
	if (arena == MAP_FAILED || used + total > ARENA)
		__builtin_trap();
	block = (void *)(arena + used);
	used += total;
	unlock(&arena_lock);
	block->class = class;
	return block;
}

static struct block *block_of(void *memory)
{
	return (void *)((char *)memory - sizeof(struct block));
}

/* Not by the public names: those belong to whoever is in front of us. */
static void *take(size_t bytes)
{
	unsigned class = 4;
	struct free_block *last;
	struct block *block;

	while (class < CLASSES && bytes > (size_t)1 << class)
		class ++;
	if (class >= CLASSES - 1) {
		errno = ENOMEM;
		return NULL;
	}
	lock(&lists[class].lock);
	last = lists[class].last;
	if (last)
		lists[class].last = last->next;
	unlock(&lists[class].lock);
	block = last ? block_of(last) : carve(class);
	block->bytes = bytes;
	return block->memory;
}

static void give(void *memory)
{
	struct free_block *block = memory;
	unsigned class = block_of(memory)->class;

	lock(&lists[class].lock);
	block->next = lists[class].last;
	lists[class].last = block;
	unlock(&lists[class].lock);
}

void *malloc(size_t bytes)
{
	return take(bytes);
}

void free(void *memory)
{
	if (memory)
		give(memory);
}

void *calloc(size_t count, size_t bytes)
{
	void *memory;
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = take(total);
	return memory ? memset(memory, 0, total) : NULL;
}

size_t malloc_usable_size(void *memory)
{
	return memory ? (size_t)1 << block_of(memory)->class : 0;
}

void *realloc(void *memory, size_t bytes)
{
	size_t old_bytes = memory ? block_of(memory)->bytes : 0;
	void *moved = take(bytes);

	if (moved && memory) {
		memcpy(moved, memory, old_bytes < bytes ? old_bytes : bytes);
		give(memory);
	}
	return moved;
}
