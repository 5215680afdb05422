/* SPDX-License-Identifier: MIT */
/* Which nodes of a call tree have the greatest shares. */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/flame_build.h"

static bool is_before(const struct flame_rank *a, const struct flame_rank *b)
{
	if (a->share != b->share)
		return a->share > b->share;
	if (a->first != b->first)
		return a->first < b->first;
	return a->depth < b->depth;
}

static int compare(const void *left, const void *right)
{
	const struct flame_rank *a = left, *b = right;

	return is_before(a, b) ? -1 : is_before(b, a);
}

/* Restores the heap from at on downwards. */
static void sift(struct flame_ranks *ranks, size_t at)
{
	struct flame_rank *heap = ranks->heap, moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= ranks->count)
			break;
		if (child + 1 < ranks->count &&
		    is_before(&heap[child], &heap[child + 1]))
			child++;
		if (!is_before(&moved, &heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

int flame_ranks_init(struct flame_ranks *ranks, size_t room)
{
	*ranks = (struct flame_ranks) { .room = room };
	ranks->heap = calloc(room + 1, sizeof(*ranks->heap));
	return ranks->heap ? 0 : DUMP_MEMORY;
}

void flame_ranks_add(struct flame_ranks *ranks, const struct flame_rank *rank)
{
	if (ranks->count < ranks->room) {
		ranks->heap[ranks->count++] = *rank;
		for (size_t at = ranks->count / 2;
		     ranks->count == ranks->room && at > 0;)
			sift(ranks, --at);
	} else if (ranks->room && is_before(rank, &ranks->heap[0])) {
		ranks->heap[0] = *rank;
		sift(ranks, 0);
	}
}

void flame_ranks_sort(struct flame_ranks *ranks)
{
	if (ranks->count)
		qsort(ranks->heap, ranks->count, sizeof(*ranks->heap), compare);
}

void flame_ranks_done(struct flame_ranks *ranks)
{
	free(ranks->heap);
	*ranks = (struct flame_ranks) { 0 };
}
