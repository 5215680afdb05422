/* SPDX-License-Identifier: MIT */
/*
 * How long blocks lived until they were freed, what the allocator really gives
 * for those that live, and how old these are; of a dump that was recorded with
 * lifetimes. memprof-method(7) has the definitions.
 */
#ifndef MEMPROF_ANALYZER_MODEL_AGES_H
#define MEMPROF_ANALYZER_MODEL_AGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct analysis;

/* Sums over freed blocks, and of live ones the usable size. In a sampled dump
 * those of sites are estimates. */
struct lifetime {
	double blocks; /* freed, and it is known since when they lived */
	double ns, max_ns;
	double allocs, max_allocs; /* that the process made meanwhile */
	double usable_bytes;	   /* of live blocks */
	double age_ns;		   /* of live blocks, the sum */
};

struct ages {
	bool has_lifetimes; /* the dump says something of them */
	bool has_time;	    /* and of how long they are in time */
	bool has_usable;
	bool has_live;		  /* it knows how old live blocks are */
	double ns_per_tick;	  /* 0 unless has_time */
	struct lifetime *of_site; /* by the numbers of sites */
	struct lifetime totals;	  /* of all blocks, exact */
};

struct dump;

/* How long a tick of a dump is, recorded with lifetimes or addresses; 0 when
 * that is not known. */
double ages_ns_per_tick(const struct dump *dump);

/* A number that was computed as a whole one, as far as that goes. */
uint64_t ages_rounded(double ns);

/* 0, or DUMP_MEMORY. */
int ages_init(struct ages *ret_ages, const struct analysis *analysis);
void ages_done(struct ages *ages);

void lifetime_add(struct lifetime *sum, const struct lifetime *more);

/* Averages; 0 where no block was freed. */
double lifetime_ns(const struct lifetime *lifetime);
double lifetime_allocs(const struct lifetime *lifetime);

/* Bytes that live blocks could use beyond the live_bytes asked for. */
int64_t lifetime_slack(const struct lifetime *lifetime, int64_t live_bytes);

/* What each bucket of the lifetimes or ages has. */
enum ages_by {
	AGES_LIFETIME,	      /* freed blocks, by time */
	AGES_LIFETIME_ALLOCS, /* freed blocks, by allocations */
	AGES_AGE,	      /* live blocks, by time */
};

struct ages_row {
	double blocks, bytes; /* bytes: of live blocks only */
};

#define AGES_ROWS 32u

/* Of the sites that the filter keeps. */
void ages_histogram(const struct analysis *analysis, enum ages_by by,
		    struct ages_row rows[static AGES_ROWS]);

/* The first value of a bucket, in ticks or allocations; that of the next one
 * is its end. The last bucket has none. */
uint64_t ages_first(enum ages_by by, unsigned bucket);
unsigned ages_buckets(enum ages_by by);

#endif
