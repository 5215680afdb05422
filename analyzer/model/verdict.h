/* SPDX-License-Identifier: MIT */
/*
 * Budgets held against a recording. One for the whole program looks at what
 * the filter keeps, all of it by default; one for a function or a file at the
 * sites that have it anywhere on their stack. What leaked is what leaks.h
 * blames on the program; growths are of all that is live.
 */
#ifndef MEMPROF_ANALYZER_MODEL_VERDICT_H
#define MEMPROF_ANALYZER_MODEL_VERDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/budget.h"
#include "analyzer/model/catalog.h"
#include "analyzer/model/leaks.h"
#include "analyzer/model/set.h"

struct verdict {
	const struct budget *budget;
	enum metric metric;
	int64_t value;
	int64_t limit;
	int64_t old;	    /* of a growth: what it was */
	int64_t suppressed; /* of what leaked: so much more was left out */
	bool is_broken;
	bool is_unmatched;  /* no stack has the function or file */
	uint32_t *entries;  /* of the catalog, the greatest first; only */
	size_t entry_count; /* when broken; of a growth: those that grew, by */
	int64_t *growth;    /* how much each entry did; else NULL */
};

struct verdicts {
	struct catalog *catalog;
	struct verdict *array;
	size_t count;
	size_t broken;
	struct counts *leaked; /* per entry, what is blamed; or NULL */
	struct counts *hidden; /* and what is suppressed */
};

/*
 * The catalog is of the set's last recording; its first one is the older one
 * for growths, which are the differences that diff.h finds. leaks is of the
 * catalog's recording too; it may be NULL without budgets->has_leaked. 0, or
 * DUMP_MEMORY. Valid as long as the catalog and the budgets.
 */
int verdicts_init(struct verdicts *ret_verdicts, const struct budgets *budgets,
		  struct catalog *catalog, const struct set *set,
		  const struct leaks *leaks);
void verdicts_done(struct verdicts *verdicts);

/* What of an entry counts against a budget. */
int64_t verdict_value(const struct verdicts *verdicts,
		      const struct verdict *verdict, uint32_t entry);

/*
 * Reads the stack of an entry and finds the call to blame in it: the innermost
 * one in a file below the directory that the program ran in; where there is
 * none, in the main program; else in any file. NULL: no file is known. The
 * frame comes with it.
 */
const struct catalog_call *
verdict_place(struct catalog *catalog, uint32_t entry,
	      const struct catalog_frame **ret_frame);

#endif
