/* SPDX-License-Identifier: MIT */
/* The flat table by function, line, file or module. */
#include "config.h"

#include "analyzer/model/top_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/walk.h"

/* What is added up while the stacks are walked. */
struct walk {
	struct analysis *analysis;
	struct places places;
	struct whole {
		struct counts sum;  /* of the sites met so far */
		struct error error; /* of the sum */
	} all, native;		    /* native: without Python on the stack */
	bool python_first;	    /* as in analysis.h */
	uint32_t python_depth;	    /* frames of Python on the present stack */
	struct tally {
		struct counts self, cumulative;
		struct lifetime lifetime;
		uint8_t greatest;
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

static bool is_python(const struct walk *walk, uint32_t frame)
{
	return walk->analysis->tree.frames[frame].is_python;
}

/* The sites that count for a frame. */
static const struct whole *whole_of(const struct walk *walk, uint32_t frame)
{
	return walk->python_first && !is_python(walk, frame) ? &walk->native
							     : &walk->all;
}

static void add_site(struct whole *whole, const struct sites *sites,
		     uint32_t site)
{
	counts_add(&whole->sum, &sites->array[site].counts);
	if (sites->errors)
		error_add(&whole->error, &sites->errors[site]);
}

/*
 * On the way in, a place that is new on the stack takes the sum so far from
 * its cumulative counts; on the way out it adds the sum then. What is between
 * is what its subtree has.
 */
static int enter(void *context, uint32_t frame, uint32_t site)
{
	struct walk *walk = context;
	const struct sites *sites = &walk->analysis->sites;
	const uint32_t *numbers;
	size_t count;

	if (frame != 0) {
		const struct whole *whole = whole_of(walk, frame);

		walk->python_depth += is_python(walk, frame);
		if (places_of(&walk->places, frame, &numbers, &count) < 0 ||
		    reserve_tallies(walk) < 0)
			return DUMP_MEMORY;
		for (size_t i = 0; i < count; i++) {
			struct tally *tally = &walk->tallies[numbers[i]];

			if (tally->depth++ != 0)
				continue;
			counts_subtract(&tally->cumulative, &whole->sum);
			if (walk->errors)
				error_subtract(
					&walk->errors[numbers[i]].cumulative,
					&whole->error);
		}
	}
	if (site == WALK_NO_SITE)
		return 0;
	add_site(&walk->all, sites, site);
	if (walk->python_first && walk->python_depth == 0)
		add_site(&walk->native, sites, site);
	return 0;
}

static void leave(void *context, uint32_t frame)
{
	struct walk *walk = context;
	const struct whole *whole;
	const uint32_t *numbers;
	size_t count;

	if (frame == 0 || places_of(&walk->places, frame, &numbers, &count) < 0)
		return;
	walk->python_depth -= is_python(walk, frame);
	whole = whole_of(walk, frame);
	for (size_t i = 0; i < count; i++) {
		struct tally *tally = &walk->tallies[numbers[i]];

		if (--tally->depth != 0)
			continue;
		counts_add(&tally->cumulative, &whole->sum);
		if (walk->errors)
			error_add(&walk->errors[numbers[i]].cumulative,
				  &whole->error);
	}
}

/* The frame that a site's own counts are those of; 0: there is none. */
static uint32_t frame_of_self(struct walk *walk, const struct site *site)
{
	struct analysis *analysis = walk->analysis;
	const struct tree *tree = &analysis->tree;
	uint32_t self = names_self(&analysis->names, site->node), node = self;

	if (!walk->python_first)
		return tree->frame_of[self];
	while (node != 0 && tree->frame_of[node] != 0) {
		if (is_python(walk, tree->frame_of[node]))
			return tree->frame_of[node];
		node = tree_parent(tree, node);
	}
	return tree->frame_of[self];
}

/* The innermost activation of each site. */
static int add_selves(struct walk *walk, const struct top_of_sites *extras,
		      struct counts *no_stack)
{
	struct analysis *analysis = walk->analysis;

	for (size_t i = 0; i < analysis->sites.count; i++) {
		const struct site *site = &analysis->sites.array[i];
		uint32_t frame;
		const uint32_t *numbers;
		struct tally *tally;
		bool is_missing;
		size_t count;

		if (!analysis->filter.keeps[i])
			continue;
		frame = frame_of_self(walk, site);
		if (frame == 0) {
			counts_add(no_stack, &site->counts);
			continue;
		}
		if (places_of(&walk->places, frame, &numbers, &count) < 0 ||
		    reserve_tallies(walk) < 0)
			return DUMP_MEMORY;
		tally = &walk->tallies[numbers[0]];
		counts_add(&tally->self, &site->counts);
		if (extras->greatest && extras->greatest[i] > tally->greatest)
			tally->greatest = extras->greatest[i];
		if (extras->lifetimes)
			lifetime_add(&tally->lifetime, &extras->lifetimes[i]);
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
			.greatest = tally->greatest,
			.lifetime = tally->lifetime,
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

int top_places(struct top *top, struct analysis *analysis, enum places_by by,
	       const struct top_of_sites *extras)
{
	struct walk walk = { .analysis = analysis,
			     .python_first = analysis->python_first &&
					     by != PLACES_MODULE };
	const struct walk_visitor visitor = {
		.context = &walk,
		.enter = enter,
		.leave = leave,
	};
	struct counts no_stack = { 0 };
	int ret = places_init(&walk.places, &analysis->names, by);

	if (ret == 0)
		ret = walk_stacks(analysis, &visitor);
	if (ret == 0)
		ret = add_selves(&walk, extras, &no_stack);
	if (ret == 0)
		ret = make_place_rows(top, &walk, &no_stack);
	free(walk.tallies);
	free(walk.errors);
	places_done(&walk.places);
	return ret;
}
