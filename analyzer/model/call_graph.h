/* SPDX-License-Identifier: MIT */
/*
 * Who called whom: what each line of a function has allocated itself, and what
 * was allocated below each call of another function.
 *
 * A function that is on a stack several times counts there once, as it is
 * nearest to the allocation: so what a function has in all is what its own
 * lines have and its calls together, recursion or not.
 */
#ifndef MEMPROF_ANALYZER_MODEL_CALL_GRAPH_H
#define MEMPROF_ANALYZER_MODEL_CALL_GRAPH_H

#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"

struct catalog;

#define CALL_GRAPH_SELF UINT32_MAX

struct edge {
	uint32_t function; /* of the catalog */
	uint32_t line;
	uint32_t callee; /* CALL_GRAPH_SELF: none, the line allocates itself */
	uint32_t callee_line;
	struct counts counts;
};

struct call_graph {
	struct edge *array; /* by function, then line, then callee */
	size_t count;
};

/* 0, or DUMP_MEMORY. */
int call_graph_init(struct call_graph *ret_edges, struct catalog *catalog);
void call_graph_done(struct call_graph *edges);

#endif
