/* SPDX-License-Identifier: MIT */
/* Callers and callees as text. */
#include "config.h"

#include "analyzer/model/analysis.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_place.h"
#include "analyzer/view/text_set.h"
#include "analyzer/view/text_top.h"

struct page {
	struct term *term;
	const struct set *set;
	const struct edges *edges;
	const struct edges_options *options;
	unsigned used;
};

static void print_row(const struct page *page, const struct edges_row *row,
		      int64_t whole, bool is_place)
{
	enum metric metric = page->options->metric;
	struct term *term = page->term;
	unsigned columns = text_place_columns(term, page->used);

	fputs(term_style(term, is_place ? TERM_NUMBER : TERM_PLAIN),
	      term->file);
	text_metric_cell(term, metric, row->counts.of[metric]);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (page->edges->is_estimate)
		text_error_cell(term, &row->counts, &row->error, metric);
	text_share_cell(term, row->counts.of[metric], whole);
	text_count_cell(term, row->counts.of[METRIC_ALLOCATIONS], false);
	if (is_place)
		fputs("  ", term->file);
	else
		fputs(page->options->callees ? "    -> " : "    <- ",
		      term->file);
	if (!is_place && row->other == EDGES_NONE)
		text_styled(term, TERM_DIM,
			    page->options->callees ? "(allocates itself)"
						   : "(outermost)");
	else
		text_place_key(term, page->set, &page->edges->keys,
			       is_place ? row->place : row->other,
			       page->options->by, columns);
	putc('\n', term->file);
}

static void print_titles(const struct page *page)
{
	struct term *term = page->term;

	fputs(term_style(term, TERM_HEADING), term->file);
	text_cell(term, "cumulative",
		  text_metric_columns(term, page->options->metric));
	if (page->edges->is_estimate)
		text_cell(term, "", TEXT_ERROR);
	text_cell(term, "share", TEXT_SHARE);
	text_cell(term, "allocations", text_count_columns());
	fprintf(term->file, "  %s%s\n",
		page->options->callees ? "called" : "called by",
		term_style(term, TERM_PLAIN));
}

void text_edges_print(struct term *term, struct set *set,
		      const struct edges *edges,
		      const struct edges_options *options, size_t limit)
{
	struct page page = {
		.term = term,
		.set = set,
		.edges = edges,
		.options = options,
		.used = (unsigned)(text_metric_columns(term, options->metric) +
				   1 + TEXT_SHARE + 1 + text_count_columns() +
				   1 + 7),
	};
	struct counts whole;
	size_t at = 0;

	if (edges->is_estimate)
		page.used += TEXT_ERROR + 1;
	set_whole(set, true, &whole);
	text_set_head(term, set, "added up");
	text_set_filter_note(term, set);
	fprintf(term->file, "\n%s%s%s of ", term_style(term, TERM_HEADING),
		options->callees ? "Callees" : "Callers",
		term_style(term, TERM_PLAIN));
	term_text(term, options->regex);
	fprintf(term->file, ": %s%s\n", text_metric_title(options->metric),
		edges->place_count ? "" : "; nothing matches");
	for (size_t p = 0; p < edges->place_count; p++) {
		const struct edges_row *place = &edges->places[p];
		size_t shown = 0;

		if (term_is_done(term))
			break;
		putc('\n', term->file);
		print_titles(&page);
		print_row(&page, place, whole.of[options->metric], true);
		for (;
		     at < edges->count && edges->rows[at].place == place->place;
		     at++) {
			if (limit && shown++ >= limit)
				continue;
			print_row(&page, &edges->rows[at],
				  place->counts.of[options->metric], false);
		}
		if (limit && shown > limit)
			fprintf(term->file, "%*s... and %zu more\n",
				(int)page.used - 7, "", shown - limit);
	}
	text_set_losses(term, set);
}
