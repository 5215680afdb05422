/* SPDX-License-Identifier: MIT */
/*
 * Memory that lives until everything is thrown away at once: pieces cut from
 * chunks, and strings of which each text is kept once. Two equal strings of
 * one intern have the same pointer.
 */
#ifndef MEMPROF_ANALYZER_SYM_INTERN_H
#define MEMPROF_ANALYZER_SYM_INTERN_H

#include <stddef.h>
#include <stdint.h>

/* A longer text is cut here: names come from files that may be hostile. */
#define INTERN_STRING_LIMIT (64u * 1024)

struct intern_chunk;

struct intern {
	struct intern_chunk *chunks;
	const char **slots; /* open addressing, capacity is a power of two */
	uint32_t *hashes;
	size_t capacity;
	size_t count; /* 2 * count <= capacity */
};

/* All zero is a good empty intern too. */
void intern_init(struct intern *intern);
void intern_done(struct intern *intern);

/* Zeroed, aligned for anything; NULL when memory is out. */
void *intern_alloc(struct intern *intern, size_t bytes);

/* text need not end in a NUL; NULL when memory is out. */
const char *intern_bytes(struct intern *intern, const char *text, size_t bytes);
/* NULL for NULL. */
const char *intern_string(struct intern *intern, const char *text);

#endif
