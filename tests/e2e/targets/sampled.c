/* SPDX-License-Identifier: MIT */
/*
 * sampled: two functions that allocate blocks of mixed sizes, at REPLICAS
 * stacks each, all of which do the same: so one run is many trials. Of each
 * three blocks one is freed at once, one after the peak, one never. States the
 * totals, and what each stack of a function did.
 */
#include "tests/e2e/targets/tally.h"

#define REPLICAS 10
#define SIZES	 4
#define MAX	 1600 /* blocks kept at one stack */

struct kind {
	const char *name;
	size_t sizes[SIZES];
	int rounds; /* through the sizes, a multiple of 3 */
	struct kept {
		void *blocks[MAX];
		size_t bytes[MAX];
		int count;
	} kept[REPLICAS];
};

static struct kind small_kind = {
	.name = "small",
	.sizes = { 500, 625, 750, 1000 },
	.rounds = 600,
};
static struct kind large_kind = {
	.name = "large",
	.sizes = { 5000, 12500, 25000, 50000 },
	.rounds = 90,
};

__attribute__((noinline)) static void *small(size_t bytes)
{
	void *block = malloc(bytes);

	MUST(block);
	return block;
}

__attribute__((noinline)) static void *large(size_t bytes)
{
	void *block = malloc(bytes);

	MUST(block);
	return block;
}

static void allocate(struct kind *kind, struct kept *kept,
		     void *(*take)(size_t))
{
	/* One loop: two would be unrolled into one call for each size. */
	for (int i = 0; i < kind->rounds * SIZES; i++) {
		size_t bytes = kind->sizes[i % SIZES];
		void *block = take(bytes);

		took(bytes);
		if (i / SIZES % 3 == 0) {
			free(block);
			gave(bytes);
			continue;
		}
		kept->blocks[kept->count] = block;
		kept->bytes[kept->count++] = bytes;
	}
}

/* Stacks that differ in their depth. */
__attribute__((noinline)) static int descend(int depth, struct kind *kind,
					     void *(*take)(size_t), int replica)
{
	int done = 1;

	if (depth > 0)
		done += descend(depth - 1, kind, take, replica);
	else
		allocate(kind, &kind->kept[replica], take);
	__asm__ volatile("" : "+r"(done)); /* no tail call */
	return done;
}

/* Every second one. */
static void give_half(struct kept *kept)
{
	for (int i = 0; i < kept->count; i += 2) {
		free(kept->blocks[i]);
		gave(kept->bytes[i]);
	}
}

static void print_each(const struct kind *kind)
{
	unsigned long bytes = 0, rounds = (unsigned long)kind->rounds;

	for (int k = 0; k < SIZES; k++)
		bytes += kind->sizes[k];
	print_value(kind->name, "allocations", rounds * SIZES);
	print_value(kind->name, "allocated_bytes", rounds * bytes);
	print_value(kind->name, "peak_blocks", rounds / 3 * 2 * SIZES);
	print_value(kind->name, "peak_bytes", rounds / 3 * 2 * bytes);
}

int main(void)
{
	struct kind *const kinds[] = { &small_kind, &large_kind };

	for (int i = 0; i < REPLICAS; i++) {
		descend(i, &small_kind, small, i);
		descend(i, &large_kind, large, i);
	}
	for (int n = 0; n < 2; n++)
		for (int i = 0; i < REPLICAS; i++)
			give_half(&kinds[n]->kept[i]);
	print_tally(NULL);
	for (int n = 0; n < 2; n++) {
		unsigned long live_bytes = 0, live_blocks = 0;
		const struct kept *kept = &kinds[n]->kept[0];

		for (int i = 1; i < kept->count; i += 2) {
			live_bytes += kept->bytes[i];
			live_blocks++;
		}
		print_each(kinds[n]);
		print_value(kinds[n]->name, "live_bytes", live_bytes);
		print_value(kinds[n]->name, "live_blocks", live_blocks);
	}
	return 0;
}
