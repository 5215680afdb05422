/* SPDX-License-Identifier: MIT */
/* Who called whom. */
#include "config.h"

#include "analyzer/model/call_graph.h"

#include <stdlib.h>

#include "analyzer/model/catalog.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"

struct builder {
	struct catalog *catalog;
	struct call_graph edges;
	size_t room;
	struct intmap numbers; /* of edges, + 1 */
	uint32_t *seen_in;     /* per function: number of an entry, + 1 */
};

static int add(struct builder *builder, const struct edge *edge)
{
	struct call_graph *edges = &builder->edges;
	uint32_t *number = intmap_at(
		&builder->numbers, (uint64_t)edge->function << 32 | edge->line,
		edge->callee);

	if (!number)
		return DUMP_MEMORY;
	if (*number != 0) {
		counts_add(&edges->array[*number - 1].counts, &edge->counts);
		return 0;
	}
	if (edges->count == builder->room) {
		size_t room = builder->room ? 2 * builder->room : 256;
		struct edge *array =
			reallocarray(edges->array, room, sizeof(*array));

		if (!array)
			return DUMP_MEMORY;
		edges->array = array;
		builder->room = room;
	}
	edges->array[edges->count++] = *edge;
	*number = (uint32_t)edges->count;
	return 0;
}

static int add_entry(struct builder *builder, size_t number)
{
	struct catalog *catalog = builder->catalog;
	const struct catalog_entry *entry = &catalog->entries[number];
	struct edge edge = { .callee = CALL_GRAPH_SELF,
			     .counts = entry->counts };

	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t j = 0; j < frame->count; j++) {
			const struct catalog_call *call =
				&catalog->calls[frame->first + j];
			uint32_t *seen = &builder->seen_in[call->function];

			edge.function = call->function;
			edge.line = call->line;
			if (*seen != number + 1 && add(builder, &edge) < 0)
				return DUMP_MEMORY;
			*seen = (uint32_t)number + 1;
			edge.callee = call->function;
			edge.callee_line = call->line;
		}
	}
	return 0;
}

static int compare(const void *left, const void *right)
{
	const struct edge *a = left, *b = right;

	if (a->function != b->function)
		return a->function < b->function ? -1 : 1;
	if (a->line != b->line)
		return a->line < b->line ? -1 : 1;
	return a->callee < b->callee ? -1 : a->callee > b->callee;
}

int call_graph_init(struct call_graph *ret_edges, struct catalog *catalog)
{
	struct builder builder = { .catalog = catalog };
	int ret = 0;

	builder.seen_in =
		calloc(catalog->function_count + 1, sizeof(*builder.seen_in));
	if (!builder.seen_in)
		return DUMP_MEMORY;
	for (size_t i = 0; i < catalog->entry_count && ret == 0; i++)
		ret = add_entry(&builder, i);
	free(builder.seen_in);
	intmap_clear(&builder.numbers);
	if (ret < 0) {
		call_graph_done(&builder.edges);
		return ret;
	}
	if (builder.edges.count)
		qsort(builder.edges.array, builder.edges.count,
		      sizeof(*builder.edges.array), compare);
	*ret_edges = builder.edges;
	return 0;
}

void call_graph_done(struct call_graph *edges)
{
	free(edges->array);
	*edges = (struct call_graph) { 0 };
}
