/* SPDX-License-Identifier: MIT */
/* Callers and callees. */
#include "config.h"

#include "analyzer/model/edges.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/walk.h"

/* An activation on the present stack. */
struct active {
	uint32_t place;	   /* number in the keys */
	uint32_t row;	   /* + 1 of the edge that it began; 0: none */
	uint32_t self_row; /* + 1 of what it allocates itself */
	bool is_outermost; /* of its place, which matches */
};

/* What is known of a place, by number in the keys. */
struct known {
	uint32_t depth; /* on the present stack */
	bool is_tried, is_matching;
};

struct collector {
	struct edges *edges;
	const struct edges_options *options;
	struct analysis *analysis;
	regex_t regex;
	struct places places;
	struct keys_of_places key_of;
	struct known *known;
	size_t known_room;
	struct active *stack;
	size_t depth, stack_room;
	struct counts sum;
	struct error error;
	struct intmap row_of; /* place and other: row + 1 */
	size_t row_room;
};

static void *grow(void *array, size_t *room, size_t needed, size_t bytes)
{
	size_t more = *room ? *room : 64;
	char *larger;

	while (more < needed)
		more *= 2;
	larger = reallocarray(array, more, bytes);
	if (!larger)
		return NULL;
	memset(larger + *room * bytes, 0, (more - *room) * bytes);
	*room = more;
	return larger;
}

/* The key of a place of this dump, and room for what is known of it. */
static int key_of(struct collector *collector, uint32_t place,
		  uint32_t *ret_key)
{
	if (keys_of_place(&collector->key_of, &collector->places, place,
			  ret_key) < 0)
		return DUMP_MEMORY;
	if (*ret_key >= collector->known_room) {
		struct known *known =
			grow(collector->known, &collector->known_room,
			     *ret_key + 1, sizeof(*known));

		if (!known)
			return DUMP_MEMORY;
		collector->known = known;
	}
	return 0;
}

static bool matches(const struct collector *collector, const char *text)
{
	return text && regexec(&collector->regex, text, 0, NULL, 0) == 0;
}

static bool is_matching(struct collector *collector, uint32_t key)
{
	const struct keys_entry *entry = &collector->edges->keys.array[key];
	struct known *known = &collector->known[key];

	if (!known->is_tried) {
		known->is_tried = true;
		known->is_matching =
			matches(collector, entry->place.function) ||
			matches(collector, entry->place.file) ||
			matches(collector, entry->module);
	}
	return known->is_matching;
}

/* Row + 1 of an edge. */
static int find_row(struct collector *collector, uint32_t place, uint32_t other,
		    uint32_t *ret_row)
{
	uint32_t *row = intmap_at(&collector->row_of, place, other);
	struct edges *edges = collector->edges;

	if (!row)
		return DUMP_MEMORY;
	if (*row == 0) {
		if (edges->count == collector->row_room) {
			struct edges_row *rows =
				grow(edges->rows, &collector->row_room,
				     edges->count + 1, sizeof(*rows));

			if (!rows)
				return DUMP_MEMORY;
			edges->rows = rows;
		}
		edges->rows[edges->count].place = place;
		edges->rows[edges->count].other = other;
		*row = (uint32_t)++edges->count;
	}
	*ret_row = *row;
	return 0;
}

static void begin(struct collector *collector, uint32_t row)
{
	struct edges_row *at = &collector->edges->rows[row - 1];

	counts_subtract(&at->counts, &collector->sum);
	error_subtract(&at->error, &collector->error);
}

static void end(struct collector *collector, uint32_t row)
{
	struct edges_row *at = &collector->edges->rows[row - 1];

	counts_add(&at->counts, &collector->sum);
	error_add(&at->error, &collector->error);
}

/*
 * Callers: an outermost activation begins the edge to what called it. Callees:
 * an outermost activation begins its own part; what it calls takes over from
 * that for as long as it lasts.
 */
static int enter_activation(struct collector *collector, uint32_t key)
{
	struct active *active, *caller = NULL;
	int ret = 0;

	if (collector->depth == collector->stack_room) {
		struct active *stack =
			grow(collector->stack, &collector->stack_room,
			     collector->depth + 1, sizeof(*stack));

		if (!stack)
			return DUMP_MEMORY;
		collector->stack = stack;
	}
	active = &collector->stack[collector->depth];
	if (collector->depth > 0)
		caller = active - 1;
	*active = (struct active) {
		.place = key,
		.is_outermost = collector->known[key].depth++ == 0 &&
				is_matching(collector, key),
	};
	collector->depth++;
	if (!collector->options->callees) {
		if (active->is_outermost)
			ret = find_row(collector, key,
				       caller ? caller->place : EDGES_NONE,
				       &active->row);
	} else {
		if (caller && caller->is_outermost)
			ret = find_row(collector, caller->place, key,
				       &active->row);
		if (ret == 0 && active->is_outermost)
			ret = find_row(collector, key, EDGES_NONE,
				       &active->self_row);
	}
	if (ret < 0)
		return ret;
	if (active->row) {
		if (caller && caller->self_row)
			end(collector, caller->self_row);
		begin(collector, active->row);
	}
	if (active->self_row)
		begin(collector, active->self_row);
	return 0;
}

static void leave_activation(struct collector *collector)
{
	const struct active *active = &collector->stack[--collector->depth];

	collector->known[active->place].depth--;
	if (active->self_row)
		end(collector, active->self_row);
	if (!active->row)
		return;
	end(collector, active->row);
	if (collector->depth > 0 && active[-1].self_row)
		begin(collector, active[-1].self_row);
}

static int enter(void *context, uint32_t frame, uint32_t site)
{
	struct collector *collector = context;
	const struct sites *sites = &collector->analysis->sites;
	const uint32_t *numbers;
	size_t count;

	if (frame != 0) {
		if (places_of(&collector->places, frame, &numbers, &count) < 0)
			return DUMP_MEMORY;
		for (size_t i = count; i-- > 0;) {
			uint32_t key;

			if (key_of(collector, numbers[i], &key) < 0 ||
			    enter_activation(collector, key) < 0)
				return DUMP_MEMORY;
		}
	}
	if (site == WALK_NO_SITE)
		return 0;
	counts_add(&collector->sum, &sites->array[site].counts);
	if (sites->errors)
		error_add(&collector->error, &sites->errors[site]);
	return 0;
}

static void leave(void *context, uint32_t frame)
{
	struct collector *collector = context;
	const uint32_t *numbers;
	size_t count;

	if (frame == 0 ||
	    places_of(&collector->places, frame, &numbers, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++)
		leave_activation(collector);
}

static int collect(struct collector *collector, struct analysis *analysis,
		   uint32_t dump)
{
	const struct walk_visitor visitor = {
		.context = collector,
		.enter = enter,
		.leave = leave,
	};
	int ret;

	collector->analysis = analysis;
	collector->key_of = (struct keys_of_places) {
		.keys = &collector->edges->keys,
		.analysis = analysis,
		.dump = dump,
	};
	collector->sum = (struct counts) { 0 };
	collector->error = (struct error) { 0 };
	ret = places_init(&collector->places, &analysis->names,
			  collector->options->by);
	if (ret == 0)
		ret = walk_stacks(analysis, &visitor);
	places_done(&collector->places);
	keys_of_places_done(&collector->key_of);
	return ret;
}

struct sorter {
	const struct edges_row *places; /* by place */
	const uint32_t *sums;		/* per key: index of its place + 1 */
	enum metric metric;
};

static int compare(const void *left, const void *right, void *context)
{
	const struct edges_row *a = left, *b = right;
	const struct sorter *sorter = context;
	int64_t x = a->counts.of[sorter->metric];
	int64_t y = b->counts.of[sorter->metric];

	if (sorter->places && a->place != b->place) {
		x = sorter->places[sorter->sums[a->place] - 1]
			    .counts.of[sorter->metric];
		y = sorter->places[sorter->sums[b->place] - 1]
			    .counts.of[sorter->metric];
		if (x == y)
			return a->place < b->place ? -1 : 1;
	}
	if (x != y)
		return x > y ? -1 : 1;
	if (a->place != b->place)
		return a->place < b->place ? -1 : 1;
	return a->other < b->other ? -1 : a->other > b->other;
}

/* Leaves out what has nothing, sums up, and sorts. */
static int finish(struct edges *edges, enum metric metric)
{
	struct sorter sorter = { .metric = metric };
	uint32_t *sums = calloc(edges->keys.count + 1, sizeof(*sums));
	size_t kept = 0;

	edges->places = calloc(edges->count + 1, sizeof(*edges->places));
	if (!sums || !edges->places) {
		free(sums);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < edges->count; i++) {
		const struct edges_row row = edges->rows[i];
		struct edges_row *place;

		if (counts_is_zero(&row.counts))
			continue;
		if (sums[row.place] == 0) {
			edges->places[edges->place_count].place = row.place;
			edges->places[edges->place_count].other = EDGES_NONE;
			sums[row.place] = (uint32_t)++edges->place_count;
		}
		place = &edges->places[sums[row.place] - 1];
		counts_add_bounded(&place->counts, &row.counts);
		error_add(&place->error, &row.error);
		edges->rows[kept++] = row;
	}
	edges->count = kept;
	sorter.places = edges->places;
	sorter.sums = sums;
	if (kept)
		qsort_r(edges->rows, kept, sizeof(*edges->rows), compare,
			&sorter);
	sorter.places = NULL;
	if (kept)
		qsort_r(edges->places, edges->place_count,
			sizeof(*edges->places), compare, &sorter);
	free(sums);
	return 0;
}

int edges_init(struct edges *ret_edges, const struct set *set,
	       const struct edges_options *options,
	       char fault[static FILTER_FAULT_BYTES])
{
	struct edges edges = {
		.keys.strip_dirs = options->strip_dirs,
		.is_estimate = set_is_estimate(set),
	};
	struct collector collector = { .edges = &edges, .options = options };
	int ret = regcomp(&collector.regex, options->regex,
			  REG_EXTENDED | REG_NOSUB);

	if (ret == REG_ESPACE)
		return DUMP_MEMORY;
	if (ret) {
		regerror(ret, &collector.regex, fault, FILTER_FAULT_BYTES);
		return FILTER_BAD_REGEX;
	}
	for (uint32_t t = 0; t < set->count && ret == 0; t++)
		ret = collect(&collector, &set->array[t], t);
	if (ret == 0)
		ret = finish(&edges, options->metric);
	regfree(&collector.regex);
	free(collector.known);
	free(collector.stack);
	intmap_clear(&collector.row_of);
	if (ret == 0)
		*ret_edges = edges;
	else
		edges_done(&edges);
	return ret;
}

void edges_done(struct edges *edges)
{
	keys_done(&edges->keys);
	free(edges->rows);
	free(edges->places);
	*edges = (struct edges) { 0 };
}
