/* SPDX-License-Identifier: MIT */
/*
 * peak middle|end|twice|random: the heap grows and shrinks by a script. States
 * the totals, and for each function how much of the peak was its own.
 */
#include "tests/e2e/targets/tally.h"

#define MAX 64

struct part {
	const char *name;
	void *blocks[MAX];
	size_t bytes[MAX];
	unsigned long count, live_bytes, live_blocks, peak_bytes, peak_blocks;
};

static struct part base_part = { .name = "base" };
static struct part hill_part = { .name = "hill" };
static struct part late_part = { .name = "late" };
static struct part *const parts[] = { &base_part, &hill_part, &late_part };

static void keep(struct part *part, void *block, size_t bytes)
{
	unsigned long before = tally.peak_bytes;

	MUST(block);
	part->blocks[part->count] = block;
	part->bytes[part->count++] = bytes;
	part->live_bytes += bytes;
	part->live_blocks++;
	took(bytes);
	if (tally.peak_bytes == before)
		return;
	for (int i = 0; i < 3; i++) {
		parts[i]->peak_bytes = parts[i]->live_bytes;
		parts[i]->peak_blocks = parts[i]->live_blocks;
	}
}

/* Each is one site; the volatile count keeps the calls apart from the loop. */
__attribute__((noinline)) static void base(size_t bytes)
{
	keep(&base_part, malloc(bytes), bytes);
}

__attribute__((noinline)) static void hill(size_t bytes)
{
	keep(&hill_part, malloc(bytes), bytes);
}

__attribute__((noinline)) static void late(size_t bytes)
{
	keep(&late_part, malloc(bytes), bytes);
}

__attribute__((noinline)) static void drop_last(struct part *part)
{
	MUST(part->count > 0);
	part->count--;
	part->live_bytes -= part->bytes[part->count];
	part->live_blocks--;
	free(part->blocks[part->count]);
	gave(part->bytes[part->count]);
}

static void grow_and_shrink(void)
{
	for (size_t i = 1; i <= 10; i++)
		base(i * 100);
	drop_last(&base_part);
	for (size_t i = 1; i <= 20; i++) {
		hill(i * 1000);
		if (i % 3 == 0)
			drop_last(&base_part);
	}
	for (int i = 0; i < 18; i++)
		drop_last(&hill_part);
	for (size_t i = 1; i <= 30; i++)
		late(i * 10);
}

/* Up and down, so that the peak moves often and many parts are changed. */
static void wander(void)
{
	void (*const takers[])(size_t) = { base, hill, late };
	unsigned state = 1;

	for (int i = 0; i < 100000; i++) {
		int part;

		state = state * 1103515245u + 12345u;
		part = (int)(state >> 16) % 3;
		if ((state >> 20) % 101 < 51 && parts[part]->count < MAX)
			takers[part]((state >> 8) % 5000);
		else if (parts[part]->count > 0)
			drop_last(parts[part]);
	}
}

int main(int argc, char **argv)
{
	MUST(argc == 2);
	if (strcmp(argv[1], "random") == 0)
		wander();
	else
		grow_and_shrink();
	if (strcmp(argv[1], "end") == 0)
		late(1000000);
	if (strcmp(argv[1], "twice") == 0) {
		/* The same total again, made of other parts: the first holds.
		 */
		late(tally.peak_bytes - tally.live_bytes);
		drop_last(&late_part);
		base(1);
	}
	print_tally(NULL);
	for (int i = 0; i < 3; i++) {
		print_value(parts[i]->name, "peak_bytes", parts[i]->peak_bytes);
		print_value(parts[i]->name, "peak_blocks",
			    parts[i]->peak_blocks);
		print_value(parts[i]->name, "live_bytes", parts[i]->live_bytes);
	}
	return 0;
}
