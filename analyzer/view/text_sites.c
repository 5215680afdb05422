/* SPDX-License-Identifier: MIT */
/* Sites with their whole stacks as text. */
#include "config.h"

#include "analyzer/view/text_sites.h"

#include "analyzer/model/ranking.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_losses.h"

#define STACK_INDENT 6

enum metric text_sites_bytes(enum sites_list list)
{
	return list == SITES_PEAK ? METRIC_PEAK_BYTES : METRIC_LIVE_BYTES;
}

enum metric text_sites_blocks(enum sites_list list)
{
	return list == SITES_PEAK ? METRIC_PEAK_BLOCKS : METRIC_LIVE_BLOCKS;
}

static void print_title(struct term *term, const struct analysis *analysis,
			enum sites_list list, const struct ranking *ranking)
{
	const struct sites *sites = &analysis->sites;
	const struct summary *summary = &analysis->summary;
	bool is_running = summary->state == SUMMARY_RUNNING;
	const char *title = summary->range ? "Live then"
			    : is_running   ? "Live now"
					   : "Leaked";
	enum metric bytes = text_sites_bytes(list);
	enum metric blocks = text_sites_blocks(list);
	const struct error *error;
	const struct counts sum =
		text_list_sum(analysis, &ranking->sum, &error);
	char buf[TEXT_ESTIMATE_BYTES];

	if (list == SITES_PEAK)
		title = "At the peak";
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, title);
	if (ranking->count == 0 && sum.of[blocks] == 0) {
		fputs(": nothing\n", term->file);
		return;
	}
	fprintf(term->file, ": %s%s%s in ",
		term_style(term, list == SITES_LEAKS && !is_running
					 ? TERM_BAD
					 : TERM_NUMBER),
		text_size_estimate(buf, term, &sum, error, bytes),
		term_style(term, TERM_PLAIN));
	text_estimate_of(term, &sum, error, blocks, "block");
	fputs(" from ", term->file);
	text_count_of(term, (int64_t)ranking->count, "site");
	if (list == SITES_LEAKS)
		fprintf(term->file, ", of %s allocated",
			text_size(buf, term,
				  sites->totals.of[METRIC_ALLOCATED_BYTES]));
	else if (sites->is_peak_now)
		fprintf(term->file, ", which is %s",
			summary->range ? "then"
			: is_running   ? "now"
				       : "the end");
	else if (summary->has_peak_time)
		fprintf(term->file, ", %s after the start",
			units_duration(buf, summary->peak_ns));
	putc('\n', term->file);
}

static void print_site_head(struct term *term, size_t number,
			    const struct counts *counts,
			    const struct error *error, enum sites_list list,
			    const struct ranking *ranking)
{
	enum metric bytes = text_sites_bytes(list);
	char buf[TEXT_ESTIMATE_BYTES];

	fprintf(term->file, "\n%s#%zu  %s%s", term_style(term, TERM_NUMBER),
		number, text_size_estimate(buf, term, counts, error, bytes),
		term_style(term, TERM_PLAIN));
	fputs(" in ", term->file);
	text_estimate_of(term, counts, error, text_sites_blocks(list), "block");
	if (counts->of[bytes] > 0)
		fprintf(term->file, ", %s",
			units_percent(buf, (uint64_t)counts->of[bytes],
				      (uint64_t)ranking->sum.of[bytes]));
	if (error && error_is_few(error, counts, bytes)) {
		fprintf(term->file, " %s(few samples: %s)",
			term_style(term, TERM_BAD),
			text_count(buf, error_samples(error, bytes)));
		fputs(term_style(term, TERM_PLAIN), term->file);
	}
	fprintf(term->file, "%s; allocated ", term_style(term, TERM_DIM));
	text_estimate_of(term, counts, error, METRIC_ALLOCATIONS, "time");
	fprintf(term->file, " (%s)",
		text_size_estimate(buf, term, counts, error,
				   METRIC_ALLOCATED_BYTES));
	fprintf(term->file, ", freed %s",
		text_count_estimate(buf, counts, error, METRIC_FREES));
	if (counts->of[METRIC_TEMPORARY])
		fprintf(term->file, ", temporary %s",
			text_count_estimate(buf, counts, error,
					    METRIC_TEMPORARY));
	fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
}

static void print_rest(struct term *term, enum sites_list list,
		       const struct ranking *ranking, bool is_estimate)
{
	char buf[UNITS_TEXT_BYTES];

	if (ranking->shown == ranking->count)
		return;
	fprintf(term->file, "\n%sNot shown: ", term_style(term, TERM_DIM));
	text_count_of(term, (int64_t)(ranking->count - ranking->shown),
		      "more site");
	fprintf(term->file, " with %s%s in ", is_estimate ? "~" : "",
		text_size(buf, term, ranking->rest.of[text_sites_bytes(list)]));
	text_count_of(term, ranking->rest.of[text_sites_blocks(list)], "block");
	fprintf(term->file, " (--limit 0 shows all)%s\n",
		term_style(term, TERM_PLAIN));
}

int text_sites_print(struct term *term, struct analysis *analysis,
		     enum sites_list list, enum metric sort, size_t limit)
{
	const struct ranking_source source = filter_source(&analysis->filter);
	struct ranking ranking;
	struct stack stack = { 0 };
	int ret = ranking_init(&ranking, &source, sort, limit);

	if (ret < 0)
		return ret;
	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	print_title(term, analysis, list, &ranking);
	for (size_t i = 0; i < ranking.shown; i++) {
		const struct site *site =
			&analysis->sites.array[ranking.numbers[i]];

		ret = stack_read(&stack, &analysis->names, site);
		if (ret < 0 || term_is_done(term))
			break;
		print_site_head(
			term, i + 1, &site->counts,
			sites_error(&analysis->sites, ranking.numbers[i]), list,
			&ranking);
		stack_text_print(term, &stack, &analysis->summary,
				 STACK_INDENT);
	}
	if (ret == 0) {
		print_rest(term, list, &ranking,
			   analysis->sites.errors != NULL);
		text_losses_print_serious(term, analysis);
	}
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}
