/* SPDX-License-Identifier: MIT */
/* Two dumps of one program, and what is done with both. */
#include "config.h"

#include "tests/unit/pair.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "analyzer/model/dump.h"

static char folder[] = "/tmp/memprof-test-pair-XXXXXX";
static char path[sizeof(folder) + 16];
struct analysis pair_array[2];
struct set pair_set = { pair_array, 0 };
char *pair_output;

void pair_set_up(void)
{
	memcpy(folder + sizeof(folder) - 7, "XXXXXX", 6);
	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(path, sizeof(path), "%s/dump.mp", folder);
}

void pair_tear_down(void)
{
	for (size_t i = 0; i < 2; i++)
		analysis_close(&pair_array[i]);
	pair_set.count = 0;
	free(pair_output);
	pair_output = NULL;
	remove(path);
	rmdir(folder);
}

void pair_open_dump(struct dump_builder *builder)
{
	const struct analysis_options options = { .without_names = true };
	char fault[FILTER_FAULT_BYTES];
	const char *regex;
	struct dump_error error;

	dump_builder_save(builder, path, UINT64_MAX);
	dump_builder_done(builder);
	ck_assert_int_eq(analysis_open(&pair_array[pair_set.count++], path,
				       &options, &error, fault, &regex),
			 0);
}

static void name_build(struct mpf_module *module, uint8_t id)
{
	module->build_id_bytes = 4;
	memset(module->build_id, id, 4);
}

void pair_build(struct dump_builder *builder, uint64_t shift, uint64_t times,
		uint8_t id)
{
	uint32_t at[4], writer;

	dump_builder_init(builder);
	name_build(
		dump_builder_module(builder, "/opt/app", APP + shift, 0x10000),
		1);
	name_build(dump_builder_module(builder, "/opt/lib.so", LIB + shift,
				       0x10000),
		   id);
	writer = dump_builder_thread(builder, "main", 7);
	at[0] = dump_builder_node(builder, dump_builder_root(builder, 1),
				  APP + shift + 0x101);
	at[1] = dump_builder_node(builder, at[0], LIB + shift + 0x301);
	at[2] = dump_builder_node(builder, at[1], APP + shift + 0x201);
	at[3] = dump_builder_node(builder, at[2], LIB + shift + 0x401);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[3], MPF_CALL_MALLOC, 100), 100,
		times, 0);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[1], MPF_CALL_MALLOC, 24), 24,
		2 * times, 2 * times);
	dump_builder_count(
		builder, writer,
		dump_builder_class(builder, at[0], MPF_CALL_MALLOC, 5000), 5000,
		1, 0);
}

void pair_open_both(void)
{
	struct dump_builder builder;

	pair_build(&builder, 0, 10, 2);
	pair_open_dump(&builder);
	pair_build(&builder, 0x5000000, 30, 2);
	pair_open_dump(&builder);
}

void pair_merge(struct top *ret_top, enum top_by by)
{
	const struct top_extras extras = { .greatest = true };
	struct top tops[2];

	for (size_t i = 0; i < 2; i++)
		ck_assert_int_eq(
			top_init_with(&tops[i], &pair_array[i], by, &extras),
			0);
	ck_assert_int_eq(top_merge(ret_top, &pair_set, tops, false), 0);
	for (size_t i = 0; i < 2; i++)
		top_done(&tops[i]);
}

void pair_expect_bytes(const struct counts *counts, int64_t allocated,
		       int64_t live, int64_t allocations)
{
	ck_assert_int_eq(counts->of[METRIC_ALLOCATED_BYTES], allocated);
	ck_assert_int_eq(counts->of[METRIC_LIVE_BYTES], live);
	ck_assert_int_eq(counts->of[METRIC_ALLOCATIONS], allocations);
}

FILE *pair_begin(struct term *term)
{
	static size_t bytes;
	FILE *file = open_memstream(&pair_output, &bytes);

	term_init(term, file, &(struct term_choice) { .no_pager = true });
	return file;
}
