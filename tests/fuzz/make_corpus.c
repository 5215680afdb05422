/* SPDX-License-Identifier: MIT */
/*
 * Writes the dumps that fuzzing begins with into a folder: small ones, that
 * together have every kind of everything in them. tests/fuzz/make-corpus.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>

#include "tests/unit/dump_sample.h"

static const char *folder;

static void save(struct dump_sample *sample, const char *name)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	dump_builder_save(&sample->builder, path, UINT64_MAX);
	dump_builder_done(&sample->builder);
}

static void make_sample(void)
{
	struct dump_sample sample;

	dump_sample_init(&sample);
	save(&sample, "sample.dump");
}

static void make_empty(void)
{
	struct dump_sample sample = { .root = 0 };

	dump_builder_init(&sample.builder);
	save(&sample, "no_events.dump");
}

/* Killed while it ran, with all kinds of losses. */
static void make_losses(void)
{
	struct dump_sample sample;
	struct mpf_header *header;
	struct mpf_thread *thread;

	dump_sample_init(&sample);
	header = dump_builder_header(&sample.builder);
	header->state = MPF_RUNNING;
	header->end_ns = 0;
	header->mode = MPF_MODE_CHECKED;
	header->failure = MPF_FAIL_SPACE;
	header->failure_errno = 28;
	header->overflow = (struct mpf_overflow) {
		.allocs = 5, .alloc_bytes = 500, .frees = 6, .free_bytes = 600
	};
	header->untracked_allocs = 7;
	header->untracked_bytes = 70;
	header->check_walks = 100;
	header->check_differences = 1;
	thread = dump_builder_at(
		&sample.builder,
		dump_builder_element(&sample.builder, MPF_SEG_THREADS, 0, 1));
	thread->failed = 1;
	thread->foreign_frees = 2;
	thread->foreign_reallocs = 3;
	thread->nested = 4;
	thread->guessed = 5;
	thread->cut_no_rule = 6;
	save(&sample, "losses.dump");
}

/* Two roots, code unloaded and other code in its place, a fork's child. */
static void make_roots(void)
{
	struct dump_sample sample;
	struct dump_builder *builder = &sample.builder;
	struct mpf_module *module;
	uint32_t node, thread;

	dump_sample_init(&sample);
	module = dump_builder_at(
		builder, dump_builder_element(builder, MPF_SEG_MODULES, 0, 2));
	module->end_generation = 2;
	module = dump_builder_module(builder, "/opt/lib/libother.so",
				     SAMPLE_LIB_START, 0x10000);
	module->first_generation = 2;
	module->build_id_bytes = 20;
	node = dump_builder_root(builder, 2);
	node = dump_builder_node(builder, node, SAMPLE_MAIN_START + 0x100);
	node = dump_builder_node(builder, node, SAMPLE_MAIN_START + 0x200);
	node = dump_builder_node(builder, node, SAMPLE_LIB_START + 0x300);
	node = dump_builder_class(builder, node, MPF_CALL_NEW_ARRAY, 33);
	thread = dump_builder_thread(builder, "", 0);
	((struct mpf_thread *)dump_builder_at(
		 builder,
		 dump_builder_element(builder, MPF_SEG_THREADS, 0, thread)))
		->flags = MPF_THREAD_INHERITED;
	dump_builder_count(builder, thread, node, 33, 3, 0);
	dump_builder_header(builder)->mode = MPF_MODE_FORKED;
	dump_builder_header(builder)->inherited_blocks = 3;
	dump_builder_header(builder)->inherited_bytes = 99;
	dump_builder_header(builder)->state = MPF_EXECED;
	save(&sample, "roots.dump");
}

static void make_sampled(void)
{
	struct dump_sample sample;
	struct dump_builder *builder = &sample.builder;
	uint32_t node;

	dump_sample_init(&sample);
	node = dump_builder_node(builder, 0,
				 (uint64_t)MPF_NODE_UNSAMPLED << 60);
	dump_builder_count(builder, sample.thread0, node, 3, 50, 49);
	node = dump_builder_node(builder, sample.b,
				 (uint64_t)MPF_NODE_SIZED << 60 |
					 MPF_SIZED(MPF_CALL_MEMALIGN, 4096));
	dump_builder_count(builder, sample.thread0, node, 4096, 1, 1);
	dump_builder_header(builder)->sample_bytes = 1 << 19;
	dump_builder_header(builder)->mode = MPF_MODE_SAMPLED;
	save(&sample, "sampled.dump");
}

/* Recursion, so deep that nodes take several segments. */
static void make_deep(void)
{
	struct dump_sample sample;
	struct dump_builder *builder = &sample.builder;
	uint32_t node;

	dump_sample_init(&sample);
	node = sample.main;
	for (int i = 0; i < 300; i++) {
		node = dump_builder_node(builder, node,
					 SAMPLE_MAIN_START + 0x200);
		if (i % 50 == 0)
			dump_builder_count(builder, sample.thread1,
					   dump_builder_class(builder, node,
							      MPF_CALL_MALLOC,
							      16),
					   16, 2, 1);
	}
	dump_builder_segment(builder, MPF_SEG_GAP, 0, 1, 0, 4096);
	dump_builder_segment(builder, 99, 0, 77, 0, 4096);
	save(&sample, "deep.dump");
}

static void make_timeline(void)
{
	struct dump_sample sample;
	struct dump_builder *builder = &sample.builder;

	dump_sample_init(&sample);
	dump_builder_point(builder, 0);
	for (uint64_t i = 1; i < 9; i++) {
		struct mpf_point *point =
			dump_builder_point(builder, i * 200000000);

		point->allocs = i;
		point->alloc_bytes = i * 100;
		point->rss_bytes = i << 20;
		dump_builder_moment(builder, MPF_MOMENT_INTERVAL,
				    i * 200000000 + 1, "");
		dump_builder_change(builder, sample.thread0, 1, 100, i, 0);
		dump_builder_change(builder, sample.thread1, 1, 8, 10 * i, i);
		if (i == 4)
			dump_builder_moment(builder, MPF_MOMENT_SNAPSHOT,
					    900000000, "half");
		if (i == 5)
			dump_builder_moment(builder, MPF_MOMENT_MARK,
					    1100000000, "<mark> \x1b[31m");
	}
	save(&sample, "timeline.dump");
}

static void make_leaks(void)
{
	struct dump_sample sample;
	uint64_t leaks, roots;

	dump_sample_init(&sample);
	dump_sample_add_leaks(&sample, &leaks, &roots);
	save(&sample, "leaks.dump");
}

/* What lived how long, and one block at its address in another. */
static void make_ages(void)
{
	struct dump_sample sample;
	uint64_t lifetimes_at, live_at;
	struct mpf_live *live;

	dump_sample_init(&sample);
	dump_sample_add_ages(&sample, &lifetimes_at, &live_at);
	dump_builder_header(&sample.builder)->mode |= MPF_MODE_ADDRESSES;
	live = dump_builder_at(&sample.builder, live_at);
	live[2] = live[1];
	live[2].address = 0x5000;
	live[2].blocks = 1;
	live[3] = (struct mpf_live) { .address = 0x5010,
				      .blocks = 1,
				      .bytes = 8 };
	save(&sample, "ages.dump");
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fputs("usage: make_corpus FOLDER\n", stderr);
		return 2;
	}
	folder = argv[1];
	make_sample();
	make_empty();
	make_losses();
	make_roots();
	make_sampled();
	make_deep();
	make_timeline();
	make_leaks();
	make_ages();
	return 0;
}
