/* SPDX-License-Identifier: MIT */
/* The greatest of many by one metric. */
#include "config.h"

#include "analyzer/model/ranking.h"

#include <stdbool.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"

struct entry {
	int64_t value;
	uint32_t number;
};

/* Does a stand before b? Overflow may leave negative values: by size too. */
static bool is_before(struct entry a, struct entry b)
{
	if (a.value != b.value)
		return a.value > b.value;
	return a.number < b.number;
}

static int compare(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return is_before(*a, *b) ? -1 : is_before(*b, *a);
}

/* Restores the heap (the last in order on top) from the top on. */
static void sift(struct entry *heap, size_t count, size_t at)
{
	struct entry moved = heap[at];

	for (;;) {
		size_t child = 2 * at + 1;

		if (child >= count)
			break;
		if (child + 1 < count &&
		    is_before(heap[child], heap[child + 1]))
			child++;
		if (!is_before(moved, heap[child]))
			break;
		heap[at] = heap[child];
		at = child;
	}
	heap[at] = moved;
}

static const struct counts *counts_at(const struct ranking_source *source,
				      size_t i)
{
	const char *first = (const char *)source->first;

	return (const void *)(first + i * source->stride);
}

static bool is_ranked(const struct ranking_source *source, size_t i,
		      enum metric metric)
{
	return (!source->keeps || source->keeps[i]) &&
	       (source->has_zeros || counts_at(source, i)->of[metric] != 0);
}

/* The first shown of them, in order. */
static void choose(const struct ranking_source *source, enum metric metric,
		   struct entry *entries, size_t shown)
{
	size_t held = 0;

	for (size_t i = 0; i < source->count; i++) {
		struct entry entry = { 0, (uint32_t)i };

		if (!is_ranked(source, i, metric))
			continue;
		entry.value = counts_at(source, i)->of[metric];
		if (held < shown) {
			entries[held++] = entry;
			for (size_t at = held / 2; held == shown && at > 0;)
				sift(entries, shown, --at);
		} else if (shown && is_before(entry, entries[0])) {
			entries[0] = entry;
			sift(entries, shown, 0);
		}
	}
	if (held)
		qsort(entries, held, sizeof(*entries), compare);
}

int ranking_init(struct ranking *ret_ranking,
		 const struct ranking_source *source, enum metric metric,
		 size_t limit)
{
	struct ranking ranking = { 0 };
	struct entry *entries;

	for (size_t i = 0; i < source->count; i++) {
		if (!is_ranked(source, i, metric))
			continue;
		ranking.count++;
		counts_add(&ranking.sum, counts_at(source, i));
	}
	ranking.shown = ranking.count;
	if (limit && limit < ranking.shown)
		ranking.shown = limit;
	ranking.numbers = calloc(ranking.shown + 1, sizeof(*ranking.numbers));
	entries = calloc(ranking.shown + 1, sizeof(*entries));
	if (!ranking.numbers || !entries) {
		free(ranking.numbers);
		free(entries);
		return DUMP_MEMORY;
	}
	choose(source, metric, entries, ranking.shown);
	ranking.rest = ranking.sum;
	for (size_t i = 0; i < ranking.shown; i++) {
		ranking.numbers[i] = entries[i].number;
		counts_subtract(&ranking.rest,
				counts_at(source, entries[i].number));
	}
	free(entries);
	*ret_ranking = ranking;
	return 0;
}

void ranking_done(struct ranking *ranking)
{
	free(ranking->numbers);
	*ranking = (struct ranking) { 0 };
}
