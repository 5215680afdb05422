/* SPDX-License-Identifier: MIT */
/*
 * The objects that the JSON of several commands has in common.
 *
 * program: path, arguments [text], directory, host, system, machine,
 *	allocator, settings [text], pid, parent_pid, forked_by (pid of the
 *	recorded parent or null), state ("running", "exited", "replaced",
 *	"vanished"), exit_status (null unless exited), start_unix_ns,
 *	duration_ns (null: nobody saw the end), dump (its path),
 *	sample_bytes (0: nothing is an estimate)
 * range: null, or {from, to}: instants {name (null), asked_ns, ns, exact};
 *	from null: from the start
 * totals: allocations, frees, reallocs, failed, allocated_bytes, freed_bytes,
 *	live_blocks, live_bytes, peak_blocks, peak_bytes, peak_ns (after the
 *	start; null: not known), peak_is_now, temporary, sites,
 *	truncated_stacks (sites), truncated_allocations, inherited_blocks,
 *	inherited_bytes (part of the allocations of a forked child), threads
 * losses: failure (null or "no space", "no reopen", "limit", "no memory",
 *	"file size"), failure_errno, overflow_allocations, overflow_bytes,
 *	overflow_frees, overflow_freed_bytes, untracked_allocations,
 *	untracked_bytes, foreign_frees, foreign_reallocs, nested,
 *	guessed_walks, cut_walks_depth, cut_walks_no_rule,
 *	cut_walks_bad_stack, adjusted_sites, dropped (parts of the file,
 *	with --salvage), objects [{path, problem}] (code without names:
 *	"missing", "changed", "unreadable"; of those that were asked for)
 * selection: complete (no --focus and --ignore), sites, and the estimate of
 *	these
 * counts: allocations, allocated_bytes, frees, freed_bytes, reallocs,
 *	live_blocks, live_bytes, peak_blocks, peak_bytes, temporary
 * estimate: counts; with sample_bytes also samples, live_samples,
 *	peak_samples (recorded blocks behind the estimate) and for each of
 *	the counts its standard error, allocations_stderr and so on
 * site: estimate, truncated (null, or why the outer end of the stack is
 *	missing), attributed (false: events that have no stack),
 *	threads_started_at [frames: where threads that allocated there were
 *	started; null: others did, too; empty: not known], stack
 *	[{function, file, line, column, module, offset (ELF address of the
 *	call in the module; in unknown code the address in the process),
 *	inlined, guessed}], innermost first; what is unknown is null
 */
#ifndef MEMPROF_ANALYZER_VIEW_JSON_PARTS_H
#define MEMPROF_ANALYZER_VIEW_JSON_PARTS_H

#include "analyzer/model/ages.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/stack.h"
#include "analyzer/view/json.h"

/* Begins the outermost object, with its schema and the program. */
void json_parts_begin(struct json *json, FILE *file, const char *schema,
		      const struct summary *summary);

/* What it begins with, into an object that is open. */
void json_parts_head(struct json *json, const char *schema,
		     const struct summary *summary);

void json_parts_totals(struct json *json, const char *key,
		       const struct analysis *analysis);
void json_parts_losses(struct json *json, const char *key,
		       struct analysis *analysis);
void json_parts_selection(struct json *json, const char *key,
			  const struct analysis *analysis);

/* The words for how the process ended and why recording degraded (NULL: it
 * did not). */
const char *json_parts_state(const struct summary *summary);
const char *json_parts_failure(const struct summary *summary);

/* The name that a metric has in JSON. */
const char *json_parts_metric(enum metric metric);

/* The members of counts, into the object that is open. */
void json_parts_counts(struct json *json, const struct counts *counts);

/* The members of an estimate; error NULL: exact. */
void json_parts_estimate(struct json *json, const struct counts *counts,
			 const struct error *error);

/* A number that was computed, to a whole one. */
void json_parts_rounded(struct json *json, const char *key, double value);

/* The members of a lifetime: blocks, total_ns, longest_ns (null: not known in
 * time), total_allocations, longest_allocations. */
void json_parts_lifetime(struct json *json, const struct lifetime *lifetime,
			 bool has_time);

/* Where the threads of stack_read_start() were started: a frame, or null. */
void json_parts_start(struct json *json, const char *key,
		      const struct stack *stack);

/* The member function_start, for 0 null. */
void json_parts_function_start(struct json *json, uint64_t start);

/* The frames of a stack as an array. */
void json_parts_stack(struct json *json, const char *key,
		      const struct stack *stack);

/* The members of a site, into the object that is open. stack is scratch space
 * that is used again. 0, or DUMP_MEMORY. */
int json_parts_site_members(struct json *json, struct analysis *analysis,
			    const struct site *site, struct stack *stack);
int json_parts_site(struct json *json, const char *key,
		    struct analysis *analysis, const struct site *site,
		    struct stack *stack);

#endif
