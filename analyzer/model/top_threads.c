/* SPDX-License-Identifier: MIT */
/* The flat table by thread. */
#include "config.h"

#include "analyzer/model/top_kinds.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

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

/* The same as estimates, as their sites are rounded. 0, or DUMP_MEMORY. */
static int add_estimates(struct top *top, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	const struct sites *sites = &analysis->sites;
	struct estimate *sums = calloc(sites->count + 1, sizeof(*sums));

	if (!sums)
		return DUMP_MEMORY;
	for (size_t r = 0; r < dump->run_count; r++) {
		const struct dump_run *run = &dump->runs[r];

		for (size_t i = run->first; i < run->first + run->count; i++) {
			uint32_t site = sites_of_slot(sites, i);
			double before[METRIC_COUNT];

			if (site == SITES_NONE || !analysis->filter.keeps[site])
				continue;
			memcpy(before, sums[site].value, sizeof(before));
			sites_slot_estimate(sites, i, &sums[site]);
			estimate_add_part(&top->rows[run->owner].self, before,
					  sums[site].value);
		}
	}
	free(sums);
	return 0;
}

/* Who did it: frees count for the thread that freed, so that what is live may
 * be less than nothing for one of them. */
int top_threads(struct top *top, struct analysis *analysis)
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
		top->rows[kept].thread = (uint32_t)i;
		top->rows[kept].started_at =
			sites_thread_start(&analysis->tree, i);
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
			.thread = UINT32_MAX,
		};
	}
	top->count = kept;
	return 0;
}
