/* SPDX-License-Identifier: MIT */
/* The one-page report as text. */
#include "config.h"

#include "analyzer/view/text_report.h"

#include <string.h>

#include "analyzer/model/ages.h"
#include "analyzer/model/dump.h"
#include "analyzer/model/ranking.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_ages.h"
#include "analyzer/view/text_heap.h"
#include "analyzer/view/text_losses.h"

#define LABEL_COLUMNS 16
#define NAME_COLUMNS  30 /* that a site should have, and the blanks */

/* A list of sites: by what, and the two columns that it shows. */
struct section {
	const char *title;
	const char *nothing;
	enum metric bytes, count;
	const char *noun; /* of what is counted */
};

static void print_label(struct term *term, const char *label)
{
	fprintf(term->file, "  %-*s", LABEL_COLUMNS, label);
}

static void print_pair(struct term *term, const char *label,
		       const struct counts *counts, enum metric count,
		       enum metric bytes)
{
	print_label(term, label);
	text_count_cell(term, counts->of[count], false);
	text_size_cell(term, counts->of[bytes], false);
}

static int print_lifetimes(struct term *term, const struct analysis *analysis)
{
	struct ages ages;

	if (!analysis->dump->has_lifetimes)
		return 0;
	if (ages_init(&ages, analysis) < 0)
		return DUMP_MEMORY;
	print_label(term, "lifetime");
	fputs(" ", term->file);
	text_age_summary(term, &ages,
			 analysis->sites.totals.of[METRIC_LIVE_BYTES]);
	putc('\n', term->file);
	ages_done(&ages);
	return 0;
}

static void print_totals(struct term *term, const struct analysis *analysis)
{
	const struct counts *totals = &analysis->sites.totals;
	const struct summary *summary = &analysis->summary;
	char buf[UNITS_TEXT_BYTES];

	text_heading(term, "Totals");
	print_label(term, "");
	text_cell(term, "blocks", text_count_columns());
	text_cell(term, "size", text_size_columns(term));
	putc('\n', term->file);
	print_pair(term, "allocated", totals, METRIC_ALLOCATIONS,
		   METRIC_ALLOCATED_BYTES);
	if (totals->of[METRIC_REALLOCS])
		fprintf(term->file, "   %s%s by realloc",
			analysis->sites.errors ? "~" : "",
			text_count(buf, totals->of[METRIC_REALLOCS]));
	if (summary->inherited_blocks)
		fprintf(term->file, "   %s inherited from the parent",
			units_count(buf, summary->inherited_blocks));
	putc('\n', term->file);
	print_pair(term, "freed", totals, METRIC_FREES, METRIC_FREED_BYTES);
	putc('\n', term->file);
	print_pair(term,
		   summary->range		       ? "live then"
		   : summary->state == SUMMARY_RUNNING ? "live now"
						       : "live at the end",
		   totals, METRIC_LIVE_BLOCKS, METRIC_LIVE_BYTES);
	putc('\n', term->file);
	print_pair(term, "at the peak", totals, METRIC_PEAK_BLOCKS,
		   METRIC_PEAK_BYTES);
	if (analysis->sites.is_peak_now)
		fprintf(term->file, "   %s", text_when(summary));
	else if (summary->has_peak_time)
		fprintf(term->file, "   %s after the start",
			units_duration(buf, summary->peak_ns));
	putc('\n', term->file);
	print_label(term, "temporary");
	text_count_cell(term, totals->of[METRIC_TEMPORARY], false);
	if (totals->of[METRIC_ALLOCATIONS]) {
		fprintf(term->file, "%*s", text_size_columns(term) + 1, "");
		text_share_cell(term, totals->of[METRIC_TEMPORARY],
				totals->of[METRIC_ALLOCATIONS]);
		fputs(" of the allocations", term->file);
	}
	putc('\n', term->file);
	if (summary->failed) {
		print_label(term, "failed calls");
		text_count_cell(term, (int64_t)summary->failed, false);
		putc('\n', term->file);
	}
	print_label(term, "sites");
	text_count_cell(term, (int64_t)analysis->sites.count, false);
	putc('\n', term->file);
}

static void print_section_head(struct term *term,
			       const struct analysis *analysis,
			       const struct section *section,
			       const struct ranking *ranking)
{
	const struct error *error;
	const struct counts sum =
		text_list_sum(analysis, &ranking->sum, &error);
	char buf[TEXT_ESTIMATE_BYTES];

	putc('\n', term->file);
	text_styled(term, TERM_HEADING, section->title);
	if (ranking->count == 0 && sum.of[section->count] == 0) {
		fprintf(term->file, ": %s\n", section->nothing);
		return;
	}
	if (section->bytes != METRIC_COUNT)
		fprintf(term->file, ": %s in ",
			text_size_estimate(buf, term, &sum, error,
					   section->bytes));
	else
		fputs(": ", term->file);
	text_estimate_of(term, &sum, error, section->count, section->noun);
	fputs(" from ", term->file);
	text_count_of(term, (int64_t)ranking->count, "site");
	putc('\n', term->file);
}

/* On a narrow terminal, sizes leave no room for both numbers and names. */
static bool has_room(const struct term *term, const struct section *section)
{
	int used = TEXT_SHARE + text_count_columns() + text_size_columns(term) +
		   NAME_COLUMNS;

	return section->bytes == METRIC_COUNT || !term->is_terminal ||
	       term->width >= (unsigned)used;
}

/* One site of a section. error NULL: exact. */
static int print_site(struct term *term, struct analysis *analysis,
		      const struct section *section, uint32_t number,
		      enum metric key, const struct ranking *ranking,
		      struct stack *stack)
{
	const struct site *site = &analysis->sites.array[number];
	const struct error *error = sites_error(&analysis->sites, number);
	bool has_count = has_room(term, section);
	int used = TEXT_SHARE + 3;
	int ret;

	if (has_count)
		used += text_count_columns() + 1;

	fputs(term_style(term, TERM_NUMBER), term->file);
	if (section->bytes != METRIC_COUNT) {
		text_size_cell(term, site->counts.of[section->bytes], false);
		used += text_size_columns(term) + 1;
	}
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (error) {
		text_error_cell(term, &site->counts, error, key);
		used += TEXT_ERROR + 1;
	}
	text_share_cell(term, site->counts.of[key], ranking->sum.of[key]);
	if (has_count)
		text_count_cell(term, site->counts.of[section->count], false);
	fputs("  ", term->file);
	ret = stack_read(stack, &analysis->names, site);
	if (ret == 0)
		stack_text_line(term, stack, &analysis->summary,
				(unsigned)used);
	putc('\n', term->file);
	return ret;
}

static void print_section_rest(struct term *term, const struct section *section,
			       enum metric key, const struct ranking *ranking,
			       bool is_estimate)
{
	if (ranking->shown == ranking->count)
		return;
	fputs(term_style(term, TERM_DIM), term->file);
	if (section->bytes != METRIC_COUNT)
		text_size_cell(term, ranking->rest.of[section->bytes], false);
	if (is_estimate)
		text_cell(term, "", TEXT_ERROR);
	text_share_cell(term, ranking->rest.of[key], ranking->sum.of[key]);
	if (has_room(term, section))
		text_count_cell(term, ranking->rest.of[section->count], false);
	fputs("  in ", term->file);
	text_count_of(term, (int64_t)(ranking->count - ranking->shown),
		      "more site");
	fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
}

static int print_section(struct term *term, struct analysis *analysis,
			 const struct section *section, size_t limit,
			 bool by_count)
{
	const struct ranking_source source = filter_source(&analysis->filter);
	enum metric key = section->bytes;
	struct ranking ranking;
	struct stack stack = { 0 };
	int ret;

	if (by_count || key == METRIC_COUNT)
		key = section->count;
	ret = ranking_init(&ranking, &source, key, limit);
	if (ret < 0)
		return ret;
	print_section_head(term, analysis, section, &ranking);
	for (size_t i = 0; i < ranking.shown && ret == 0; i++)
		ret = print_site(term, analysis, section, ranking.numbers[i],
				 key, &ranking, &stack);
	print_section_rest(term, section, key, &ranking,
			   analysis->sites.errors != NULL);
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}

/* How it was recorded; not where to, which the head of the page is about. */
static void print_recorded(struct term *term, const struct summary *summary)
{
	static const char *const others[] = { "MEMPROF_OUT=", "MEMPROF_QUIET=",
					      "MEMPROF_KEEPER=" };

	print_label(term, "recorded");
	fputs(summary->sample_bytes ? "a sample of the blocks" : "every block",
	      term->file);
	for (size_t i = 0; i < summary->settings.count; i++) {
		const char *setting = summary->settings.array[i];
		bool is_shown = true;

		for (size_t k = 0; k < sizeof(others) / sizeof(others[0]); k++)
			if (strncmp(setting, others[k], strlen(others[k])) == 0)
				is_shown = false;
		if (!is_shown)
			continue;
		fputs(", ", term->file);
		term_text(term, setting);
	}
	putc('\n', term->file);
}

/* There is more to see than this page, which looks at one instant. */
static void print_timeline_note(struct term *term,
				const struct summary *summary)
{
	uint64_t named = summary->marks + summary->snapshots;

	if (!summary->has_timeline || summary->range)
		return;
	print_label(term, "timeline");
	text_count_of(term, (int64_t)summary_all_points(summary), "point");
	if (named) {
		fputs(", ", term->file);
		text_count_of(term, (int64_t)named, "name");
	}
	fputs(" (memprof timeline)\n", term->file);
}

int text_report_print(struct term *term, struct analysis *analysis,
		      size_t limit, bool by_count)
{
	bool is_running = analysis->summary.state == SUMMARY_RUNNING;
	const struct section sections[] = {
		{ analysis->summary.range ? "Live then"
		  : is_running		  ? "Live now"
					  : "Live at the end (leaked)",
		  "nothing", METRIC_LIVE_BYTES, METRIC_LIVE_BLOCKS, "block" },
		{ "At the peak", "nothing", METRIC_PEAK_BYTES,
		  METRIC_PEAK_BLOCKS, "block" },
		{ "Allocated in all", "nothing", METRIC_ALLOCATED_BYTES,
		  METRIC_ALLOCATIONS, "block" },
		{ "Temporary", "none", METRIC_COUNT, METRIC_TEMPORARY,
		  "allocation" },
	};
	int ret = 0;

	text_head(term, &analysis->summary);
	print_totals(term, analysis);
	ret = print_lifetimes(term, analysis);
	if (!analysis->summary.range)
		text_heap_brief(term, analysis, LABEL_COLUMNS);
	print_recorded(term, &analysis->summary);
	print_timeline_note(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	for (size_t i = 0; i < sizeof(sections) / sizeof(sections[0]); i++)
		if (ret == 0 && !term_is_done(term))
			ret = print_section(term, analysis, &sections[i], limit,
					    by_count);
	if (ret == 0)
		text_losses_print(term, analysis);
	return ret;
}
