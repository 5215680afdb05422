/* SPDX-License-Identifier: MIT */
/*
 * The sites of a dump: for each distinct call stack that allocated, what all
 * threads together allocated and freed there.
 *
 * Invariant: the total of every metric is the sum over the sites, the one for
 * what could not be attributed included.
 *
 * Not so in a sampled dump: there totals are the exact ones all the same, but
 * the counts of sites are estimates (estimate.h), and blocks that were no
 * sample belong to no site. How these were allocated is not recorded, so the
 * total of reallocs is an estimate too.
 */
#ifndef MEMPROF_ANALYZER_MODEL_SITES_H
#define MEMPROF_ANALYZER_MODEL_SITES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"
#include "analyzer/model/estimate.h"

struct dump;
struct dump_error;
struct tree;

/* Whether a site is one, or stands for what has no stack. */
enum site_kind {
	SITE_STACK,
	SITE_OVERFLOW,	/* the dump could not grow for its stack */
	SITE_UNSAMPLED, /* no sample, and no rate to estimate with */
};

#define SITE_STARTS 4u /* kept of the places where its threads were started */

struct site {
	enum site_kind kind;
	uint32_t node; /* of the tree: the innermost frame; 0: no stack */
	bool is_cut;   /* the outer end of the stack is missing */
	bool has_more_starts; /* threads started elsewhere, or who knows where,
				 allocated here too */
	uint8_t start_count;
	uint32_t starts[SITE_STARTS]; /* of the threads that allocated here: the
					 innermost frames, all different */
	struct counts counts;
};

struct sites {
	const struct tree *tree;
	struct site *array; /* none of them all zero */
	size_t count;
	/* Per site, if has_interpreter, the part that the interpreter asked
	 * for: what other native code asked for is the rest. Else NULL. */
	struct counts *interpreter;
	struct error *errors; /* per site; NULL: all counts are exact */
	uint32_t *of_node;    /* per node of the tree: site number + 1, or 0 */
	uint8_t *is_used; /* per node: 1 when it is on the stack of a site */
	struct counts totals; /* exact, but for reallocs when sampled */
	bool has_interpreter; /* parts are known: exact, with an interpreter */
	bool is_peak_now;     /* the peak is the very end of the recording */
	uint64_t cut_count;   /* sites with is_cut */
	uint64_t cut_allocations; /* by these */
	uint64_t adjusted_count;  /* sites whose live part was negative for */
				  /* an instant and was set to 0 */
	struct counts inherited;  /* of the totals: from before a fork */
};

/*
 * 0, or DUMP_MEMORY, or DUMP_CORRUPT when more was freed than allocated at a
 * site; with is_lenient (salvage) that is adjusted. Of a process that was not
 * seen to end it is always: a dump is not read at one instant. *error is
 * filled on failure. Valid as long as the tree.
 */
int sites_init(struct sites *ret_sites, const struct tree *tree,
	       bool is_lenient, struct dump_error *error);
void sites_done(struct sites *sites);

/*
 * The slots of the dump again, each with the site it counts for: for what is
 * told apart within a site. slot is an index into the dump's slots; returns
 * SITES_NONE for a slot that counts nothing.
 */
#define SITES_NONE UINT32_MAX
uint32_t sites_of_slot(const struct sites *sites, size_t slot);

/* Where all threads of an element of the dump's were started, as in struct
 * site; 0: not known, or not all at one place. */
uint32_t sites_thread_start(const struct tree *tree, size_t thread);

/* The same of any class there is: for what is kept by class. */
uint32_t sites_of_class(const struct sites *sites, uint32_t class_node);

/* What was recorded in a slot, without weights: a part of the totals. */
void sites_slot_counts(const struct sites *sites, size_t slot,
		       struct counts *ret_counts);

/* Adds what a slot stands for. */
void sites_slot_estimate(const struct sites *sites, size_t slot,
			 struct estimate *sum);

/* How good the counts of a site (its number) are; NULL: exact. */
static inline const struct error *sites_error(const struct sites *sites,
					      size_t number)
{
	return sites->errors ? &sites->errors[number] : NULL;
}

#endif
