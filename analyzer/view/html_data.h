/* SPDX-License-Identifier: MIT */
/*
 * What the page of `memprof html` shows, as one JSON object, "memprof-page/1":
 *
 * program, totals, losses, selection: as in json_parts.h
 * metrics [text]: the names of the numbers of "self" and "cumulative" below,
 *	in their order
 * strings [text]: function names, files; others refer to them by number, -1
 *	is unknown
 * modules [{path, main, allocator}]
 * losses_text [text]: what could not be seen, in sentences
 * flame: metrics [text], share (what was folded has at most so much of each
 *	metric; null: nothing was),
 *	all_nodes (before that), and columns with one element per node, the
 *	root first: parent, function, file, module, line, kind (0 root,
 *	1 function, 2 outer frames missing, 3 no stack), inlined, folded
 *	(nodes left out below), self and total (one column per metric),
 *	with samples self_variance and total_variance
 * tables: function, line, file, module, thread, site; each has rest_rows and
 *	rest (counts of the rows left out) and columns: function, file, line,
 *	module (threads: name, tid, threads, inherited), attributed, self,
 *	cumulative (one column per metric; cumulative is missing where it
 *	cannot differ), samples, self_stderr, cumulative_stderr (of sampled
 *	dumps), stacks (sites: numbers of
 *	frames, innermost first), truncated
 * frames: columns function, file, line, module, offset, inlined, guessed
 * sizes [{bucket, first, last, counts}]
 * lifetimes: null, or {lifetime, lifetime-allocations, age: [{unit, first, end,
 *	counts}], age only where it is known}
 * timelines [{program, pid, start_unix_ns, from_ns, to_ns, ended, lost_names,
 *	points: columns ns (after its start), live_bytes, live_blocks,
 *	rss_bytes (0: not known), allocated_bytes, bytes_per_s; events [{ns,
 *	name, snapshot, live_bytes}], and of the first: sites (rows of the
 *	table, -1: not in it), layers [ns, live_bytes, and live of sites]}]
 * history: null, or {has_start, has_threads, left_out (moments), metrics,
 *	estimated;
 *	rows, nodes, folded: of what changes below, the row of the table of
 *	sites (-1: several smaller ones), the node of the flame graph, and 1
 *	where it is no self of it; moments [{ns, name, peak_ns, peak_is_now,
 *	live_bytes, slots_live (without weights), and for total (all, those
 *looked at), site, size (by bucket) and thread (rows of the table) what changed
 *since the last moment: the numbers of those that did, each as its distance
 *from the one after the last, then by how much, one column per metric; in a
 *	sampled dump site_variance and size_variance, of the same numbers what
 *	the squares of the standard errors are now, a column for each metric in
 *	estimated}], the end last}
 * diff: null, or {dump, program, at_name, at_ns, start_unix_ns, sample_bytes,
 *totals, selection of the older dump, tables by function, line, file, module
 *and site, of what changed: left_out (rows), columns function, file, line,
 *module (those of the older dump are at the end of modules), attributed, old,
 *	new (one column per metric), with samples old_stderr, new_stderr and
 *	change_stderr, of sites stacks [function, file, line of
 *	each frame]; flame of both, with older_self and older_total}
 * leaks: leak_check as in json_leaks.h, text [sentences about it], sums [by
 *verdict: {blocks, bytes}], sites [{row (of the table), verdict (enum
 *mpf_verdict, 0: not judged), blocks, bytes (what is suppressed is not in
 *them), holder [text], rule (text that suppresses it, or null)}] sources
 *[{file, found, newer, sum, lines, counts (one column per metric), functions
 *[{function, first, last, counts}], text [{first, lines}]}]
 */
#ifndef MEMPROF_ANALYZER_VIEW_HTML_DATA_H
#define MEMPROF_ANALYZER_VIEW_HTML_DATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "analyzer/base/units.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/set.h"
#include "analyzer/model/suppressions.h"

#define HTML_ROWS_DEFAULT  2000
#define HTML_NODES_DEFAULT 50000
#define HTML_SOURCES_MAX   48
#define HTML_TEXT_MAX	   (size_t)(6 << 20) /* of all sources in bytes */

struct html_options {
	enum units units;
	size_t rows;	  /* of a table, by each metric; 0: all */
	size_t nodes;	  /* of the flame graph; 0: all */
	bool with_source; /* texts of source files too */
	const char *sysroot;
	const char *const *source_dirs;
	size_t source_dir_count;
	struct suppressions *suppressions; /* NULL: none. Hits are counted */
	struct analysis *others;	   /* dumps on the same axis of time */
	size_t other_count;
	const struct set *pair; /* an older dump, and this one; NULL: none */
};

/* 0, or DUMP_MEMORY. */
int html_data_print(FILE *file, struct analysis *analysis,
		    const struct html_options *options);

#endif
