/* SPDX-License-Identifier: MIT */
/* How long blocks lived, and how old they are. */
#include "config.h"

#include "analyzer/model/ages.h"

#include <math.h>
#include <stdlib.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

#define TWO_TO_64 18446744073709551616.0

uint64_t ages_rounded(double ns)
{
	return ns < (double)DUMP_MAX_COUNT ? (uint64_t)(ns + 0.5)
					   : (uint64_t)DUMP_MAX_COUNT;
}

/* The clock and the counter were read one after the other, so a moment says
 * nothing. */
double ages_ns_per_tick(const struct dump *dump)
{
	const struct mpf_header *header = &dump->header;
	const uint64_t least_ns = 1000;
	uint64_t ns = header->ticks_ns - header->start_ns;
	uint64_t ticks = header->ticks - header->start_ticks;

	if (header->ticks_ns <= header->start_ns + least_ns ||
	    header->ticks <= header->start_ticks)
		return 0;
	return (double)ns / (double)ticks;
}

void lifetime_add(struct lifetime *sum, const struct lifetime *more)
{
	sum->blocks += more->blocks;
	sum->ns += more->ns;
	sum->allocs += more->allocs;
	sum->usable_bytes += more->usable_bytes;
	sum->age_ns += more->age_ns;
	sum->max_ns = fmax(sum->max_ns, more->max_ns);
	sum->max_allocs = fmax(sum->max_allocs, more->max_allocs);
}

double lifetime_ns(const struct lifetime *lifetime)
{
	return lifetime->blocks > 0 ? lifetime->ns / lifetime->blocks : 0;
}

double lifetime_allocs(const struct lifetime *lifetime)
{
	return lifetime->blocks > 0 ? lifetime->allocs / lifetime->blocks : 0;
}

int64_t lifetime_slack(const struct lifetime *lifetime, int64_t live_bytes)
{
	double slack = lifetime->usable_bytes - (double)live_bytes;

	/* The two are counted one after the other. */
	if (slack < 0.5)
		return 0;
	return slack < (double)DUMP_MAX_COUNT ? (int64_t)(slack + 0.5)
					      : DUMP_MAX_COUNT;
}

/* How many blocks one of a class stands for. */
static double weight_of(const struct dump *dump, uint32_t class_node)
{
	uint64_t pc = dump->nodes[class_node].pc;

	if (dump->header.sample_bytes == 0 || MPF_PC_KIND(pc) != MPF_NODE_SIZED)
		return 1;
	return estimate_weight(dump->header.sample_bytes, MPF_SIZED_BYTES(pc));
}

static struct lifetime read_lifetime(const struct mpf_lifetime *from,
				     double tick_ns, double weight)
{
	double usable =
		(double)from->usable_bytes - (double)from->usable_freed_bytes;

	return (struct lifetime) {
		.blocks = weight * (double)from->blocks,
		.ns = weight * tick_ns *
		      ((double)from->ticks_high * TWO_TO_64 +
		       (double)from->ticks),
		.max_ns = tick_ns * (double)from->max_ticks,
		.allocs = weight * (double)from->allocs,
		.max_allocs = (double)from->max_allocs,
		.usable_bytes = weight * usable,
	};
}

static void add_lifetimes(struct ages *ages, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;

	for (size_t i = 0; i < dump->lifetime_count; i++) {
		const struct mpf_lifetime *from = &dump->lifetimes[i];
		struct lifetime lifetime;
		uint32_t site;

		if (from->class_node == 0)
			continue;
		ages->has_usable |= from->usable_bytes != 0;
		lifetime = read_lifetime(from, ages->ns_per_tick, 1);
		lifetime_add(&ages->totals, &lifetime);
		site = sites_of_class(&analysis->sites, from->class_node);
		if (site == SITES_NONE)
			continue;
		lifetime = read_lifetime(from, ages->ns_per_tick,
					 weight_of(dump, from->class_node));
		lifetime_add(&ages->of_site[site], &lifetime);
	}
}

static void add_ages(struct ages *ages, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;

	for (size_t i = 0; i < dump->live_count; i++) {
		const struct mpf_live *live = &dump->live[i];
		double ns = ages->ns_per_tick * (double)live->ticks;
		uint32_t site;

		if (live->class_node == 0)
			continue;
		ages->totals.age_ns += ns;
		site = sites_of_class(&analysis->sites, live->class_node);
		if (site != SITES_NONE)
			ages->of_site[site].age_ns +=
				ns * weight_of(dump, live->class_node);
	}
}

int ages_init(struct ages *ret_ages, const struct analysis *analysis)
{
	const struct dump *dump = analysis->dump;
	struct ages ages = {
		.has_lifetimes = dump->has_lifetimes,
		.has_live = dump->has_lifetimes && dump->has_live,
	};

	ages.of_site = calloc(analysis->sites.count + 1, sizeof(*ages.of_site));
	if (!ages.of_site) {
		*ret_ages = (struct ages) { 0 };
		return DUMP_MEMORY;
	}
	if (ages.has_lifetimes) {
		ages.ns_per_tick = ages_ns_per_tick(dump);
		ages.has_time = ages.ns_per_tick > 0;
		add_lifetimes(&ages, analysis);
	}
	if (ages.has_live)
		add_ages(&ages, analysis);
	*ret_ages = ages;
	return 0;
}

void ages_done(struct ages *ages)
{
	free(ages->of_site);
	*ages = (struct ages) { 0 };
}

unsigned ages_buckets(enum ages_by by)
{
	return by == AGES_LIFETIME_ALLOCS ? MPF_AGE_ALLOCS : MPF_AGE_TICKS;
}

uint64_t ages_first(enum ages_by by, unsigned bucket)
{
	if (bucket == 0)
		return 0;
	return UINT64_C(1) << (bucket - 1 +
			       (by == AGES_LIFETIME_ALLOCS ? 0 : 12));
}

static bool is_kept(const struct analysis *analysis, uint32_t class_node)
{
	uint32_t site;

	if (class_node == 0)
		return false;
	site = sites_of_class(&analysis->sites, class_node);
	return site != SITES_NONE && analysis->filter.keeps[site];
}

static void add_live(const struct analysis *analysis, struct ages_row *rows)
{
	const struct dump *dump = analysis->dump;

	for (size_t i = 0; i < dump->live_count; i++) {
		const struct mpf_live *live = &dump->live[i];
		double weight;

		/* Those of which no birth is known are in no bucket. */
		if (live->born_allocs == 0 ||
		    !is_kept(analysis, live->class_node))
			continue;
		weight = weight_of(dump, live->class_node);
		rows[live->age].blocks += weight * (double)live->blocks;
		rows[live->age].bytes += weight * (double)live->bytes;
	}
}

static void add_freed(const struct analysis *analysis, enum ages_by by,
		      struct ages_row *rows)
{
	const struct dump *dump = analysis->dump;

	for (size_t i = 0; i < dump->lifetime_count; i++) {
		const struct mpf_lifetime *from = &dump->lifetimes[i];
		const uint64_t *counts = by == AGES_LIFETIME_ALLOCS
						 ? from->by_allocs
						 : from->by_ticks;
		double weight;

		if (!is_kept(analysis, from->class_node))
			continue;
		weight = weight_of(dump, from->class_node);
		for (unsigned b = 0; b < ages_buckets(by); b++)
			rows[b].blocks += weight * (double)counts[b];
	}
}

void ages_histogram(const struct analysis *analysis, enum ages_by by,
		    struct ages_row rows[static AGES_ROWS])
{
	for (unsigned b = 0; b < AGES_ROWS; b++)
		rows[b] = (struct ages_row) { 0, 0 };
	if (!analysis->dump->has_lifetimes)
		return;
	if (by == AGES_AGE) {
		if (analysis->dump->has_live)
			add_live(analysis, rows);
	} else {
		add_freed(analysis, by, rows);
	}
}
