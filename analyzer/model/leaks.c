/* SPDX-License-Identifier: MIT */
/* What is lost, by verdict and site. */
#include "config.h"

#include "analyzer/model/leaks.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/model/region.h"
#include "analyzer/model/stack.h"

static uint32_t site_of_class(const struct sites *sites, uint32_t class_node)
{
	if (class_node == 0) {
		for (size_t i = 0; i < sites->count; i++)
			if (sites->array[i].kind == SITE_OVERFLOW)
				return (uint32_t)i;
		return SITES_NONE;
	}
	return sites->of_node[tree_parent(sites->tree, class_node)] - 1;
}

/* What is still reachable is nobody's fault. */
static bool is_blamed(unsigned verdict)
{
	return verdict != MPF_VERDICT_REACHABLE;
}

static int allocate(struct leaks *leaks, size_t sites)
{
	leaks->hidden = region_new(sites, sizeof(struct counts));
	if (!leaks->hidden)
		return DUMP_MEMORY;
	for (int v = 0; v < LEAKS_VERDICTS; v++) {
		leaks->of_site[v] = region_new(sites, sizeof(struct counts));
		leaks->holders[v] =
			region_new(sites, sizeof(struct leaks_holder));
		leaks->rules[v] = region_new(sites, sizeof(void *));
		if (!leaks->of_site[v] || !leaks->holders[v] ||
		    !leaks->rules[v])
			return DUMP_MEMORY;
	}
	return 0;
}

/* What a record stands for in a sampled dump. */
static double weight_of(const struct dump *dump, const struct mpf_leak *leak)
{
	uint64_t pc = dump->nodes[leak->class_node].pc;

	if (dump->header.sample_bytes == 0 || leak->class_node == 0 ||
	    MPF_PC_KIND(pc) != MPF_NODE_SIZED)
		return 1;
	return estimate_weight(dump->header.sample_bytes, MPF_SIZED_BYTES(pc));
}

static int64_t scaled(uint64_t count, double weight)
{
	double value = (double)count * weight;

	if (weight == 1)
		return (int64_t)count;
	return value > (double)(DUMP_MAX_COUNT >> 8) ? DUMP_MAX_COUNT >> 8
						     : (int64_t)llround(value);
}

static void add(struct counts *sum, int64_t blocks, int64_t bytes)
{
	if (sum->of[METRIC_LIVE_BLOCKS] > DUMP_MAX_COUNT - blocks ||
	    sum->of[METRIC_LIVE_BYTES] > DUMP_MAX_COUNT - bytes)
		return;
	sum->of[METRIC_LIVE_BLOCKS] += blocks;
	sum->of[METRIC_LIVE_BYTES] += bytes;
}

static void hold(struct leaks_holder *holder, const struct mpf_leak *leak,
		 uint32_t by_site)
{
	holder->others += holder->leak != NULL;
	if (holder->leak && holder->leak->bytes >= leak->bytes)
		return;
	holder->leak = leak;
	holder->by_site = by_site;
}

/* The sites as the scan saw them, suppressed or not. */
static void add_records(struct leaks *leaks)
{
	const struct dump *dump = leaks->analysis->dump;
	const struct sites *sites = &leaks->analysis->sites;
	const uint8_t *keeps = leaks->analysis->filter.keeps;

	for (size_t i = 0; i < dump->leak_count; i++) {
		const struct mpf_leak *leak = &dump->leaks[i];
		uint32_t site, by = SITES_NONE;
		double weight;

		if (leak->blocks == 0)
			continue;
		site = site_of_class(sites, leak->class_node);
		if (site == SITES_NONE ? !leaks->analysis->filter.is_complete
				       : !keeps[site])
			continue;
		add(&leaks->totals[leak->verdict], (int64_t)leak->blocks,
		    (int64_t)leak->bytes);
		if (site == SITES_NONE)
			continue;
		if (leak->by_class)
			by = site_of_class(sites, leak->by_class);
		weight = weight_of(dump, leak);
		add(&leaks->of_site[leak->verdict][site],
		    scaled(leak->blocks, weight), scaled(leak->bytes, weight));
		hold(&leaks->holders[leak->verdict][site], leak, by);
	}
}

static void add_live(struct leaks *leaks)
{
	const struct sites *sites = &leaks->analysis->sites;
	const struct filter *filter = &leaks->analysis->filter;
	const struct counts *sum =
		filter->is_complete ? &sites->totals : &filter->sum;

	add(&leaks->totals[LEAKS_UNJUDGED], sum->of[METRIC_LIVE_BLOCKS],
	    sum->of[METRIC_LIVE_BYTES]);
	for (size_t i = 0; i < sites->count; i++)
		if (filter->keeps[i])
			add(&leaks->of_site[LEAKS_UNJUDGED][i],
			    sites->array[i].counts.of[METRIC_LIVE_BLOCKS],
			    sites->array[i].counts.of[METRIC_LIVE_BYTES]);
}

/* Takes what a rule covers out of a site. */
static void suppress(struct leaks *leaks, struct suppression *rule,
		     unsigned verdict, size_t site)
{
	struct counts *counts = &leaks->of_site[verdict][site];
	int64_t blocks = counts->of[METRIC_LIVE_BLOCKS];
	int64_t bytes = counts->of[METRIC_LIVE_BYTES];

	leaks->rules[verdict][site] = rule;
	rule->hit_blocks += (uint64_t)blocks;
	rule->hit_bytes += (uint64_t)bytes;
	add(&leaks->suppressed[verdict], blocks, bytes);
	if (is_blamed(verdict))
		add(&leaks->hidden[site], blocks, bytes);
	*counts = (struct counts) { 0 };
}

static int match_sites(struct leaks *leaks, struct analysis *analysis,
		       struct suppressions *suppressions, bool with_reachable)
{
	struct stack stack = { 0 };
	int ret = 0;

	for (size_t i = 0; i < analysis->sites.count && ret == 0; i++) {
		bool is_read = false;

		for (unsigned v = 0; v < LEAKS_VERDICTS && ret == 0; v++) {
			struct suppression *rule;

			if (!leaks->of_site[v][i].of[METRIC_LIVE_BLOCKS] ||
			    (v == MPF_VERDICT_REACHABLE && !with_reachable))
				continue;
			if (!is_read)
				ret = stack_read(&stack, &analysis->names,
						 &analysis->sites.array[i]);
			is_read = true;
			rule = ret == 0 ? suppressions_find(suppressions,
							    &stack, v)
					: NULL;
			if (rule)
				suppress(leaks, rule, v, i);
		}
	}
	stack_done(&stack);
	return ret;
}

/*
 * What is lost only through blocks that are suppressed, is so with them: the
 * blame for it is theirs. A site that is held by others too stays.
 */
static void suppress_owned(struct leaks *leaks)
{
	const struct sites *sites = &leaks->analysis->sites;

	for (size_t i = 0; i < sites->count; i++) {
		const struct leaks_holder *holder =
			&leaks->holders[MPF_VERDICT_INDIRECT][i];
		struct suppression *rule;

		if (!holder->leak || holder->others ||
		    holder->by_site == SITES_NONE ||
		    leaks->rules[MPF_VERDICT_INDIRECT][i])
			continue;
		rule = leaks->rules[MPF_VERDICT_LOST][holder->by_site];
		if (rule)
			suppress(leaks, rule, MPF_VERDICT_INDIRECT, i);
	}
}

int leaks_init(struct leaks *ret_leaks, struct analysis *analysis,
	       struct suppressions *suppressions, bool with_reachable)
{
	struct leaks *leaks = ret_leaks;
	int ret;

	*leaks = (struct leaks) {
		.analysis = analysis,
		.is_judged = analysis->dump->has_leaks,
		.scan = &analysis->dump->header,
	};
	ret = allocate(leaks, analysis->sites.count);
	if (ret == 0 && leaks->is_judged)
		add_records(leaks);
	else if (ret == 0)
		add_live(leaks);
	if (ret == 0 && suppressions->count)
		ret = match_sites(leaks, analysis, suppressions,
				  with_reachable);
	if (ret == 0)
		suppress_owned(leaks);
	if (ret < 0)
		leaks_done(leaks);
	return ret;
}

void leaks_done(struct leaks *leaks)
{
	size_t sites = leaks->analysis ? leaks->analysis->sites.count : 0;

	for (int v = 0; v < LEAKS_VERDICTS; v++) {
		region_free(leaks->of_site[v], sites, sizeof(struct counts));
		region_free(leaks->holders[v], sites,
			    sizeof(struct leaks_holder));
		region_free(leaks->rules[v], sites, sizeof(void *));
	}
	region_free(leaks->hidden, sites, sizeof(struct counts));
	*leaks = (struct leaks) { 0 };
}

int64_t leaks_blocks(const struct leaks *leaks, unsigned verdict)
{
	return leaks->totals[verdict].of[METRIC_LIVE_BLOCKS] -
	       leaks->suppressed[verdict].of[METRIC_LIVE_BLOCKS];
}

/* What is suppressed of a sample may be estimated as more than there is. */
struct counts leaks_blamed(const struct leaks *leaks)
{
	struct counts blamed = { 0 };

	for (unsigned v = 0; v < LEAKS_VERDICTS; v++) {
		const int64_t *all = leaks->totals[v].of;
		const int64_t *less = leaks->suppressed[v].of;
		int64_t blocks =
			all[METRIC_LIVE_BLOCKS] - less[METRIC_LIVE_BLOCKS];
		int64_t bytes =
			all[METRIC_LIVE_BYTES] - less[METRIC_LIVE_BYTES];

		if (is_blamed(v))
			add(&blamed, blocks > 0 ? blocks : 0,
			    bytes > 0 ? bytes : 0);
	}
	return blamed;
}

struct counts leaks_blamed_of(const struct leaks *leaks, size_t site)
{
	struct counts blamed = { 0 };

	for (unsigned v = 0; v < LEAKS_VERDICTS; v++)
		if (is_blamed(v))
			counts_add(&blamed, &leaks->of_site[v][site]);
	return blamed;
}

struct ranking_source leaks_source(const struct leaks *leaks, unsigned verdict)
{
	return (struct ranking_source) {
		.first = leaks->of_site[verdict],
		.stride = sizeof(struct counts),
		.count = leaks->analysis->sites.count,
	};
}

const struct mpf_root *leaks_root(const struct leaks *leaks, uint32_t root)
{
	const struct dump *dump = leaks->analysis->dump;

	return root && root < dump->root_count ? &dump->roots[root] : NULL;
}

const char *leaks_own_rules(const struct dump *dump, size_t *next,
			    const char **ret_source, size_t *ret_bytes)
{
	while (*next < dump->root_count) {
		const struct mpf_root *root = &dump->roots[(*next)++];

		if (root->held != MPF_HELD_RULES)
			continue;
		*ret_source = strcmp(root->name, "LSAN_OPTIONS") == 0
				      ? "LSAN_OPTIONS"
				      : "__lsan_default_suppressions()";
		return dump_text(dump, root->path, ret_bytes);
	}
	return NULL;
}

const char *leaks_root_path(const struct leaks *leaks, uint32_t root,
			    char buf[static DUMP_MAX_PATH + 1])
{
	const struct mpf_root *at = leaks_root(leaks, root);
	const char *text;
	size_t bytes = 0;

	buf[0] = '\0';
	if (!at)
		return buf;
	text = dump_text(leaks->analysis->dump, at->path, &bytes);
	if (bytes > DUMP_MAX_PATH)
		bytes = DUMP_MAX_PATH;
	memcpy(buf, text, bytes);
	buf[bytes] = '\0';
	return buf;
}

const char *leaks_variable(const struct leaks *leaks, struct names *names,
			   const struct mpf_leak *leak, uint64_t *ret_offset)
{
	const struct modules *modules = &leaks->analysis->tree.modules;
	const struct mpf_root *root = leaks_root(leaks, leak->root);
	char path[DUMP_MAX_PATH + 1];

	if (!root || root->held != MPF_HELD_MODULE)
		return NULL;
	leaks_root_path(leaks, leak->root, path);
	for (uint32_t i = 0; i < modules->count; i++)
		if (strcmp(modules->array[i].path, path) == 0)
			return names_variable(names, i, leak->held_at,
					      ret_offset);
	return NULL;
}
