/* SPDX-License-Identifier: MIT */
/*
 * An allocator that never reuses memory and that signal handlers may call: a
 * pointer that only moves up. For preloading behind the shim.
 */
#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>

#define ARENA ((size_t)1 << 36)

struct block {
	size_t bytes;
	size_t unused;
	char memory[];
};

static char *arena;
static size_t used;

void *malloc(size_t bytes);
void free(void *memory);
void *calloc(size_t count, size_t bytes);
void *realloc(void *memory, size_t bytes);
size_t malloc_usable_size(void *memory);

static char *get_arena(void)
{
	char *seen = __atomic_load_n(&arena, __ATOMIC_ACQUIRE);
	char *mine;

	if (seen)
		return seen;
	mine = mmap(NULL, ARENA, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mine == MAP_FAILED)
		__builtin_trap();
	if (__atomic_compare_exchange_n(&arena, &seen, mine, 0,
					__ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
		return mine;
	munmap(mine, ARENA);
	return seen;
}

/* Not by the public names: those belong to whoever is in front of us. */
static void *take(size_t bytes)
{
	size_t total = (bytes + sizeof(struct block) + 15) & ~(size_t)15;
	struct block *block;
	size_t at;

	if (bytes > ARENA / 2) {
		errno = ENOMEM;
		return NULL;
	}
	block = (void *)get_arena();
	at = __atomic_fetch_add(&used, total, __ATOMIC_RELAXED);
	if (at + total > ARENA)
		__builtin_trap();
	block = (void *)((char *)block + at);
	block->bytes = bytes;
	return block->memory;
}

static size_t bytes_of(const void *memory)
{
	return ((const struct block *)((const char *)memory -
				       sizeof(struct block)))
		->bytes;
}

void *malloc(size_t bytes)
{
	return take(bytes);
}

void free(void *memory)
{
	(void)memory;
}

void *calloc(size_t count, size_t bytes)
{
	size_t total;

	if (__builtin_mul_overflow(count, bytes, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	return take(total);
}

size_t malloc_usable_size(void *memory)
{
	return memory ? bytes_of(memory) : 0;
}

void *realloc(void *memory, size_t bytes)
{
	size_t old_bytes = memory ? bytes_of(memory) : 0;
	void *moved = take(bytes);

	if (moved && memory)
		memcpy(moved, memory, old_bytes < bytes ? old_bytes : bytes);
	return moved;
}
