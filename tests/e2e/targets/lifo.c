/* SPDX-License-Identifier: MIT */
/*
 * An allocator that gives out at once, to any thread, what was given back
 * last: whoever looks at an address too late looks at somebody else's block.
 * Its realloc() always moves, and calls lifo_gave() when it gave the old block
 * back. For preloading behind the shim.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA  ((size_t)1 << 36)
#define ORDERS 37

struct block {
	uint32_t order;
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
} lists[ORDERS];
static char *arena;
static size_t used;
void (*lifo_gave)(void);
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

static struct block *carve(unsigned order)
{
	size_t total = sizeof(struct block) + ((size_t)1 << order);
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
	block->order = order;
	return block;
}

static struct block *block_of(void *memory)
{
	return (void *)((char *)memory - sizeof(struct block));
}

/* Not by the public names: those belong to whoever is in front of us. */
static void *take(size_t bytes)
{
	unsigned order = 4;
	struct free_block *last;
	struct block *block;

	while (order < ORDERS && bytes > (size_t)1 << order)
		order++;
	if (order >= ORDERS - 1) {
		errno = ENOMEM;
		return NULL;
	}
	lock(&lists[order].lock);
	last = lists[order].last;
	if (last)
		lists[order].last = last->next;
	unlock(&lists[order].lock);
	block = last ? block_of(last) : carve(order);
	block->bytes = bytes;
	return block->memory;
}

static void give(void *memory)
{
	struct free_block *block = memory;
	unsigned order = block_of(memory)->order;

	lock(&lists[order].lock);
	block->next = lists[order].last;
	lists[order].last = block;
	unlock(&lists[order].lock);
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
	return memory ? (size_t)1 << block_of(memory)->order : 0;
}

void *realloc(void *memory, size_t bytes)
{
	size_t old_bytes = memory ? block_of(memory)->bytes : 0;
	void *moved = take(bytes);

	if (moved && memory) {
		memcpy(moved, memory, old_bytes < bytes ? old_bytes : bytes);
		give(memory);
		if (lifo_gave)
			lifo_gave();
	}
	return moved;
}
