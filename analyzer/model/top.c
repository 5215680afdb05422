/* SPDX-License-Identifier: MIT */
/* The flat table. */
#include "config.h"

#include "analyzer/model/top.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"

/* A walk over the tree, outermost frames first, each subtree in one piece. */
struct walk {
	struct analysis *analysis;
	struct places places;
	struct counts sum;  /* of the sites met so far */
	struct error error; /* of the sum */
	struct {
		uint32_t child, sibling; /* 0: none */
	} * links;			 /* per node */
	struct tally {
		struct counts self, cumulative;
		uint32_t depth;	  /* how often it is on the present stack */
	} * tallies;		  /* per place */
	struct top_error *errors; /* per place; NULL: exact */
	size_t tally_room;
};

/* In a sampled dump: as many errors as tallies. */
static int reserve_errors(struct walk *walk, size_t room)
{
	struct top_error *errors;

	if (!walk->analysis->sites.errors)
		return 0;
	errors = reallocarray(walk->errors, room, sizeof(*errors));
	if (!errors)
		return DUMP_MEMORY;
	memset(errors + walk->tally_room, 0,
	       (room - walk->tally_room) * sizeof(*errors));
	walk->errors = errors;
	return 0;
}

static int reserve_tallies(struct walk *walk)
{
	size_t room = walk->tally_room ? walk->tally_room : 64;
	struct tally *tallies;

	if (walk->places.count <= walk->tally_room)
		return 0;
	while (room < walk->places.count)
		room *= 2;
	if (reserve_errors(walk, room) < 0)
		return DUMP_MEMORY;
	tallies = reallocarray(walk->tallies, room, sizeof(*tallies));
	if (!tallies)
		return DUMP_MEMORY;
	memset(tallies + walk->tally_room, 0,
	       (room - walk->tally_room) * sizeof(*tallies));
	walk->tallies = tallies;
	walk->tally_room = room;
	return 0;
}

/* Links each node that is on the stack of a site to its parent. Roots are
 * children of node 0. */
static void link_nodes(struct walk *walk)
{
	const struct tree *tree = &walk->analysis->tree;
	const struct dump *dump = tree->dump;

	for (uint32_t i = 1; i < dump->node_count; i++) {
		uint32_t parent = 0;

		if (!walk->analysis->sites.is_used[i])
			continue;
		if (dump->node_kinds[i] != DUMP_NODE_ROOT)
			parent = tree_parent(tree, i);
		walk->links[i].sibling = walk->links[parent].child;
		walk->links[parent].child = i;
	}
}

/*
 * On the way in, a place that is new on the stack takes the sum so far from
 * its cumulative counts; on the way out it adds the sum then. What is between
 * is what its subtree has.
 */
static int enter(struct walk *walk, uint32_t node)
{
	uint32_t frame = walk->analysis->tree.frame_of[node];
	uint32_t site = walk->analysis->sites.of_node[node];
	const uint32_t *numbers;
	size_t count;

	if (frame != 0 && !names_is_wrapper(&walk->analysis->names, frame)) {
		if (places_of(&walk->places, frame, &numbers, &count) < 0 ||
		    reserve_tallies(walk) < 0)
			return DUMP_MEMORY;
		for (size_t i = 0; i < count; i++) {
			struct tally *tally = &walk->tallies[numbers[i]];

			if (tally->depth++ != 0)
				continue;
			counts_subtract(&tally->cumulative, &walk->sum);
			if (walk->errors)
				error_subtract(
					&walk->errors[numbers[i]].cumulative,
					&walk->error);
		}
	}
	if (site == 0 || !walk->analysis->filter.keeps[site - 1])
		return 0;
	counts_add(&walk->sum, &walk->analysis->sites.array[site - 1].counts);
	if (walk->analysis->sites.errors)
		error_add(&walk->error,
			  &walk->analysis->sites.errors[site - 1]);
	return 0;
}

static void leave(struct walk *walk, uint32_t node)
{
	uint32_t frame = walk->analysis->tree.frame_of[node];
	const uint32_t *numbers;
	size_t count;

	if (frame == 0 || names_is_wrapper(&walk->analysis->names, frame) ||
	    places_of(&walk->places, frame, &numbers, &count) < 0)
		return;
	for (size_t i = 0; i < count; i++) {
		struct tally *tally = &walk->tallies[numbers[i]];

		if (--tally->depth != 0)
			continue;
		counts_add(&tally->cumulative, &walk->sum);
		if (walk->errors)
			error_add(&walk->errors[numbers[i]].cumulative,
				  &walk->error);
	}
}

static int walk_tree(struct walk *walk)
{
	const struct tree *tree = &walk->analysis->tree;
	const struct dump *dump = tree->dump;
	uint32_t node = walk->links[0].child;
	int ret = 0;

	while (node != 0 && ret == 0) {
		ret = enter(walk, node);
		if (walk->links[node].child) {
			node = walk->links[node].child;
			continue;
		}
		/* Up to where there is a sibling. */
		for (;;) {
			leave(walk, node);
			if (walk->links[node].sibling) {
				node = walk->links[node].sibling;
				break;
			}
			if (dump->node_kinds[node] == DUMP_NODE_ROOT) {
				node = 0;
				break;
			}
			node = tree_parent(tree, node);
		}
	}
	return ret;
}

/* The innermost activation of each site. */
static int add_selves(struct walk *walk, struct counts *no_stack)
{
	struct analysis *analysis = walk->analysis;

	for (size_t i = 0; i < analysis->sites.count; i++) {
		const struct site *site = &analysis->sites.array[i];
		uint32_t node, frame;
		const uint32_t *numbers;
		struct tally *tally;
		bool is_missing;
		size_t count;

		if (!analysis->filter.keeps[i])
			continue;
		node = names_self(&analysis->names, site->node);
		frame = analysis->tree.frame_of[node];
		if (frame == 0) {
			counts_add(no_stack, &site->counts);
			continue;
		}
		if (places_of(&walk->places, frame, &numbers, &count) < 0 ||
		    reserve_tallies(walk) < 0)
			return DUMP_MEMORY;
		tally = &walk->tallies[numbers[0]];
		counts_add(&tally->self, &site->counts);
		/* A stack of nothing but wrappers was not met on the walk. */
		is_missing = names_is_wrapper(&analysis->names, frame);
		if (is_missing)
			counts_add(&tally->cumulative, &site->counts);
		if (!walk->errors)
			continue;
		error_add(&walk->errors[numbers[0]].self,
			  &analysis->sites.errors[i]);
		if (is_missing)
			error_add(&walk->errors[numbers[0]].cumulative,
				  &analysis->sites.errors[i]);
	}
	return 0;
}

static int make_place_rows(struct top *top, struct walk *walk,
			   const struct counts *no_stack)
{
	top->rows = calloc(walk->places.count + 1, sizeof(*top->rows));
	if (walk->errors)
		top->errors =
			calloc(walk->places.count + 1, sizeof(*top->errors));
	if (!top->rows || (walk->errors && !top->errors))
		return DUMP_MEMORY;
	for (size_t i = 0; i < walk->places.count; i++) {
		const struct tally *tally = &walk->tallies[i];

		if (counts_is_zero(&tally->self) &&
		    counts_is_zero(&tally->cumulative))
			continue;
		if (top->errors)
			top->errors[top->count] = walk->errors[i];
		top->rows[top->count++] = (struct top_row) {
			.self = tally->self,
			.cumulative = tally->cumulative,
			.place = walk->places.array[i],
		};
	}
	if (!counts_is_zero(no_stack))
		top->rows[top->count++] = (struct top_row) {
			.self = *no_stack,
			.cumulative = *no_stack,
			.place.module = MODULES_NONE,
			.has_no_stack = true,
		};
	return 0;
}

static int top_places(struct top *top, struct analysis *analysis,
		      enum places_by by)
{
	struct walk walk = { .analysis = analysis };
	struct counts no_stack = { 0 };
	size_t nodes = analysis->dump->node_count + 1;
	int ret = places_init(&walk.places, &analysis->names, by);

	walk.links = region_new(nodes, sizeof(*walk.links));
	if (!walk.links)
		ret = DUMP_MEMORY;
	if (ret == 0) {
		link_nodes(&walk);
		ret = walk_tree(&walk);
	}
	if (ret == 0)
		ret = add_selves(&walk, &no_stack);
	if (ret == 0)
		ret = make_place_rows(top, &walk, &no_stack);
	region_free(walk.links, nodes, sizeof(*walk.links));
	free(walk.tallies);
	free(walk.errors);
	places_done(&walk.places);
	return ret;
}

static int top_sites(struct top *top, const struct analysis *analysis)
{
	const struct sites *sites = &analysis->sites;

	top->rows = calloc(sites->count + 1, sizeof(*top->rows));
	if (sites->errors)
		top->errors = calloc(sites->count + 1, sizeof(*top->errors));
	if (!top->rows || (sites->errors && !top->errors))
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites->count; i++) {
		if (!analysis->filter.keeps[i])
			continue;
		if (top->errors)
			top->errors[top->count] = (struct top_error) {
				.self = sites->errors[i],
				.cumulative = sites->errors[i],
			};
		top->rows[top->count++] = (struct top_row) {
			.self = sites->array[i].counts,
			.cumulative = sites->array[i].counts,
			.site = (uint32_t)i,
			.has_no_stack = sites->array[i].node == 0,
		};
	}
	return 0;
}

static void describe_thread(struct top_row *row, const struct mpf_thread *from)
{
	row->tid = from->tid;
	row->threads = from->threads;
	row->is_inherited = from->flags & MPF_THREAD_INHERITED;
	memcpy(row->thread_name, from->name, sizeof(from->name));
}

/* Adds up the slots of each thread as they are: all, or those looked at. */
static void add_recorded(struct top *top, const struct analysis *analysis,
			 bool is_all)
{
	const struct dump *dump = analysis->dump;
	const struct sites *sites = &analysis->sites;

	for (size_t r = 0; r < dump->run_count; r++) {
		const struct dump_run *run = &dump->runs[r];

		for (size_t i = run->first; i < run->first + run->count; i++) {
			uint32_t site = sites_of_slot(sites, i);
			struct counts counts;

			if (dump->slots[i].class_node == 0 ||
			    (!is_all && (site == SITES_NONE ||
					 !analysis->filter.keeps[site])))
				continue;
			sites_slot_counts(sites, i, &counts);
			counts_add(&top->rows[run->owner].self, &counts);
		}
	}
}

/* The same as estimates. 0, or DUMP_MEMORY. */
static int add_estimates(struct top *top, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	const struct sites *sites = &analysis->sites;
	struct estimate *sums = calloc(dump->thread_count + 1, sizeof(*sums));
	struct estimate_room room;

	if (!sums)
		return DUMP_MEMORY;
	for (size_t r = 0; r < dump->run_count; r++) {
		const struct dump_run *run = &dump->runs[r];

		for (size_t i = run->first; i < run->first + run->count; i++) {
			uint32_t site = sites_of_slot(sites, i);

			if (site != SITES_NONE && analysis->filter.keeps[site])
				sites_slot_estimate(sites, i,
						    &sums[run->owner]);
		}
	}
	estimate_room_init(&room);
	for (size_t i = 0; i < dump->thread_count; i++)
		estimate_round(&top->rows[i].self, &sums[i], &room);
	free(sums);
	return 0;
}

/* Who did it: frees count for the thread that freed, so that what is live may
 * be less than nothing for one of them. */
static int top_threads(struct top *top, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	const struct sites *sites = &analysis->sites;
	size_t kept = 0;

	top->rows = calloc(dump->thread_count + 1, sizeof(*top->rows));
	if (!top->rows)
		return DUMP_MEMORY;
	top->is_estimate = sites->errors && !analysis->filter.is_complete;
	if (!top->is_estimate)
		add_recorded(top, analysis, sites->errors != NULL);
	else if (add_estimates(top, analysis) < 0)
		return DUMP_MEMORY;
	for (size_t i = 0; i < dump->thread_count; i++) {
		if (counts_is_zero(&top->rows[i].self))
			continue;
		top->rows[kept] = top->rows[i];
		describe_thread(&top->rows[kept], &dump->threads[i]);
		top->rows[kept].cumulative = top->rows[kept].self;
		kept++;
	}
	for (size_t i = 0; i < sites->count; i++) {
		if (sites->array[i].kind != SITE_OVERFLOW ||
		    !analysis->filter.keeps[i])
			continue;
		top->rows[kept++] = (struct top_row) {
			.self = sites->array[i].counts,
			.cumulative = sites->array[i].counts,
			.has_no_stack = true,
		};
	}
	top->count = kept;
	return 0;
}

const char *top_by_name(enum top_by by)
{
	static const char *const names[] = {
		[TOP_FUNCTION] = "function", [TOP_LINE] = "line",
		[TOP_FILE] = "file",	     [TOP_MODULE] = "module",
		[TOP_SITE] = "site",	     [TOP_THREAD] = "thread",
	};

	return names[by];
}

int top_init(struct top *ret_top, struct analysis *analysis, enum top_by by)
{
	static const enum places_by places[] = {
		[TOP_FUNCTION] = PLACES_FUNCTION,
		[TOP_LINE] = PLACES_LINE,
		[TOP_FILE] = PLACES_FILE,
		[TOP_MODULE] = PLACES_MODULE,
	};
	struct top top = {
		.by = by,
		.is_estimate = analysis->sites.errors != NULL,
	};
	int ret;

	if (by == TOP_SITE)
		ret = top_sites(&top, analysis);
	else if (by == TOP_THREAD)
		ret = top_threads(&top, analysis);
	else
		ret = top_places(&top, analysis, places[by]);
	if (ret == 0)
		*ret_top = top;
	else
		top_done(&top);
	return ret;
}

void top_done(struct top *top)
{
	free(top->rows);
	free(top->errors);
	*top = (struct top) { 0 };
}
