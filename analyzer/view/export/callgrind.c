/* SPDX-License-Identifier: MIT */
/*
 * callgrind's file, what KCachegrind and callgrind_annotate read: functions
 * with what their lines allocate, and calls with what is allocated below.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/call_graph.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/view/export/exporter.h"

/* In the order of the columns. */
static const struct {
	enum metric metric;
	const char *name;
	const char *title;
} events[] = {
	{ METRIC_PEAK_BYTES, "peak_B", "Bytes at the peak" },
	{ METRIC_LIVE_BYTES, "live_B", "Bytes live at the end" },
	{ METRIC_ALLOCATED_BYTES, "alloc_B", "Bytes allocated" },
	{ METRIC_ALLOCATIONS, "allocs", "Allocations" },
	{ METRIC_TEMPORARY, "temporary", "Temporary allocations" },
};

#define EVENTS (sizeof(events) / sizeof(events[0]))

static void put_counts(FILE *file, const struct counts *counts)
{
	for (size_t i = 0; i < EVENTS; i++)
		fprintf(file, " %" PRId64, counts->of[events[i].metric]);
	fputc('\n', file);
}

/* Functions and files by number: the name comes with the first use of it, and
 * what begins like a number is never taken for one. */
struct writer {
	FILE *file;
	const struct catalog *catalog;
	bool *is_named;	     /* per function */
	struct intmap files; /* by pointer: number */
	uint32_t file_count;
};

static int put_file(struct writer *writer, const char *path)
{
	uint32_t *number = intmap_at(&writer->files, (uintptr_t)path, 0);

	if (!number)
		return DUMP_MEMORY;
	if (*number != 0) {
		fprintf(writer->file, "(%" PRIu32 ")\n", *number);
		return 0;
	}
	*number = ++writer->file_count;
	fprintf(writer->file, "(%" PRIu32 ") ", *number);
	export_text(writer->file, path, "");
	fputc('\n', writer->file);
	return 0;
}

static int put_function(struct writer *writer, uint32_t number,
			const char *file_key, const char *function_key)
{
	static const char unknown[] = "???";
	const struct catalog_function *function =
		&writer->catalog->functions[number];

	fputs(file_key, writer->file);
	if (put_file(writer, function->file ? function->file : unknown) < 0)
		return DUMP_MEMORY;
	fprintf(writer->file, "%s(%" PRIu32 ")", function_key, number + 1);
	if (!writer->is_named[number]) {
		fputc(' ', writer->file);
		export_text(writer->file, function->name, "");
		writer->is_named[number] = true;
	}
	fputc('\n', writer->file);
	return 0;
}

static int put_edge(struct writer *writer, const struct edge *edge)
{
	if (edge->callee != CALL_GRAPH_SELF) {
		if (put_function(writer, edge->callee, "cfi=", "cfn=") < 0)
			return DUMP_MEMORY;
		fprintf(writer->file, "calls=%" PRId64 " %" PRIu32 "\n",
			edge->counts.of[METRIC_ALLOCATIONS], edge->callee_line);
	}
	fprintf(writer->file, "%" PRIu32, edge->line);
	put_counts(writer->file, &edge->counts);
	return 0;
}

static int put_edges(struct writer *writer, const struct call_graph *edges)
{
	int ret = 0;

	for (size_t i = 0; i < edges->count && ret == 0; i++) {
		const struct edge *edge = &edges->array[i];

		if (i == 0 || edge->function != edge[-1].function) {
			fputc('\n', writer->file);
			ret = put_function(writer, edge->function,
					   "fl=", "fn=");
		}
		if (ret == 0)
			ret = put_edge(writer, edge);
	}
	return ret;
}

static int callgrind_write(FILE *file, struct catalog *catalog,
			   const struct export_options *options)
{
	struct writer writer = {
		.file = file,
		.catalog = catalog,
		.is_named = calloc(catalog->function_count + 1, sizeof(bool)),
	};
	struct call_graph edges;
	int ret = writer.is_named ? call_graph_init(&edges, catalog)
				  : DUMP_MEMORY;

	(void)options;
	if (ret < 0) {
		free(writer.is_named);
		return ret;
	}
	fputs("# callgrind format\nversion: 1\ncreator: " PACKAGE_STRING
	      "\ncmd: ",
	      file);
	export_command(file, &catalog->analysis->summary, "");
	fprintf(file, "\npid: %" PRIu32 "\npositions: line\n",
		catalog->analysis->summary.pid);
	for (size_t i = 0; i < EVENTS; i++)
		fprintf(file, "event: %s : %s\n", events[i].name,
			events[i].title);
	fputs("events:", file);
	for (size_t i = 0; i < EVENTS; i++)
		fprintf(file, " %s", events[i].name);
	fputs("\nsummary:", file);
	put_counts(file, &catalog->sum);
	ret = put_edges(&writer, &edges);
	intmap_clear(&writer.files);
	free(writer.is_named);
	call_graph_done(&edges);
	return ret;
}

const struct exporter export_callgrind = {
	.name = "callgrind",
	.has_zeros = true,
	.write = callgrind_write,
};
