/* SPDX-License-Identifier: MIT */
/*
 * The flat table: what each site, function, line, file, module, thread or
 * size of blocks has of everything, as the one that allocates (self) and as one
 * that is anywhere on the stack (cumulative, counted once when it recurs).
 */
#ifndef MEMPROF_ANALYZER_MODEL_TOP_H
#define MEMPROF_ANALYZER_MODEL_TOP_H

#include <stdint.h>

#include "analyzer/model/ages.h"
#include "analyzer/model/counts.h"
#include "analyzer/model/estimate.h"
#include "analyzer/model/places.h"

struct analysis;
struct set;

enum top_by {
	TOP_FUNCTION,
	TOP_LINE,
	TOP_FILE,
	TOP_MODULE,
	TOP_SITE,
	TOP_THREAD,
	TOP_SIZE,
	TOP_LIFETIME, /* how long blocks lived, in time */
	TOP_LIFETIME_ALLOCS,
	TOP_AGE, /* how long live blocks have lived */
};

#define TOP_THREAD_NAME_BYTES 17

struct top_row {
	struct counts self;
	struct counts cumulative; /* site, thread: as self */
	struct place place;	  /* function, line, file, module */
	uint32_t site;		  /* site: its number in sites */
	uint32_t thread;	  /* thread: index; UINT32_MAX: no stack */
	uint32_t tid;		  /* thread */
	unsigned bucket;	  /* size: see top_bucket_range(); lifetime, */
	/* age: of ages.h */
	uint32_t dump;	   /* of several: whose place, site it is */
	unsigned greatest; /* bucket of the largest block, with_greatest */
	struct lifetime lifetime; /* with_ages, as self */
	bool is_known;		  /* merging: described already */
	uint32_t threads;	  /* that one after the other counted here */
	uint32_t started_at;	  /* thread: as in struct site */
	bool is_inherited; /* thread: not one, but what a fork inherited */
	bool has_no_stack; /* all that has no stack */
	bool is_stripped;  /* of its module only the base name counts */
	char thread_name[TOP_THREAD_NAME_BYTES];
};

struct top_error {
	struct error self, cumulative;
};

/*
 * In a sampled dump the counts are estimates. Not those by thread: each thread
 * knows its own totals, unless only some sites are looked at; and then their
 * errors are not known, because who frees is not who allocated.
 */
struct top {
	enum top_by by;
	struct top_row *rows;
	struct top_error *errors; /* per row; NULL: exact, or not known */
	bool is_estimate;
	bool has_greatest;  /* rows know the bucket of their largest block */
	bool has_ages;	    /* rows have lifetimes */
	bool has_time;	    /* and these are known in time */
	bool has_usable;    /* and the usable sizes of live blocks */
	double ns_per_tick; /* lifetime, age: of their buckets */
	size_t count;
};

/* "function", "line", ... */
const char *top_by_name(enum top_by by);

/* The sizes that a bucket holds, both ends included. */
void top_bucket_range(unsigned bucket, uint64_t *ret_first, uint64_t *ret_last);

/* Is a row one of the values that blocks may have, not of where they are
 * from? */
static inline bool top_is_histogram(enum top_by by)
{
	return by >= TOP_SIZE;
}

/* Of lifetimes or ages? */
static inline bool top_is_of_ages(enum top_by by)
{
	return by >= TOP_LIFETIME;
}

/* What a row of lifetimes or ages holds: [first, end), in ns or allocations;
 * the end of the last one is INFINITY. In ticks when there is no time. */
void top_age_range(const struct top *top, unsigned bucket, double *ret_first,
		   double *ret_end);

/*
 * What more a row is to know than its counts, as the one that allocates: the
 * largest block, to the accuracy of a bucket; how long blocks lived. Neither
 * by thread, and the latter not in histograms.
 */
struct top_extras {
	bool greatest;
	bool ages;
};

/* The row of a site without extras, as a table by site has it. */
void top_site_row(struct top_row *ret_row, const struct analysis *analysis,
		  size_t site);

/* Of the sites that the filter keeps. 0, or DUMP_MEMORY. */
int top_init(struct top *ret_top, struct analysis *analysis, enum top_by by);
int top_init_with(struct top *ret_top, struct analysis *analysis,
		  enum top_by by, const struct top_extras *extras);

/*
 * The tables of all dumps of a set as one, in which what matches (match.h) is
 * added up; of one dump it is the same table, but for strip_dirs. The rows'
 * places and sites are those of the dump that they name. tops stay the
 * caller's. 0, or DUMP_MEMORY.
 */
int top_merge(struct top *ret_top, const struct set *set,
	      const struct top *tops, bool strip_dirs);
void top_done(struct top *top);

#endif
