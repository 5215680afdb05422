/* SPDX-License-Identifier: MIT */
#include "config.h"

#include "analyzer/sym/intern.h"

#include <stdalign.h>
#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES    (64u * 1024)
#define FIRST_CAPACITY 256

struct intern_chunk {
	struct intern_chunk *next;
	size_t used_bytes;
	size_t bytes;
	alignas(max_align_t) unsigned char memory[];
};

void intern_init(struct intern *intern)
{
	memset(intern, 0, sizeof(*intern));
}

void intern_done(struct intern *intern)
{
	struct intern_chunk *chunk = intern->chunks;

	while (chunk != NULL) {
		struct intern_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
	free(intern->slots);
	free(intern->hashes);
	intern_init(intern);
}

static struct intern_chunk *chunk_new(size_t bytes)
{
	struct intern_chunk *chunk;

	if (bytes > SIZE_MAX - sizeof(*chunk))
		return NULL;
	chunk = malloc(sizeof(*chunk) + bytes);
	if (chunk == NULL)
		return NULL;
	chunk->next = NULL;
	chunk->used_bytes = 0;
	chunk->bytes = bytes;
	return chunk;
}

static void *cut(struct intern *intern, size_t bytes, size_t align)
{
	struct intern_chunk *chunk = intern->chunks;
	size_t start;

	if (chunk != NULL) {
		start = (chunk->used_bytes + align - 1) & ~(align - 1);
		if (start <= chunk->bytes && bytes <= chunk->bytes - start) {
			chunk->used_bytes = start + bytes;
			return chunk->memory + start;
		}
	}
	/* A big piece gets its own chunk behind the one being filled. */
	if (chunk != NULL && bytes > CHUNK_BYTES / 4) {
		struct intern_chunk *big = chunk_new(bytes);

		if (big == NULL)
			return NULL;
		big->used_bytes = bytes;
		big->next = chunk->next;
		chunk->next = big;
		return big->memory;
	}
	chunk = chunk_new(bytes > CHUNK_BYTES ? bytes : CHUNK_BYTES);
	if (chunk == NULL)
		return NULL;
	chunk->next = intern->chunks;
	intern->chunks = chunk;
	chunk->used_bytes = bytes;
	return chunk->memory;
}

void *intern_alloc(struct intern *intern, size_t bytes)
{
	void *memory = cut(intern, bytes, alignof(max_align_t));

	return memory == NULL ? NULL : memset(memory, 0, bytes);
}

static uint32_t hash_bytes(const char *text, size_t bytes)
{
	uint64_t hash = 0xcbf29ce484222325u;

	for (size_t i = 0; i < bytes; i++)
		hash = (hash ^ (unsigned char)text[i]) * 0x100000001b3u;
	return (uint32_t)(hash ^ (hash >> 32));
}

static size_t slot_of(const struct intern *intern, uint32_t hash,
		      const char *text, size_t bytes)
{
	size_t i = hash & (intern->capacity - 1);

	while (intern->slots[i] != NULL) {
		const char *have = intern->slots[i];

		if (intern->hashes[i] == hash &&
		    strncmp(have, text, bytes) == 0 && have[bytes] == '\0')
			break;
		i = (i + 1) & (intern->capacity - 1);
	}
	return i;
}

static int grow(struct intern *intern)
{
	struct intern larger = *intern;

	larger.capacity =
		intern->capacity == 0 ? FIRST_CAPACITY : intern->capacity * 2;
	larger.slots = calloc(larger.capacity, sizeof(*larger.slots));
	larger.hashes = calloc(larger.capacity, sizeof(*larger.hashes));
	if (larger.slots == NULL || larger.hashes == NULL) {
		free(larger.slots);
		free(larger.hashes);
		return -1;
	}
	for (size_t i = 0; i < intern->capacity; i++) {
		size_t at = intern->hashes[i] & (larger.capacity - 1);

		if (intern->slots[i] == NULL)
			continue;
		while (larger.slots[at] != NULL)
			at = (at + 1) & (larger.capacity - 1);
		larger.slots[at] = intern->slots[i];
		larger.hashes[at] = intern->hashes[i];
	}
	free(intern->slots);
	free(intern->hashes);
	*intern = larger;
	return 0;
}

const char *intern_bytes(struct intern *intern, const char *text, size_t bytes)
{
	uint32_t hash;
	size_t slot;
	char *copy;

	bytes = strnlen(text, bytes < INTERN_STRING_LIMIT
				      ? bytes
				      : INTERN_STRING_LIMIT);
	hash = hash_bytes(text, bytes);
	if (2 * (intern->count + 1) > intern->capacity && grow(intern) != 0)
		return NULL;
	slot = slot_of(intern, hash, text, bytes);
	if (intern->slots[slot] != NULL)
		return intern->slots[slot];

	copy = cut(intern, bytes + 1, 1);
	if (copy == NULL)
		return NULL;
	memcpy(copy, text, bytes);
	copy[bytes] = '\0';
	intern->slots[slot] = copy;
	intern->hashes[slot] = hash;
	intern->count++;
	return copy;
}

const char *intern_string(struct intern *intern, const char *text)
{
	return text == NULL ? NULL
			    : intern_bytes(intern, text, INTERN_STRING_LIMIT);
}
