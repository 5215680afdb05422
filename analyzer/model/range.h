/* SPDX-License-Identifier: MIT */
/*
 * A part of the recording: up to an instant, from one, or as of a snapshot.
 * An instant is told as a name that the program, a person or the recorder
 * gave ("loaded", "every-3"), as "start", "peak" or "end", as a time since
 * the start ("1.5s", "200ms", "90" seconds, "2min"), or as a share of the
 * duration ("50%"). What slots counted is known at detailed moments only, so
 * the nearest of these is taken, and told.
 */
#ifndef MEMPROF_ANALYZER_MODEL_RANGE_H
#define MEMPROF_ANALYZER_MODEL_RANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "preload/format/format.h"

struct dump;

#define RANGE_BAD     (-101) /* no instant: *ret_text is what was given */
#define RANGE_EMPTY   (-102) /* ends before it begins */
#define RANGE_NOTHING (-103) /* the dump has no timeline */

struct range_options {
	const char *at; /* as of it: NULL: none */
	const char *from, *to;
	bool is_for_series; /* only resolve: the whole series is looked at */
};

enum range_edge_kind {
	RANGE_START,  /* nothing was counted yet */
	RANGE_MOMENT, /* a detailed moment */
	RANGE_END,    /* what the dump says as it is */
};

struct range_edge {
	enum range_edge_kind kind;
	size_t moment;	   /* index into the dump's */
	uint64_t asked_ns; /* after the start */
	uint64_t ns;	   /* of what was taken, after the start */
	bool is_exact;	   /* it is the very instant that was asked for */
	char name[MPF_MOMENT_NAME_BYTES]; /* that was asked for, or ""; */
					  /* any bytes */
};

struct range {
	bool is_set;   /* anything was asked for */
	bool has_from; /* counts are of what happened since then */
	struct range_edge from, to;
};

/* Nanoseconds from the start to the last instant known. */
uint64_t range_duration(const struct dump *dump);

/* Finds what is meant. 0, or one of the above, or DUMP_MEMORY. */
int range_resolve(struct range *ret_range, const struct dump *dump,
		  const struct range_options *options, const char **ret_text);

/*
 * Makes the dump what it was at the end of the range, with what had been
 * counted at its beginning in dump->before. 0, DUMP_MEMORY, or DUMP_CORRUPT.
 */
int range_apply(const struct range *range, struct dump *dump);

/* Does no sum over what slots had counted at an instant, and what has no
 * slot, exceed what sums may be? Slot by slot dump_open() looked. */
bool range_is_sane(const struct dump *dump, const struct mpf_change *state,
		   const struct mpf_overflow *overflow);

#endif
