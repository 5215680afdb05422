/* SPDX-License-Identifier: MIT */
/*
 * Which sites are looked at: those whose stack holds a frame that --focus
 * matches, without those that hold one that --ignore matches. Extended POSIX
 * expressions, tried on the function, the file and the module of every frame.
 */
#ifndef MEMPROF_ANALYZER_MODEL_FILTER_H
#define MEMPROF_ANALYZER_MODEL_FILTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "analyzer/model/estimate.h"
#include "analyzer/model/ranking.h"

struct names;
struct sites;

#define FILTER_FAULT_BYTES 160

struct filter {
	const struct sites *sites;
	uint8_t *keeps;	  /* per site: 1 when it is looked at */
	bool is_complete; /* all are, nothing was asked for */
	size_t count;	  /* of the sites looked at */
	struct counts sum;
	struct error error; /* of the sum, in a sampled dump */

	/* What filter_drop() left out of it, and the error of that. */
	struct counts dropped;
	struct error dropped_error;
};

struct filter_options {
	const char *const *focus; /* one of them must match; none: all do */
	size_t focus_count;
	const char *const *ignore;
	size_t ignore_count;
};

/*
 * 0, DUMP_MEMORY, or FILTER_BAD_REGEX with the reason in fault and the
 * expression in *ret_regex. Symbolises all frames when there is an expression.
 * Valid as long as the sites.
 */
#define FILTER_BAD_REGEX (-100)
int filter_init(struct filter *ret_filter, const struct sites *sites,
		struct names *names, const struct filter_options *options,
		char fault[static FILTER_FAULT_BYTES], const char **ret_regex);
void filter_done(struct filter *filter);

/* Leaves out one more site. */
void filter_drop(struct filter *filter, size_t site);

/* The sites looked at, as something to rank. */
struct ranking_source filter_source(const struct filter *filter);

#endif
