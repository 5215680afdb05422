/* SPDX-License-Identifier: MIT */
/*
 * massif's file, what ms_print and massif-visualizer read: the heap's size
 * over time, with call trees for the peak, the end and some between.
 */
#include "config.h"

#include <inttypes.h>

#include "analyzer/model/callers.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/moments.h"
#include "analyzer/view/export/exporter.h"

#define THRESHOLD_PERCENT 1   /* of the heap: smaller branches are summed up */
#define DEPTH_MAX	  100 /* ms_print calls itself for each */
#define NS_PER_MS	  1000000

/* ms_print takes what is behind a '#' for a comment. */
static void put_text(FILE *file, const char *text)
{
	export_text(file, text, "#");
}

static void put_place(FILE *file, const struct catalog *catalog,
		      const struct catalog_frame *frame,
		      const struct catalog_call *call)
{
	const struct catalog_function *function =
		&catalog->functions[call->function];

	fprintf(file, "0x%" PRIX64 ": ", frame->address);
	put_text(file, function->is_known ? function->name : "???");
	if (function->file) {
		fputs(" (", file);
		put_text(file, function->file);
		fprintf(file, ":%" PRIu32 ")\n", call->line);
		return;
	}
	fputs(" (in ", file);
	if (frame->module != CATALOG_NONE)
		put_text(file, catalog->modules[frame->module]->path);
	else
		put_text(file, function->name);
	fputs(")\n", file);
}

static int put_branches(FILE *file, struct callers *callers, unsigned depth,
			const struct callers_branches *branches);

/* A branch: the calls of its frame inside each other, then what called. */
static int put_branch(FILE *file, struct callers *callers,
		      const struct callers_branch *branch, unsigned depth)
{
	const struct catalog *catalog = callers->catalog;
	const struct catalog_frame *frame = &catalog->frames[branch->frame];
	struct callers_branches outer = { 0 };
	unsigned last = depth + frame->count - 1;
	int ret = 0;

	if (last < DEPTH_MAX)
		ret = callers_split(callers, branch->first, branch->count,
				    callers->sum * THRESHOLD_PERCENT / 100,
				    &outer);
	if (ret < 0)
		return ret;
	for (uint32_t i = 0; i < frame->count; i++) {
		size_t children =
			i + 1 < frame->count
				? 1
				: outer.count + (outer.small_count ? 1 : 0);

		fprintf(file, "%*sn%zu: %" PRId64 " ", (int)(depth + i), "",
			children, branch->value);
		put_place(file, catalog, frame,
			  &catalog->calls[frame->first + i]);
	}
	ret = put_branches(file, callers, last + 1, &outer);
	callers_branches_done(&outer);
	return ret;
}

static int put_branches(FILE *file, struct callers *callers, unsigned depth,
			const struct callers_branches *branches)
{
	for (size_t i = 0; i < branches->count; i++)
		if (put_branch(file, callers, &branches->array[i], depth) < 0)
			return DUMP_MEMORY;
	if (branches->small_count)
		fprintf(file,
			"%*sn0: %" PRId64 " in %zu place%s, below massif's "
			"threshold (%d.00%%)\n",
			(int)depth, "", branches->small_value,
			branches->small_count,
			branches->small_count == 1 ? "" : "s, all",
			THRESHOLD_PERCENT);
	return 0;
}

static int put_tree(FILE *file, const struct catalog *catalog,
		    const struct moment *moment)
{
	struct callers_branches branches;
	struct callers callers;
	int ret =
		moment->values
			? callers_init_values(&callers, catalog, moment->values)
			: callers_init(&callers, catalog, moment->metric);

	if (ret < 0)
		return ret;
	ret = callers_split(&callers, 0, callers.count,
			    callers.sum * THRESHOLD_PERCENT / 100, &branches);
	if (ret == 0) {
		fprintf(file,
			"n%zu: %" PRId64 " (heap allocation functions) "
			"malloc/new/new[], --alloc-fns, etc.\n",
			branches.count + (branches.small_count ? 1 : 0),
			callers.sum);
		ret = put_branches(file, &callers, 1, &branches);
		callers_branches_done(&branches);
	}
	callers_done(&callers);
	return ret;
}

static int put_moment(FILE *file, const struct catalog *catalog, size_t number,
		      const struct moment *moment)
{
	fprintf(file,
		"#-----------\nsnapshot=%zu\n#-----------\ntime=%" PRIu64
		"\nmem_heap_B=%" PRId64
		"\nmem_heap_extra_B=0\nmem_stacks_B=0\nheap_tree=",
		number, moment->time_ns / NS_PER_MS, moment->bytes);
	if (moment->kind == MOMENT_PLAIN || moment->bytes == 0) {
		fputs("empty\n", file);
		return 0;
	}
	fputs(moment->kind == MOMENT_PEAK ? "peak\n" : "detailed\n", file);
	return put_tree(file, catalog, moment);
}

static int massif_write(FILE *file, struct catalog *catalog,
			const struct export_options *options)
{
	struct moments moments;
	int ret = moments_init(&moments, catalog);

	(void)options;
	if (ret < 0)
		return ret;
	fputs("desc: " PACKAGE_STRING "\ncmd: ", file);
	export_command(file, &catalog->analysis->summary, "#");
	fputs("\ntime_unit: ms\n", file);
	for (size_t i = 0; i < moments.count && ret == 0; i++)
		ret = put_moment(file, catalog, i, &moments.array[i]);
	moments_done(&moments);
	return ret;
}

const struct exporter export_massif = {
	.name = "massif",
	.has_zeros = true,
	.write = massif_write,
};
