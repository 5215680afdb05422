/* SPDX-License-Identifier: MIT */
/*
 * The JSON of `leaks`: that of json_sites.h with the schema memprof-leaks/1,
 * and
 * leak_check: judged, failure (null, or why there are no verdicts), method
 *	("alone", "stopped", "unseen"; null), threads, unseen_threads,
 *	duration_ns, stopped_ns, scanned_bytes, definitely_lost,
 *	indirectly_lost, possibly_lost, still_reachable (each {blocks, bytes},
 *	suppressed ones included), suppressed {blocks, bytes},
 *	suppressions [{name, file, blocks, bytes}] that were used
 * site: also verdicts [{verdict (as these members), blocks, bytes, held
 *	(null, or how the largest part is held: "variable", "tls", "stack",
 *	"register", "mapping", "region", "ignored"), thread (id or null),
 *	thread_name, object (file or null), variable (name or null), held_at,
 *suppressed (a rule's name or null)}]
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_LEAKS_H
#define MEMPROF_ANALYZER_VIEW_JSON_LEAKS_H

#include <stdio.h>

#include "analyzer/model/leaks.h"
#include "analyzer/model/suppressions.h"
#include "analyzer/view/json.h"

/* 0, or DUMP_MEMORY. */
int json_leaks_print(FILE *file, struct analysis *analysis,
		     const struct leaks *leaks,
		     const struct suppressions *suppressions, enum metric sort,
		     size_t limit);

/* leak_check, into the object that is open. */
void json_leaks_scan(struct json *json, const struct leaks *leaks,
		     const struct suppressions *suppressions);

#endif
