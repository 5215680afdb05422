/* SPDX-License-Identifier: MIT */
/*
 * callgrind's file, what KCachegrind and callgrind_annotate read: functions
 * with what their lines allocate, and calls with what is allocated below.
 */
#include "config.h"

#include <inttypes.h>

#include "analyzer/model/call_graph.h"
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

/* Names are written each time: readers compress them as they like. */
static void put_function(FILE *file, const struct catalog *catalog,
			 uint32_t number, const char *file_key,
			 const char *function_key)
{
	const struct catalog_function *function = &catalog->functions[number];

	fputs(file_key, file);
	export_text(file, function->file ? function->file : "???", "");
	fputs(function_key, file);
	export_text(file, function->name, "");
	fputc('\n', file);
}

static void put_edge(FILE *file, const struct catalog *catalog,
		     const struct edge *edge)
{
	if (edge->callee != CALL_GRAPH_SELF) {
		put_function(file, catalog, edge->callee, "cfi=", "\ncfn=");
		fprintf(file, "calls=%" PRId64 " %" PRIu32 "\n",
			edge->counts.of[METRIC_ALLOCATIONS], edge->callee_line);
	}
	fprintf(file, "%" PRIu32, edge->line);
	put_counts(file, &edge->counts);
}

static int callgrind_write(FILE *file, struct catalog *catalog,
			   const struct export_options *options)
{
	struct call_graph edges;
	int ret = call_graph_init(&edges, catalog);

	(void)options;
	if (ret < 0)
		return ret;
	fputs("# callgrind format\nversion: 1\ncreator: " PACKAGE_STRING
	      "\ncmd: ",
	      file);
	export_command(file, &catalog->analysis->summary);
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
	for (size_t i = 0; i < edges.count; i++) {
		const struct edge *edge = &edges.array[i];

		if (i == 0 || edge->function != edge[-1].function) {
			fputc('\n', file);
			put_function(file, catalog, edge->function,
				     "fl=", "\nfn=");
		}
		put_edge(file, catalog, edge);
	}
	call_graph_done(&edges);
	return 0;
}

const struct exporter export_callgrind = {
	.name = "callgrind",
	.has_zeros = true,
	.write = callgrind_write,
};
