/* SPDX-License-Identifier: MIT */
/*
 * What is lost, by verdict and site: what the reachability scan of a dump
 * says, without what suppressions cover. In a dump without such a scan all
 * that is live has the one verdict LEAKS_UNJUDGED.
 *
 * Invariant, in a dump that is not sampled and where no filter is set: totals
 * of a verdict are the sum over its sites and what was suppressed.
 */
#ifndef MEMPROF_ANALYZER_MODEL_LEAKS_H
#define MEMPROF_ANALYZER_MODEL_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/counts.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/suppressions.h"
#include "preload/format/format.h"

/* enum mpf_verdict, and before these: */
#define LEAKS_UNJUDGED 0
#define LEAKS_VERDICTS (MPF_VERDICT_REACHABLE + 1)

/* How the largest part of a site's blocks of one verdict is held. */
struct leaks_holder {
	const struct mpf_leak *leak; /* NULL: there are no such blocks */
	uint32_t by_site;	     /* INDIRECT: of the lost ones, or NONE */
	size_t others;		     /* ways in which the rest is held */
};

struct leaks {
	const struct analysis *analysis;
	bool is_judged;
	const struct mpf_header *scan; /* the leak_* fields */

	/* By site number, of what is not suppressed: live blocks and bytes. */
	struct counts *of_site[LEAKS_VERDICTS];
	struct leaks_holder *holders[LEAKS_VERDICTS];

	/* By verdict, exact. Of the sites looked at. */
	struct counts totals[LEAKS_VERDICTS]; /* what is suppressed too */
	struct counts suppressed[LEAKS_VERDICTS];
	struct suppression **rules[LEAKS_VERDICTS]; /* by site, or NULL */

	/* By site number: of what would be blamed, what is suppressed. */
	struct counts *hidden;
};

/*
 * 0, or DUMP_MEMORY. Counts the hits of suppressions. with_reachable: look at
 * those that are still reachable too, which takes the names of all sites.
 */
int leaks_init(struct leaks *ret_leaks, struct analysis *analysis,
	       struct suppressions *suppressions, bool with_reachable);
void leaks_done(struct leaks *leaks);

/* What is not suppressed of a verdict, in blocks; exact. */
int64_t leaks_blocks(const struct leaks *leaks, unsigned verdict);

/*
 * What is blamed on the program: what is lost in any way, or live where nobody
 * judged it, without what is suppressed. Of all, and of a site.
 */
struct counts leaks_blamed(const struct leaks *leaks);
struct counts leaks_blamed_of(const struct leaks *leaks, size_t site);

/* The sites of a verdict, as something to rank. */
struct ranking_source leaks_source(const struct leaks *leaks, unsigned verdict);

/* The thread or file a root stands for; "" none. Not trusted. */
const char *leaks_root_path(const struct leaks *leaks, uint32_t root,
			    char buf[static DUMP_MAX_PATH + 1]);
/* The variable that holds it, and where in it; NULL: it is none, or unknown. */
const char *leaks_variable(const struct leaks *leaks, struct names *names,
			   const struct mpf_leak *leak, uint64_t *ret_offset);

/*
 * The next text of rules that the program brought along, with its bytes and
 * where it has it from; NULL: there are no more. *next begins as 0.
 */
const char *leaks_own_rules(const struct dump *dump, size_t *next,
			    const char **ret_source, size_t *ret_bytes);

const struct mpf_root *leaks_root(const struct leaks *leaks, uint32_t root);

#endif
