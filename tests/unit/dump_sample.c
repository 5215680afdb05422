/* SPDX-License-Identifier: MIT */
/* The dump that tests begin with. */
#include "config.h"

#include "tests/unit/dump_sample.h"

#define TEXT(builder, text) \
	dump_builder_text((builder), (text), sizeof(text) - 1)

static void add_texts(struct dump_builder *builder)
{
	struct mpf_text program = TEXT(builder, "/opt/app/app");
	struct mpf_text arguments = TEXT(builder, "./app\0-v\0a b\0");
	struct mpf_text directory = TEXT(builder, "/src/app");
	struct mpf_text host = TEXT(builder, "host\x1b[31m");
	struct mpf_text settings = TEXT(builder, "MEMPROF_OUT=x.mp\0");
	struct mpf_text allocator = TEXT(builder, "/lib/libc.so.6");
	struct mpf_header *header = dump_builder_header(builder);

	header->program = program;
	header->command_line = arguments;
	header->directory = directory;
	header->host = host;
	header->settings = settings;
	header->allocator = allocator;
}

static void add_nodes(struct dump_sample *sample)
{
	struct dump_builder *builder = &sample->builder;

	sample->root = dump_builder_root(builder, 1);
	sample->main = dump_builder_node(builder, sample->root,
					 SAMPLE_MAIN_START + 0x100);
	sample->a = dump_builder_node(builder, sample->main,
				      SAMPLE_MAIN_START + 0x200);
	sample->b =
		dump_builder_node(builder, sample->a, SAMPLE_LIB_START + 0x300);
	sample->cut = dump_builder_node(builder, sample->root,
					(uint64_t)MPF_NODE_CUT << 60 |
						MPF_CUT_NO_RULE);
	sample->c = dump_builder_node(builder, sample->cut,
				      0x666000 | MPF_PC_GUESSED);
	sample->class_malloc =
		dump_builder_class(builder, sample->a, MPF_CALL_MALLOC, 100);
	sample->class_realloc =
		dump_builder_class(builder, sample->a, MPF_CALL_REALLOC, 50);
	sample->class_new =
		dump_builder_class(builder, sample->b, MPF_CALL_NEW, 8);
	sample->class_calloc =
		dump_builder_class(builder, sample->c, MPF_CALL_CALLOC, 4096);
}

void dump_sample_init(struct dump_sample *sample)
{
	struct dump_builder *builder = &sample->builder;
	struct mpf_slot *slot;

	*sample = (struct dump_sample) { .root = 0 };
	dump_builder_init(builder);
	add_texts(builder);
	dump_builder_module(builder, "/opt/app/app", SAMPLE_MAIN_START, 0x10000)
		->flags = MPF_MODULE_MAIN;
	dump_builder_module(builder, "/opt/lib/libplain.so", SAMPLE_LIB_START,
			    0x10000);
	add_nodes(sample);
	sample->thread0 = dump_builder_thread(builder, "app", 4711);
	sample->thread1 = dump_builder_thread(builder, "worker", 4712);

	slot = dump_builder_count(builder, sample->thread0,
				  sample->class_malloc, 100, 10, 4);
	slot->epoch = 2;
	slot->peak_blocks = 9;
	slot->peak_bytes = 900;
	slot->temporary = 2;
	dump_builder_count(builder, sample->thread0, sample->class_realloc, 50,
			   3, 0);
	dump_builder_count(builder, sample->thread0, sample->class_new, 8, 0,
			   1000);
	slot = dump_builder_count(builder, sample->thread1, sample->class_new,
				  8, 1000, 0);
	slot = dump_builder_count(builder, sample->thread1,
				  sample->class_calloc, 4096, 2, 1);
	slot->epoch = 2;
	slot->peak_blocks = 2;
	slot->peak_bytes = 8192;
	dump_builder_header(builder)->peak_epoch = 2;
	dump_builder_header(builder)->peak_bytes = 900 + 150 + 8192;
	dump_builder_header(builder)->peak_ns = 6000000000;
}

void dump_sample_add_leaks(struct dump_sample *sample, uint64_t *ret_leaks,
			   uint64_t *ret_roots)
{
	struct dump_builder *builder = &sample->builder;
	struct mpf_text path = TEXT(builder, "/opt/lib/libplain.so");
	struct mpf_header *header;
	struct mpf_root *roots;
	struct mpf_leak *leaks;

	*ret_roots = dump_builder_segment(builder, MPF_SEG_ROOTS, 0,
					  sizeof(*roots), 0, 4096);
	*ret_leaks = dump_builder_segment(builder, MPF_SEG_LEAKS, 0,
					  sizeof(*leaks), 0, 4096);
	roots = dump_builder_at(builder, *ret_roots);
	roots[1] = (struct mpf_root) { .held = MPF_HELD_MODULE, .path = path };
	roots[2] = (struct mpf_root) { .held = MPF_HELD_STACK,
				       .tid = 4712,
				       .name = "worker\x1b" };
	leaks = dump_builder_at(builder, *ret_leaks);
	leaks[1] = (struct mpf_leak) { .class_node = sample->class_malloc,
				       .verdict = MPF_VERDICT_LOST,
				       .blocks = 1,
				       .bytes = 100 };
	leaks[2] = (struct mpf_leak) { .class_node = sample->class_malloc,
				       .verdict = MPF_VERDICT_POSSIBLE,
				       .root = 2,
				       .blocks = 2,
				       .bytes = 200 };
	leaks[3] = (struct mpf_leak) { .class_node = sample->class_calloc,
				       .verdict = MPF_VERDICT_INDIRECT,
				       .by_class = sample->class_malloc,
				       .blocks = 3,
				       .bytes = 150 };
	leaks[5] = (struct mpf_leak) { .class_node = sample->class_new,
				       .verdict = MPF_VERDICT_REACHABLE,
				       .root = 1,
				       .held_at = 0x4010,
				       .blocks = 1,
				       .bytes = 8 };
	header = dump_builder_header(builder);
	header->mode |= MPF_MODE_LEAK_CHECKED;
	header->leak_sequence = 2;
	header->leak_method = MPF_LEAK_STOPPED;
	header->leak_threads = 2;
	header->leak_blocks = 7;
}

void dump_sample_add_ages(struct dump_sample *sample, uint64_t *ret_lifetimes,
			  uint64_t *ret_live)
{
	struct dump_builder *builder = &sample->builder;
	static const uint64_t ticks[] = { 1000, 2000, 3000, 10000000 };
	static const uint64_t allocs[] = { 0, 1, 2, 5 };
	struct mpf_lifetime *lifetimes;
	struct mpf_header *header;
	struct mpf_live *live;

	*ret_lifetimes = dump_builder_segment(builder, MPF_SEG_LIFETIMES,
					      sample->thread0,
					      sizeof(*lifetimes), 0, 4096);
	*ret_live = dump_builder_segment(builder, MPF_SEG_LIVE, 0,
					 sizeof(*live), 0, 4096);
	lifetimes = dump_builder_at(builder, *ret_lifetimes);
	lifetimes[1] = (struct mpf_lifetime) {
		.class_node = sample->class_malloc,
		.blocks = 4,
		.max_ticks = ticks[3],
		.max_allocs = allocs[3],
		.usable_bytes = 10 * 112,
		.usable_freed_bytes = 4 * 112,
	};
	for (unsigned i = 0; i < 4; i++) {
		lifetimes[1].ticks += ticks[i];
		lifetimes[1].allocs += allocs[i];
		lifetimes[1].by_ticks[mpf_age_ticks(ticks[i])]++;
		lifetimes[1].by_allocs[mpf_age_allocs(allocs[i])]++;
	}
	lifetimes[2] = (struct mpf_lifetime) {
		.class_node = sample->class_new,
		.blocks = 1000,
		.usable_bytes = 24000,
		.usable_freed_bytes = 24000,
		.by_ticks = { 1000 },
		.by_allocs = { 1000 },
	};
	header = dump_builder_header(builder);
	header->mode |= MPF_MODE_LIFETIMES;
	header->live_sequence = 2;
	header->start_ticks = 7;
	header->ticks = 7 + UINT64_C(5000000000);
	header->ticks_ns = header->start_ns + UINT64_C(5000000000);
	header->live_ticks = header->ticks;
	header->live_allocs = 1015;
	live = dump_builder_at(builder, *ret_live);
	live[1] = (struct mpf_live) {
		.class_node = sample->class_malloc,
		.age = mpf_age_ticks(1000000000),
		.blocks = 6,
		.bytes = 600,
		.born_ticks = header->live_ticks - 1000000000,
		.born_allocs = 15,
		.ticks = UINT64_C(6000000000),
	};
}
