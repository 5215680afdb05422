/* SPDX-License-Identifier: MIT */
/* Whether dumps know how long blocks lived. */
#include "config.h"

#include "analyzer/cmd/lifetimes.h"

#include "analyzer/base/diag.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"

bool lifetimes_are_there(const struct set *set, bool needs_live)
{
	for (size_t i = 0; i < set->count; i++) {
		const struct analysis *analysis = &set->array[i];
		const char *path = analysis->summary.dump_path;

		if (analysis->dump->has_lifetimes &&
		    (!needs_live || analysis->dump->has_live))
			continue;
		if (analysis->summary.range)
			diag_error("%s: lifetimes are of the whole recording: "
				   "leave the instant out",
				   path);
		else if (analysis->dump->has_lifetimes)
			diag_error("%s: does not say how old its live blocks "
				   "are: the process ended before they were "
				   "listed; take a snapshot while it runs",
				   path);
		else
			diag_error("%s: has no lifetimes: record with memprof "
				   "run --lifetimes",
				   path);
		return false;
	}
	return true;
}
