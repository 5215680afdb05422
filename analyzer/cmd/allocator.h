/* SPDX-License-Identifier: MIT */
/* Allocators that a program can be run with instead of the C library's. */
#ifndef MEMPROF_ANALYZER_CMD_ALLOCATOR_H
#define MEMPROF_ANALYZER_CMD_ALLOCATOR_H

/* The order is that of allocator_names. */
enum allocator {
	ALLOCATOR_GLIBC,
	ALLOCATOR_JEMALLOC,
	ALLOCATOR_TCMALLOC,
	ALLOCATOR_MIMALLOC,
	ALLOCATORS
};

/* For an option's choices, ended by NULL. */
extern const char *const allocator_names[];

/*
 * Path of the library of an allocator, "" for the C library's, to be freed;
 * NULL when it is not installed, which was said.
 */
char *allocator_find(enum allocator allocator);

#endif
