/* SPDX-License-Identifier: MIT */
/* Large zeroed memory straight from the kernel. */
#include "config.h"

#include "analyzer/model/region.h"

#include <stdlib.h>
#include <sys/mman.h>

/* Smaller ones come from the heap, where a sanitizer sees their ends. */
#define REGION_LARGE_BYTES ((size_t)1 << 20)

void *region_new(size_t count, size_t elem_bytes)
{
	size_t bytes;
	void *at;

	if (__builtin_mul_overflow(count, elem_bytes, &bytes))
		return NULL;
	if (bytes < REGION_LARGE_BYTES)
		return calloc(1, bytes ? bytes : 1);
	at = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	return at == MAP_FAILED ? NULL : at;
}

void region_free(void *at, size_t count, size_t elem_bytes)
{
	if (!at)
		return;
	if (count * elem_bytes < REGION_LARGE_BYTES)
		free(at);
	else
		munmap(at, count * elem_bytes);
}
