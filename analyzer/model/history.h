/* SPDX-License-Identifier: MIT */
/*
 * What everything had counted at the moments of a dump, one after the other:
 * the same that a report says of each with --to, for who wants many of them
 * at once.
 *
 *	ret = history_init(&history, analysis, limit);
 *	for (history_next(&history); !history.is_over; history_next(&history))
 *		... history.now, history.sites[number] ...
 *	history_done(&history);
 *
 * Between two instants allocations, frees and what was temporary are the
 * later ones less the earlier ones; what is live is that of the later one. Of
 * an exact dump that is what --from and --to say; where there are samples,
 * each number was rounded before.
 *
 * Where there are more moments than the limit, the one with most live of some
 * in a row stays: then the peak of a range between two that stay is one of
 * those that stay.
 */
#ifndef MEMPROF_ANALYZER_MODEL_HISTORY_H
#define MEMPROF_ANALYZER_MODEL_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/counts.h"
#include "preload/format/format.h"

struct analysis;
struct estimate;

struct history_instant {
	uint64_t ns;	    /* after the start */
	bool is_end;	    /* the very end, or the last that is known */
	size_t moment;	    /* index into the dump's, unless it is the end */
	uint64_t peak_ns;   /* of the peak until then, after the start */
	bool is_peak_now;   /* it is the peak itself */
	int64_t live_bytes; /* as its moment says; of the end the next */
	int64_t slots_live_bytes; /* of all slots, without weights */
};

struct history {
	const struct analysis *analysis;
	struct history_instant now;
	bool is_over;
	size_t left_out; /* moments that the limit leaves out */

	/* What is counted up to now. Estimates in a sampled dump, but for
	 * threads and the total. */
	struct counts *sites;	 /* per site of analysis->sites */
	struct counts *sizes;	 /* MPF_BUCKETS, of the sites looked at */
	struct counts *threads;	 /* per thread of the dump; NULL: they would */
				 /* be estimates of a part */
	struct counts total;	 /* of all sites */
	struct counts selection; /* of the sites looked at */

	/* Private. */
	size_t *moments; /* that stay */
	size_t moment_count, next;
	size_t applied; /* moments that are in state */
	struct mpf_change *state;
	struct estimate *estimates; /* per site */
	struct error *size_errors;  /* MPF_BUCKETS, of estimates */
	struct counts unsampled;    /* of slots that belong to no site */
};

/* The dump is as it was opened: no range was applied. 0, or DUMP_MEMORY. */
int history_init(struct history *ret_history, const struct analysis *analysis,
		 size_t limit);

/* The next instant, the end at last; then is_over. */
void history_next(struct history *history);

void history_done(struct history *history);

/* history_count.c: counts what history->state says. */
void history_count(struct history *history, const struct mpf_overflow *overflow,
		   uint32_t peak_epoch, uint64_t peak_bytes);

#endif
