/* SPDX-License-Identifier: MIT */
/* The sites of a dump: slots of all writers joined by stack. */
#include "config.h"

#include "analyzer/model/sites.h"

#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"
#include "analyzer/model/tree.h"

static struct site *add_site(struct sites *sites, size_t *room)
{
	if (sites->count == *room) {
		size_t more = *room ? 2 * *room : 64;
		struct site *array =
			reallocarray(sites->array, more, sizeof(*array));

		if (!array)
			return NULL;
		sites->array = array;
		if (sites->has_interpreter) {
			struct counts *parts =
				reallocarray(sites->interpreter, more,
					     sizeof(*sites->interpreter));

			if (!parts)
				return NULL;
			sites->interpreter = parts;
		}
		*room = more;
	}
	sites->array[sites->count] = (struct site) { 0 };
	if (sites->has_interpreter)
		sites->interpreter[sites->count] = (struct counts) { 0 };
	return &sites->array[sites->count++];
}

/* enum mpf_call; 0: not known. */
static unsigned call_of(uint64_t class_pc)
{
	switch (MPF_PC_KIND(class_pc)) {
	case MPF_NODE_CLASS:
		return MPF_CLASS_CALL(class_pc);
	case MPF_NODE_SIZED:
		return MPF_SIZED_CALL(class_pc);
	default:
		return 0;
	}
}

static void slot_counts(const struct mpf_slot *slot, uint64_t class_pc,
			uint32_t peak_epoch, bool is_peak_now,
			struct counts *ret)
{
	int64_t blocks = (int64_t)slot->allocs - (int64_t)slot->frees;
	int64_t bytes = (int64_t)slot->alloc_bytes - (int64_t)slot->free_bytes;
	bool has_peak = !is_peak_now && slot->epoch == peak_epoch;
	bool is_realloc = call_of(class_pc) == MPF_CALL_REALLOC ||
			  call_of(class_pc) == MPF_CALL_OBJECT_REALLOC;

	*ret = (struct counts) { .of = {
					 [METRIC_ALLOCATIONS] =
						 (int64_t)slot->allocs,
					 [METRIC_ALLOCATED_BYTES] =
						 (int64_t)slot->alloc_bytes,
					 [METRIC_FREES] = (int64_t)slot->frees,
					 [METRIC_FREED_BYTES] =
						 (int64_t)slot->free_bytes,
					 [METRIC_REALLOCS] =
						 is_realloc
							 ? (int64_t)slot->allocs
							 : 0,
					 [METRIC_LIVE_BLOCKS] = blocks,
					 [METRIC_LIVE_BYTES] = bytes,
					 [METRIC_PEAK_BLOCKS] =
						 has_peak ? slot->peak_blocks
							  : blocks,
					 [METRIC_PEAK_BYTES] =
						 has_peak ? slot->peak_bytes
							  : bytes,
					 [METRIC_TEMPORARY] =
						 (int64_t)slot->temporary,
				 } };
}

/* Of a range: what happened before it began. What is live stays. */
static void subtract_before(struct counts *counts,
			    const struct mpf_change *before)
{
	if (counts->of[METRIC_REALLOCS])
		counts->of[METRIC_REALLOCS] -= (int64_t)before->allocs;
	counts->of[METRIC_ALLOCATIONS] -= (int64_t)before->allocs;
	counts->of[METRIC_ALLOCATED_BYTES] -= (int64_t)before->alloc_bytes;
	counts->of[METRIC_FREES] -= (int64_t)before->frees;
	counts->of[METRIC_FREED_BYTES] -= (int64_t)before->free_bytes;
	counts->of[METRIC_TEMPORARY] -= (int64_t)before->temporary;
}

void sites_slot_counts(const struct sites *sites, size_t slot,
		       struct counts *ret_counts)
{
	const struct dump *dump = sites->tree->dump;

	slot_counts(&dump->slots[slot],
		    dump->nodes[dump->slots[slot].class_node].pc,
		    dump->header.peak_epoch, sites->is_peak_now, ret_counts);
	if (dump->before)
		subtract_before(ret_counts, &dump->before[slot]);
}

void sites_slot_estimate(const struct sites *sites, size_t slot,
			 struct estimate *sum)
{
	const struct dump *dump = sites->tree->dump;
	struct counts counts;

	sites_slot_counts(sites, slot, &counts);
	estimate_add(sum, dump->header.sample_bytes,
		     dump->nodes[dump->slots[slot].class_node].pc, &counts);
}

uint32_t sites_of_slot(const struct sites *sites, size_t slot)
{
	const struct mpf_slot *at = &sites->tree->dump->slots[slot];

	if (at->class_node == 0)
		return SITES_NONE;
	return sites_of_class(sites, at->class_node);
}

uint32_t sites_of_class(const struct sites *sites, uint32_t class_node)
{
	/* Node 0 has no stack. 0 - 1 is SITES_NONE: a site left out because it
	 * counts nothing. */
	return sites->of_node[tree_parent(sites->tree, class_node)] - 1;
}

/*
 * Is the peak the present? Where the total is above the recorded peak, says
 * the format. And where it is above what the slots add up to as the peak,
 * which with several threads is known to within what they had not flushed.
 */
static bool find_peak_now(const struct dump *dump)
{
	const struct mpf_overflow *overflow = &dump->header.overflow;
	int64_t live =
		(int64_t)overflow->alloc_bytes - (int64_t)overflow->free_bytes;
	int64_t peak = live;

	for (size_t i = 0; i < dump->slot_count; i++) {
		struct counts counts;

		if (dump->slots[i].class_node == 0)
			continue;
		slot_counts(&dump->slots[i], 0, dump->header.peak_epoch, false,
			    &counts);
		live += counts.of[METRIC_LIVE_BYTES];
		peak += counts.of[METRIC_PEAK_BYTES];
	}
	return live > peak || live > (int64_t)dump->header.peak_bytes;
}

uint32_t sites_thread_start(const struct tree *tree, size_t thread)
{
	const struct dump *dump = tree->dump;
	const struct mpf_thread *from = &dump->threads[thread];

	/* It may be newer than what was read of the nodes. */
	if ((from->flags & MPF_THREAD_STARTS_DIFFER) ||
	    from->started_at >= dump->node_count ||
	    (dump->node_kinds[from->started_at] != DUMP_NODE_FRAME &&
	     dump->node_kinds[from->started_at] != DUMP_NODE_PYTHON))
		return 0;
	return tree_same(tree, from->started_at);
}

static void add_start(struct site *site, uint32_t start)
{
	for (unsigned i = 0; i < site->start_count; i++)
		if (site->starts[i] == start)
			return;
	if (start != 0 && site->start_count < SITE_STARTS)
		site->starts[site->start_count++] = start;
	else
		site->has_more_starts = true;
}

static int join_slots(struct sites *sites)
{
	const struct dump *dump = sites->tree->dump;
	size_t room = 0, runs = dump->run_count;

	for (size_t r = 0; r < runs; r++) {
		const struct dump_run *run = &dump->runs[r];
		bool is_inherited = false;
		uint32_t start = 0;

		if (run->owner < dump->thread_count) {
			is_inherited = dump->threads[run->owner].flags &
				       MPF_THREAD_INHERITED;
			start = sites_thread_start(sites->tree, run->owner);
		}
		for (size_t i = run->first; i < run->first + run->count; i++) {
			struct counts counts;
			uint32_t node, *number;

			if (dump->slots[i].class_node == 0)
				continue;
			/* 0 for what has no stack. */
			node = tree_parent(sites->tree,
					   dump->slots[i].class_node);
			number = &sites->of_node[node];
			if (*number == 0) {
				struct site *site = add_site(sites, &room);

				if (!site)
					return DUMP_MEMORY;
				site->node = node;
				if (node == 0)
					site->kind = SITE_UNSAMPLED;
				*number = (uint32_t)sites->count;
			}
			sites_slot_counts(sites, i, &counts);
			counts_add(&sites->array[*number - 1].counts, &counts);
			if (counts.of[METRIC_ALLOCATIONS] > 0)
				add_start(&sites->array[*number - 1], start);
			if (sites->has_interpreter &&
			    tree_is_interpreters(sites->tree,
						 dump->slots[i].class_node))
				counts_add(&sites->interpreter[*number - 1],
					   &counts);
			if (is_inherited)
				counts_add(&sites->inherited, &counts);
		}
	}
	return 0;
}

/* What has no slot, as a site of its own. Its part of the peak is what the
 * others leave of the recorded one. */
static int add_overflow(struct sites *sites)
{
	const struct dump *dump = sites->tree->dump;
	const struct mpf_overflow *overflow = &dump->header.overflow;
	struct mpf_slot slot = {
		.allocs = overflow->allocs,
		.alloc_bytes = overflow->alloc_bytes,
		.frees = overflow->frees,
		.free_bytes = overflow->free_bytes,
	};
	int64_t known = 0, peak = (int64_t)dump->header.peak_bytes;
	size_t room = sites->count;
	struct site *site;

	if (slot.allocs == 0 && slot.frees == 0)
		return 0;
	for (size_t i = 0; i < sites->count; i++)
		known += sites->array[i].counts.of[METRIC_PEAK_BYTES];
	site = add_site(sites, &room);
	if (!site)
		return DUMP_MEMORY;
	site->kind = SITE_OVERFLOW;
	slot_counts(&slot, 0, 0, true, &site->counts);
	if (dump->before)
		subtract_before(
			&site->counts,
			&(struct mpf_change) {
				.allocs = dump->overflow_before.allocs,
				.alloc_bytes =
					dump->overflow_before.alloc_bytes,
				.frees = dump->overflow_before.frees,
				.free_bytes = dump->overflow_before.free_bytes,
			});
	if (!sites->is_peak_now) {
		site->counts.of[METRIC_PEAK_BYTES] =
			peak > known ? peak - known : 0;
		if (site->counts.of[METRIC_PEAK_BLOCKS] < 0)
			site->counts.of[METRIC_PEAK_BLOCKS] = 0;
	}
	return 0;
}

/* Sets to 0 what is below. True when it was the live part. */
static bool adjust(struct counts *counts)
{
	bool is_live_negative = false;

	for (int m = METRIC_LIVE_BLOCKS; m <= METRIC_PEAK_BYTES; m++) {
		if (counts->of[m] >= 0)
			continue;
		counts->of[m] = 0;
		if (m == METRIC_LIVE_BLOCKS || m == METRIC_LIVE_BYTES)
			is_live_negative = true;
	}
	return is_live_negative;
}

/* No site frees more than it allocated. Exceptions: a dump that was read or
 * ended between two stores, and one that lacks the other half. */
static int check_signs(struct sites *sites, bool is_lenient,
		       struct dump_error *error)
{
	const struct dump *dump = sites->tree->dump;
	const struct mpf_overflow *overflow = &dump->header.overflow;

	if (overflow->allocs != 0 || overflow->frees != 0)
		return 0;
	if (dump->header.state == MPF_RUNNING || dump->is_changing)
		is_lenient = true;
	for (size_t i = 0; i < sites->count; i++) {
		if (!adjust(&sites->array[i].counts))
			continue;
		sites->adjusted_count++;
		if (is_lenient)
			continue;
		*error = (struct dump_error) {
			.code = DUMP_CORRUPT,
			.what = "frees of a site",
		};
		return DUMP_CORRUPT;
	}
	return 0;
}

/* In a sampled dump, what each site stands for; *ret_array is NULL in others.
 * By number, before any is left out. */
static int estimate_sites(struct sites *sites, struct estimate **ret_array)
{
	const struct dump *dump = sites->tree->dump;
	struct estimate *array;

	*ret_array = NULL;
	if (dump->header.sample_bytes == 0)
		return 0;
	array = calloc(sites->count + 1, sizeof(*array));
	sites->errors = calloc(sites->count + 1, sizeof(*sites->errors));
	if (!array || !sites->errors) {
		free(array);
		return DUMP_MEMORY;
	}
	for (size_t i = 0; i < dump->slot_count; i++) {
		uint32_t site = sites_of_slot(sites, i);

		if (site != SITES_NONE)
			sites_slot_estimate(sites, i, &array[site]);
	}
	*ret_array = array;
	return 0;
}

/* Puts the estimate in the place of what was recorded of a site. */
static void use_estimate(struct site *site, const struct estimate *estimate,
			 struct estimate_room *room)
{
	struct counts recorded = site->counts;

	estimate_round(&site->counts, estimate, room);
	/* What was adjusted stays so. */
	for (int m = METRIC_LIVE_BLOCKS; m <= METRIC_PEAK_BYTES; m++)
		if (recorded.of[m] == 0)
			site->counts.of[m] = 0;
	adjust(&site->counts);
}

/* Leaves out sites that count nothing and sums up the others. */
static void finish(struct sites *sites, const struct estimate *estimates)
{
	struct estimate_room room;
	size_t kept = 0;

	estimate_room_init(&room);
	for (size_t i = 0; i < sites->count; i++) {
		struct site *site = &sites->array[i];

		counts_add(&sites->totals, &site->counts);
		if (counts_is_zero(&site->counts) ||
		    (estimates && site->kind == SITE_UNSAMPLED)) {
			if (site->kind != SITE_OVERFLOW)
				sites->of_node[site->node] = 0;
			continue;
		}
		if (estimates && site->kind == SITE_STACK) {
			use_estimate(site, &estimates[i], &room);
			sites->errors[kept] = estimates[i].error;
		}
		sites->array[kept] = *site;
		if (sites->has_interpreter)
			sites->interpreter[kept] = sites->interpreter[i];
		if (site->kind != SITE_OVERFLOW)
			sites->of_node[site->node] = (uint32_t)kept + 1;
		kept++;
	}
	sites->count = kept;
	if (!estimates)
		return;
	/* How a block that was no sample came about is not recorded. */
	sites->totals.of[METRIC_REALLOCS] = 0;
	for (size_t i = 0; i < kept; i++)
		sites->totals.of[METRIC_REALLOCS] +=
			sites->array[i].counts.of[METRIC_REALLOCS];
}

/* From the leaves up: children have greater indices than their parents. */
static int mark_used(struct sites *sites)
{
	const struct tree *tree = sites->tree;
	size_t n = tree->dump->node_count;

	sites->is_used = region_new(n, 1);
	if (!sites->is_used)
		return DUMP_MEMORY;
	for (size_t i = n; i-- > 1;) {
		enum dump_node_kind kind = tree->dump->node_kinds[i];

		if (sites->of_node[i] == 0 && !sites->is_used[i])
			continue;
		sites->is_used[i] = 1;
		if (kind != DUMP_NODE_ROOT)
			sites->is_used[tree_parent(tree, (uint32_t)i)] = 1;
	}
	return 0;
}

static int mark_cut(struct sites *sites)
{
	const struct dump *dump = sites->tree->dump;
	uint8_t *is_cut = NULL;

	for (size_t i = 1; i < dump->node_count; i++) {
		if (dump->node_kinds[i] == DUMP_NODE_CUT && !is_cut) {
			is_cut = region_new(dump->node_count, 1);
			if (!is_cut)
				return DUMP_MEMORY;
		}
		if (is_cut && dump->node_kinds[i] != DUMP_NODE_NONE)
			is_cut[i] = dump->node_kinds[i] == DUMP_NODE_CUT ||
				    is_cut[dump_parent(dump, (uint32_t)i)];
	}
	for (size_t i = 0; i < sites->count && is_cut; i++) {
		struct site *site = &sites->array[i];

		if (site->node == 0 || !is_cut[site->node])
			continue;
		site->is_cut = true;
		sites->cut_count++;
		sites->cut_allocations +=
			(uint64_t)site->counts.of[METRIC_ALLOCATIONS];
	}
	region_free(is_cut, dump->node_count, 1);
	return 0;
}

int sites_init(struct sites *ret_sites, const struct tree *tree,
	       bool is_lenient, struct dump_error *error)
{
	struct sites sites = {
		.tree = tree,
		.is_peak_now = find_peak_now(tree->dump),
		.has_interpreter = tree->interpreter != MODULES_NONE &&
				   tree->dump->header.sample_bytes == 0,
	};
	struct estimate *estimates = NULL;
	int ret = DUMP_MEMORY;

	sites.of_node =
		region_new(tree->dump->node_count, sizeof(*sites.of_node));
	if (sites.of_node)
		ret = join_slots(&sites);
	if (ret == 0)
		ret = check_signs(&sites, is_lenient, error);
	if (ret == 0)
		ret = add_overflow(&sites);
	if (ret == 0)
		ret = estimate_sites(&sites, &estimates);
	if (ret == 0) {
		finish(&sites, estimates);
		ret = mark_cut(&sites);
	}
	if (ret == 0) {
		ret = mark_used(&sites);
	}
	free(estimates);
	if (ret == DUMP_MEMORY)
		*error = (struct dump_error) { .code = DUMP_MEMORY };
	if (ret == 0)
		*ret_sites = sites;
	else
		sites_done(&sites);
	return ret;
}

void sites_done(struct sites *sites)
{
	if (!sites->tree)
		return;
	free(sites->array);
	free(sites->interpreter);
	free(sites->errors);
	region_free(sites->of_node, sites->tree->dump->node_count,
		    sizeof(*sites->of_node));
	region_free(sites->is_used, sites->tree->dump->node_count, 1);
	*sites = (struct sites) { 0 };
}
