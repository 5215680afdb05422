/* SPDX-License-Identifier: MIT */
/*
 * The call tree turned round. Written out it has as many nodes as all stacks
 * together have frames; so it is made by dividing the stacks, and a node
 * stands here for as long a run of frames as all of its stacks have in common.
 */
#include "config.h"

#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/flame_build.h"
#include "analyzer/model/intmap.h"
#include "analyzer/model/region.h"

/* A node of the tree from the top down that allocates itself, on its way to
 * the root. */
struct path {
	uint32_t at;	 /* node of that tree */
	uint32_t number; /* in the order of the nodes */
};

/* Paths that go through the same nodes: paths[first] .. + count. */
struct run {
	uint32_t parent; /* run; smaller */
	uint32_t first, count;
	uint32_t depth;	 /* of its first node; the root has 0 */
	uint32_t length; /* nodes */
	uint32_t end;	 /* number + 1 of the path that ends here; 0: none */
	uint32_t kept;	 /* nodes that stay */
	uint32_t last;	 /* the last node, here or further up, that stays */
	bool is_on_way;	 /* to one of which some stay */
};

struct inverter {
	const struct flame_build *from;
	uint32_t *depths; /* per node of from */
	struct path *paths, *scratch;
	size_t path_count;
	int64_t (*selfs)[FLAME_METRICS]; /* per number of a path */
	double (*self_variances)[FLAME_METRICS];
	uint32_t *starts; /* per number: the node it begins at */

	struct run *runs;
	size_t run_count, run_room;
	int64_t (*totals)[FLAME_METRICS]; /* per run */
	double (*variances)[FLAME_METRICS];

	uint32_t *table; /* buckets by the path they were met with first */
	size_t table_room;
	uint32_t *bucket_of; /* per path of a run */
	uint32_t *sizes;     /* per bucket */
};

/* ---- the paths ---- */

/* Numbers the nodes that sites are at; 0: no site is. */
static uint32_t *number_nodes(const struct flame_build *from, size_t *ret_count)
{
	uint32_t *numbers = region_new(from->count, sizeof(*numbers));

	if (!numbers)
		return NULL;
	for (size_t i = 0; i < from->analyses[0]->sites.count; i++)
		if (from->of_site[0][i] != FLAME_NOWHERE)
			numbers[from->of_site[0][i]] = 1;
	*ret_count = 0;
	for (size_t i = 1; i < from->count; i++)
		if (numbers[i] != 0)
			numbers[i] = (uint32_t)++ * ret_count;
	return numbers;
}

static bool has_self(const int64_t *values)
{
	for (int m = 0; m < FLAME_METRICS; m++)
		if (values[m] != 0)
			return true;
	return false;
}

static int add_selves(struct inverter *inverter, const uint32_t *numbers,
		      size_t count)
{
	const struct flame_build *from = inverter->from;
	const struct sites *sites = &from->analyses[0]->sites;

	inverter->selfs = calloc(count + 1, sizeof(*inverter->selfs));
	if (sites->errors)
		inverter->self_variances =
			calloc(count + 1, sizeof(*inverter->self_variances));
	inverter->starts = calloc(count + 1, sizeof(*inverter->starts));
	if (!inverter->selfs || !inverter->starts ||
	    (sites->errors && !inverter->self_variances))
		return DUMP_MEMORY;
	for (size_t i = 0; i < sites->count; i++) {
		uint32_t node = from->of_site[0][i], number;

		if (node == FLAME_NOWHERE)
			continue;
		number = numbers[node] - 1;
		inverter->starts[number] = node;
		flame_add_site(inverter->selfs[number],
			       &sites->array[i].counts);
		for (int m = 0; m < FLAME_METRICS && sites->errors; m++)
			inverter->self_variances[number][m] +=
				flame_variance(&sites->errors[i], m);
	}
	return 0;
}

static int begin(struct inverter *inverter, const struct flame_build *from)
{
	uint32_t *numbers;
	size_t count;
	int ret;

	*inverter = (struct inverter) { .from = from };
	inverter->depths = region_new(from->count, sizeof(*inverter->depths));
	numbers = number_nodes(from, &count);
	ret = numbers && inverter->depths ? add_selves(inverter, numbers, count)
					  : DUMP_MEMORY;
	region_free(numbers, from->count, sizeof(*numbers));
	if (ret < 0)
		return ret;
	inverter->paths = calloc(count + 1, sizeof(*inverter->paths));
	inverter->scratch = calloc(count + 1, sizeof(*inverter->scratch));
	inverter->bucket_of = calloc(count + 1, sizeof(*inverter->bucket_of));
	inverter->sizes = calloc(count + 2, sizeof(*inverter->sizes));
	for (inverter->table_room = 4; inverter->table_room < 2 * count;)
		inverter->table_room *= 2;
	inverter->table =
		calloc(inverter->table_room, sizeof(*inverter->table));
	if (!inverter->paths || !inverter->scratch || !inverter->bucket_of ||
	    !inverter->sizes || !inverter->table)
		return DUMP_MEMORY;
	for (uint32_t i = 0; i < count; i++)
		if (has_self(inverter->selfs[i]))
			inverter->paths[inverter->path_count++] =
				(struct path) { inverter->starts[i], i };
	for (size_t i = 1; i < from->count; i++)
		inverter->depths[i] =
			inverter->depths[from->nodes[i].parent] + 1;
	return 0;
}

static void end(struct inverter *inverter)
{
	region_free(inverter->depths,
		    inverter->from ? inverter->from->count : 0,
		    sizeof(*inverter->depths));
	free(inverter->paths);
	free(inverter->scratch);
	free(inverter->selfs);
	free(inverter->self_variances);
	free(inverter->starts);
	free(inverter->runs);
	free(inverter->table);
	free(inverter->bucket_of);
	free(inverter->sizes);
	region_free(inverter->totals, inverter->run_count,
		    sizeof(*inverter->totals));
	region_free(inverter->variances, inverter->run_count,
		    sizeof(*inverter->variances));
}

/* ---- the runs ---- */

static bool is_same(const struct flame_build *from, uint32_t a, uint32_t b)
{
	const struct flame_raw *x = &from->nodes[a], *y = &from->nodes[b];

	return x->key == y->key && x->kind == y->kind &&
	       x->is_inlined == y->is_inlined;
}

static int add_run(struct inverter *inverter, const struct run *run)
{
	if (inverter->run_count == inverter->run_room) {
		size_t room =
			inverter->run_room
				? inverter->run_room + inverter->run_room / 2
				: 1024;
		struct run *runs =
			reallocarray(inverter->runs, room, sizeof(*runs));

		if (!runs || room > UINT32_MAX)
			return DUMP_MEMORY;
		inverter->runs = runs;
		inverter->run_room = room;
	}
	inverter->runs[inverter->run_count++] = *run;
	return 0;
}

/* Goes on to where the paths of a run part, or end. */
static void extend(struct inverter *inverter, struct run *run)
{
	const struct flame_build *from = inverter->from;
	struct path *paths = &inverter->paths[run->first];

	run->length = 1;
	if (run->count == 1) {
		run->length = inverter->depths[paths->at];
		run->end = paths->number + 1;
		return;
	}
	for (;;) {
		uint32_t ahead = from->nodes[paths->at].parent;

		for (uint32_t i = 0; i < run->count; i++) {
			uint32_t next = from->nodes[paths[i].at].parent;

			if (next == 0)
				run->end = paths[i].number + 1;
			if (next == 0 || !is_same(from, next, ahead))
				ahead = 0;
		}
		for (uint32_t i = 0; i < run->count; i++)
			paths[i].at = from->nodes[paths[i].at].parent;
		if (ahead == 0)
			return;
		run->length++;
	}
}

/* The bucket of what is like the node of a path; made where there is none. */
static uint32_t bucket_of(struct inverter *inverter, size_t room,
			  const struct path *paths, uint32_t i, uint32_t *count)
{
	const struct flame_build *from = inverter->from;
	const struct flame_raw *node = &from->nodes[paths[i].at];
	size_t mask = room - 1;
	size_t at = (size_t)intmap_hash((uint64_t)node->key << 8 |
					(uint64_t)node->kind << 1 |
					(uint64_t)node->is_inlined) &
		    mask;

	while (inverter->table[at] != 0) {
		uint32_t known = inverter->table[at] - 1;

		if (is_same(from, paths[known].at, paths[i].at))
			return inverter->bucket_of[known];
		at = (at + 1) & mask;
	}
	inverter->table[at] = i + 1;
	return (*count)++;
}

/*
 * The paths of a run as runs of their own, by the next node: those that were
 * met first come first, each with its paths in order.
 */
static int divide(struct inverter *inverter, uint32_t number)
{
	const struct run run = inverter->runs[number];
	struct path *paths = &inverter->paths[run.first];
	uint32_t count = 0, first = 0;
	size_t room = 4;

	while (room < 2 * (size_t)run.count)
		room *= 2;
	for (size_t i = 0; i < room; i++)
		inverter->table[i] = 0;
	/* Bucket 0 is of what ended. */
	inverter->sizes[count++] = 0;
	for (uint32_t i = 0; i < run.count; i++) {
		uint32_t bucket = 0, known = count;

		if (paths[i].at != 0)
			bucket = bucket_of(inverter, room, paths, i, &count);
		if (count > known)
			inverter->sizes[bucket] = 0;
		inverter->bucket_of[i] = bucket;
		inverter->sizes[bucket]++;
		inverter->scratch[i] = paths[i];
	}
	for (uint32_t b = 0; b < count; b++) {
		const struct run child = { .parent = number,
					   .first = run.first + first,
					   .count = inverter->sizes[b],
					   .depth = run.depth + run.length };

		if (b > 0 && add_run(inverter, &child) < 0)
			return DUMP_MEMORY;
		inverter->sizes[b] = first;
		first += child.count;
	}
	for (uint32_t i = 0; i < run.count; i++)
		paths[inverter->sizes[inverter->bucket_of[i]]++] =
			inverter->scratch[i];
	return 0;
}

static int add_runs(struct inverter *inverter)
{
	int ret =
		add_run(inverter,
			&(struct run) { .count = (uint32_t)inverter->path_count,
					.length = 1 });

	for (uint32_t i = 0; i < inverter->run_count && ret == 0; i++) {
		if (i > 0)
			extend(inverter, &inverter->runs[i]);
		if (i == 0 || inverter->runs[i].count > 1)
			ret = divide(inverter, i);
	}
	return ret;
}

/* What a run has is the same all along it. */
static int add_totals(struct inverter *inverter)
{
	size_t count = inverter->run_count;

	inverter->totals = region_new(count, sizeof(*inverter->totals));
	if (inverter->self_variances)
		inverter->variances =
			region_new(count, sizeof(*inverter->variances));
	if (!inverter->totals ||
	    (inverter->self_variances && !inverter->variances))
		return DUMP_MEMORY;
	for (size_t i = count; i-- > 0;) {
		const struct run *run = &inverter->runs[i];

		if (run->end != 0)
			flame_add_values(inverter->totals[i],
					 inverter->selfs[run->end - 1]);
		if (i > 0)
			flame_add_values(inverter->totals[run->parent],
					 inverter->totals[i]);
		for (int m = 0; m < FLAME_METRICS && inverter->variances; m++) {
			if (run->end != 0)
				inverter->variances[i][m] +=
					inverter->self_variances[run->end - 1]
								[m];
			if (i > 0)
				inverter->variances[run->parent][m] +=
					inverter->variances[i][m];
		}
	}
	return 0;
}

/* ---- what stays ---- */

static bool has_share(const struct inverter *inverter, size_t run)
{
	return flame_has_share(inverter->totals[run], inverter->totals[0], NULL,
			       NULL);
}

/* The first limit of the others is what has the greatest share of them. */
static int rank(struct inverter *inverter, struct flame *flame, size_t limit)
{
	struct flame_ranks ranks;
	size_t left = limit - 1;

	if (flame_ranks_init(&ranks, limit) < 0)
		return DUMP_MEMORY;
	for (size_t i = 1; i < inverter->run_count; i++) {
		const struct run *run = &inverter->runs[i];

		if (has_share(inverter, i))
			flame_ranks_add(
				&ranks,
				&(struct flame_rank) {
					.share =
						flame_share(inverter->totals[i],
							    inverter->totals[0],
							    NULL, NULL),
					.first = inverter->paths[run->first]
							 .number,
					.depth = run->depth,
					.number = (uint32_t)i });
	}
	flame_ranks_sort(&ranks);
	for (size_t i = 0; i < ranks.count; i++) {
		struct run *run = &inverter->runs[ranks.heap[i].number];

		run->kept = run->length < left ? run->length : (uint32_t)left;
		left -= run->kept;
		if (run->kept < run->length) {
			flame->share = ranks.heap[i].share;
			break;
		}
	}
	flame_ranks_done(&ranks);
	return 0;
}

static int choose(struct inverter *inverter, struct flame *flame, size_t limit)
{
	size_t count = 1;

	for (size_t i = 1; i < inverter->run_count; i++) {
		struct run *run = &inverter->runs[i];

		if (has_share(inverter, i))
			count += run->kept = run->length;
	}
	flame->all_count = count;
	if (limit == 0 || count <= limit)
		return 0;
	for (size_t i = 1; i < inverter->run_count; i++)
		inverter->runs[i].kept = 0;
	return rank(inverter, flame, limit);
}

/* A node that stays, and its place in the order in which they were met. */
struct place_of {
	uint32_t first, depth;
	uint32_t number; /* in the order of the runs */
};

static int compare(const void *left, const void *right)
{
	const struct place_of *a = left, *b = right;

	if (a->first != b->first)
		return a->first < b->first ? -1 : 1;
	return a->depth < b->depth ? -1 : a->depth > b->depth;
}

/* From the first of the paths; the line where all are of the same. Then all
 * paths go on. */
static void describe(struct inverter *inverter, const struct run *run,
		     struct flame_node *ret)
{
	const struct flame_build *from = inverter->from;
	const struct flame_raw *raw =
		&from->nodes[inverter->paths[run->first].at];

	*ret = (struct flame_node) {
		.key = raw->key,
		.module = raw->module,
		.line = raw->line,
		.kind = (enum flame_kind)raw->kind,
		.is_inlined = raw->is_inlined,
	};
	for (uint32_t i = 0; i < run->count; i++) {
		struct path *path = &inverter->paths[run->first + i];

		if (from->nodes[path->at].line != ret->line)
			ret->line = 0;
		path->at = from->nodes[path->at].parent;
	}
}

static void set_values(const struct inverter *inverter, uint32_t number,
		       bool is_last, struct flame_node *node)
{
	const struct run *run = &inverter->runs[number];

	for (int m = 0; m < FLAME_METRICS; m++) {
		node->total[m] = inverter->totals[number][m];
		if (inverter->variances)
			node->total_variance[m] =
				inverter->variances[number][m];
		if (!is_last || run->end == 0)
			continue;
		node->self[m] = inverter->selfs[run->end - 1][m];
		if (inverter->variances)
			node->self_variance[m] =
				inverter->self_variances[run->end - 1][m];
	}
}

/* The nodes of a run that stay. */
static void add_nodes(struct inverter *inverter, uint32_t number,
		      struct flame *flame, struct place_of *places)
{
	struct run *run = &inverter->runs[number];
	uint32_t parent = number ? inverter->runs[run->parent].last : 0;

	run->last = parent;
	for (uint32_t i = 0; i < run->length; i++) {
		struct flame_node unused, *node = &unused;

		if (number == 0 || (i >= run->kept && !run->is_on_way))
			break;
		if (i < run->kept)
			node = &flame->nodes[flame->count];
		describe(inverter, run, node);
		if (i >= run->kept)
			continue;
		node->parent = run->last;
		set_values(inverter, number, i + 1 == run->length, node);
		places[flame->count] = (struct place_of) {
			.first = inverter->paths[run->first].number,
			.depth = run->depth + i,
			.number = (uint32_t)flame->count,
		};
		run->last = (uint32_t)flame->count++;
	}
	if (number > 0 && has_share(inverter, number))
		flame->nodes[run->last].folded += run->length - run->kept;
}

/* The order in which they were met instead of that of the runs. */
static int arrange(struct flame *flame, struct place_of *places)
{
	struct flame_node *nodes = calloc(flame->count, sizeof(*nodes));
	uint32_t *numbers = calloc(flame->count, sizeof(*numbers));

	if (nodes && numbers) {
		/* The root stays in front. */
		qsort(places + 1, flame->count - 1, sizeof(*places), compare);
		for (size_t i = 0; i < flame->count; i++)
			numbers[places[i].number] = (uint32_t)i;
		for (size_t i = 0; i < flame->count; i++) {
			nodes[i] = flame->nodes[places[i].number];
			nodes[i].parent = numbers[nodes[i].parent];
		}
		free(flame->nodes);
		free(numbers);
		flame->nodes = nodes;
		return 0;
	}
	free(nodes);
	free(numbers);
	return DUMP_MEMORY;
}

static int fill(struct inverter *inverter, struct flame *flame)
{
	struct place_of *places;
	size_t count = 1;
	int ret = DUMP_MEMORY;

	for (size_t i = inverter->run_count; i-- > 1;) {
		struct run *run = &inverter->runs[i];

		count += run->kept;
		if (run->kept || run->is_on_way)
			inverter->runs[run->parent].is_on_way = true;
	}
	flame->nodes = calloc(count, sizeof(*flame->nodes));
	places = calloc(count, sizeof(*places));
	if (flame->nodes && places) {
		flame->count = 1;
		set_values(inverter, 0, false, &flame->nodes[0]);
		for (size_t i = 0; i < inverter->path_count; i++)
			inverter->paths[i].at =
				inverter->starts[inverter->paths[i].number];
		for (uint32_t i = 0; i < inverter->run_count; i++)
			add_nodes(inverter, i, flame, places);
		ret = arrange(flame, places);
	}
	free(places);
	return ret;
}

static int invert(struct flame *flame, const struct flame_build *build,
		  size_t limit)
{
	struct inverter inverter;
	int ret = begin(&inverter, build);

	if (ret == 0)
		ret = add_runs(&inverter);
	if (ret == 0)
		ret = add_totals(&inverter);
	if (ret == 0)
		ret = choose(&inverter, flame, limit);
	if (ret == 0)
		ret = fill(&inverter, flame);
	end(&inverter);
	return ret;
}

int flame_init_inverted(struct flame *ret_flame, struct analysis *analysis,
			size_t limit)
{
	struct flame flame = { .is_estimate = analysis->sites.errors != NULL };
	struct flame_build build;
	int ret = flame_build_init(&build, analysis, NULL);

	if (ret == 0)
		ret = invert(&flame, &build, limit);
	if (ret == 0) {
		flame.keys = build.keys;
		build.keys = (struct keys) { 0 };
	}
	flame_build_done(&build);
	if (ret == 0)
		*ret_flame = flame;
	else
		flame_done(&flame);
	return ret;
}
