/* SPDX-License-Identifier: MIT */
/* How long blocks lived, as text. */
#include "config.h"

#include "analyzer/view/text_ages.h"

#include <math.h>
#include <string.h>

#include "analyzer/view/text.h"

char *text_age(char buf[static UNITS_TEXT_BYTES], double ns)
{
	return units_duration(buf, ages_rounded(ns));
}

void text_age_titles(struct term *term)
{
	text_cell(term, "lifetime", TEXT_AGE_COLUMNS - 1);
	text_cell(term, "longest", TEXT_AGE_COLUMNS - 1);
	text_cell(term, "meanwhile", TEXT_AGE_COLUMNS - 1);
}

void text_age_cells(struct term *term, const struct lifetime *lifetime,
		    bool has_time)
{
	bool has_any = lifetime->blocks > 0;
	char buf[UNITS_TEXT_BYTES];

	text_cell(term,
		  has_any && has_time ? text_age(buf, lifetime_ns(lifetime))
				      : "-",
		  TEXT_AGE_COLUMNS - 1);
	text_cell(term,
		  has_any && has_time ? text_age(buf, lifetime->max_ns) : "-",
		  TEXT_AGE_COLUMNS - 1);
	text_cell(term,
		  has_any ? units_count(buf,
					ages_rounded(lifetime_allocs(lifetime)))
			  : "-",
		  TEXT_AGE_COLUMNS - 1);
}

void text_age_summary(struct term *term, const struct ages *ages,
		      int64_t live_bytes)
{
	const struct lifetime *totals = &ages->totals;
	char buf[UNITS_TEXT_BYTES];

	if (totals->blocks <= 0) {
		fputs("no block was freed", term->file);
	} else if (ages->has_time) {
		fputs(text_age(buf, lifetime_ns(totals)), term->file);
		fprintf(term->file, " on average, %s at most",
			text_age(buf, totals->max_ns));
	} else {
		fprintf(term->file, "%s allocations on average",
			units_count(buf,
				    ages_rounded(lifetime_allocs(totals))));
	}
	if (ages->has_usable)
		fprintf(term->file, "; %s of slack in what is live",
			units_size(
				buf, term->units,
				(uint64_t)lifetime_slack(totals, live_bytes)));
}

static void print_allocations(struct term *term, double first, double end)
{
	char buf[UNITS_TEXT_BYTES];

	fputs(units_count(buf, ages_rounded(first)), term->file);
	if (isinf(end))
		fputs(" and more", term->file);
	else if (end > first + 1)
		fprintf(term->file, " to %s",
			units_count(buf, ages_rounded(end - 1)));
	fputs(ages_rounded(first) == 1 && end <= 2 ? " allocation"
						   : " allocations",
	      term->file);
}

void text_age_bucket(struct term *term, const struct top *top, unsigned bucket)
{
	char buf[UNITS_TEXT_BYTES];
	double first, end;

	top_age_range(top, bucket, &first, &end);
	if (top->by == TOP_LIFETIME_ALLOCS) {
		print_allocations(term, first, end);
		return;
	}
	if (!top->has_time) {
		fprintf(term->file, "%s ticks and more",
			units_count(buf, ages_rounded(first)));
		return;
	}
	if (isinf(end)) {
		fprintf(term->file, "%s and more", text_age(buf, first));
		return;
	}
	if (bucket == 0) {
		fprintf(term->file, "under %s", text_age(buf, end));
		return;
	}
	fputs(text_age(buf, first), term->file);
	fprintf(term->file, " to %s", text_age(buf, end));
}
