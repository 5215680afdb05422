/* SPDX-License-Identifier: MIT */
/* The call tree as text. */
#include "config.h"

#include "analyzer/view/text_tree.h"

#include <stdlib.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/model/dump.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_place.h"
#include "analyzer/view/text_set.h"
#include "analyzer/view/text_top.h"

#define ART_COLUMNS_MAX 200u /* deeper nodes are not moved further right */
#define STEP_COLUMNS	2u
#define NAME_COLUMNS	15u /* on a terminal, left to the deepest */

struct page {
	struct term *term;
	const struct set *set;
	const struct calltree *tree;
	const struct calltree_options *options;
	unsigned used; /* columns before the art */
	unsigned art;  /* columns that it may have */
	/* Which columns there is room for, the last one first. */
	bool has_share, has_self, has_allocations;
};

static void print_numbers(const struct page *page, const struct counts *part,
			  const struct error *error, const int64_t *self)
{
	enum metric metric = page->options->metric;
	int64_t whole = page->tree->nodes[0].cumulative.of[metric];
	struct term *term = page->term;

	if (page->has_share)
		text_share_cell(term, part->of[metric], whole);
	fputs(term_style(term, TERM_NUMBER), term->file);
	text_metric_cell(term, metric, part->of[metric]);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (error)
		text_error_cell(term, part, error, metric);
	else if (page->tree->errors)
		text_cell(term, "", TEXT_ERROR);
	if (page->has_self && self)
		text_metric_cell(term, metric, *self);
	else if (page->has_self)
		text_cell(term, "", text_metric_columns(term, metric));
	if (page->has_allocations)
		text_count_cell(term, part->of[METRIC_ALLOCATIONS], false);
	fputs("  ", term->file);
}

/* What stands left of a node: for each of its ancestors whether more of that
 * one's brothers follow. Returns the columns. */
static unsigned print_art(const struct page *page, uint32_t node,
			  bool is_hidden, const bool *has_more)
{
	const struct calltree_node *nodes = page->tree->nodes;
	uint32_t depth = nodes[node].depth + is_hidden;
	unsigned columns = 0;

	fputs(term_style(page->term, TERM_DIM), page->term->file);
	for (uint32_t d = 1; d < depth && columns < page->art; d++) {
		fputs(has_more[d] ? "| " : "  ", page->term->file);
		columns += STEP_COLUMNS;
	}
	if (depth > 0) {
		fputs("->", page->term->file);
		columns += STEP_COLUMNS;
	}
	fputs(term_style(page->term, TERM_PLAIN), page->term->file);
	return columns;
}

static void print_node(const struct page *page, uint32_t number,
		       const bool *has_more)
{
	const struct calltree_node *node = &page->tree->nodes[number];
	struct term *term = page->term;
	unsigned columns;

	print_numbers(page, &node->cumulative,
		      page->tree->errors ? &page->tree->errors[number] : NULL,
		      &node->self.of[page->options->metric]);
	columns = print_art(page, number, false, has_more);
	switch (node->key) {
	case CALLTREE_ALL:
		fputs("(all)", term->file);
		break;
	case CALLTREE_CUT:
		text_styled(term, TERM_DIM, "(stack cut)");
		break;
	case CALLTREE_NO_STACK:
		text_styled(term, TERM_DIM, "(no stack)");
		break;
	default:
		text_place_key(term, page->set, &page->tree->keys, node->key,
			       page->options->by,
			       text_place_columns(term, page->used + columns));
		break;
	}
	putc('\n', term->file);
}

static void print_hidden(const struct page *page, uint32_t number,
			 const bool *has_more)
{
	const struct calltree_node *node = &page->tree->nodes[number];
	char buf[UNITS_TEXT_BYTES];

	unsigned columns = page->used;

	print_numbers(page, &node->below, NULL, NULL);
	columns += print_art(page, number, true, has_more);
	units_count(buf, node->hidden);
	fputs(term_style(page->term, TERM_DIM), page->term->file);
	if (page->term->is_terminal &&
	    columns + strlen(buf) + strlen("in  places not shown") >
		    page->term->width)
		fprintf(page->term->file, "%s more", buf);
	else
		fprintf(page->term->file, "in %s %s", buf,
			node->hidden == 1 ? "place not shown"
					  : "places not shown");
	fprintf(page->term->file, "%s\n", term_style(page->term, TERM_PLAIN));
}

/* What is left out of the nodes that end behind number: of each the row comes
 * after its subtree. next: the depth of what follows. */
static size_t close_nodes(const struct page *page, uint32_t number,
			  uint32_t next, const bool *has_more)
{
	const struct calltree_node *nodes = page->tree->nodes;
	size_t printed = 0;

	for (uint32_t at = number;; at = nodes[at].parent) {
		if (nodes[at].depth < next)
			break;
		if (nodes[at].hidden) {
			print_hidden(page, at, has_more);
			printed++;
		}
		if (at == 0)
			break;
	}
	return printed;
}

static void print_titles(const struct page *page)
{
	struct term *term = page->term;
	int columns = text_metric_columns(term, page->options->metric);
	static const char *const names[] = {
		[PLACES_FUNCTION] = "function",
		[PLACES_LINE] = "line",
		[PLACES_FILE] = "file",
		[PLACES_MODULE] = "module",
	};

	fputs(term_style(term, TERM_HEADING), term->file);
	if (page->has_share)
		text_cell(term, "share", TEXT_SHARE);
	text_cell(term, "cumulative", columns);
	if (page->tree->errors)
		text_cell(term, "", TEXT_ERROR);
	if (page->has_self)
		text_cell(term,
			  page->options->is_inverted ? "ends here" : "self",
			  columns);
	if (page->has_allocations)
		text_cell(term, "allocations", text_count_columns());
	fprintf(term->file, "  %s%s\n", names[page->options->by],
		term_style(term, TERM_PLAIN));
}

/* Takes a column when names keep their room beside it. */
static bool take(struct page *page, unsigned columns)
{
	const struct term *term = page->term;

	if (term->is_terminal &&
	    page->used + columns + TEXT_PLACE_MIN > term->width)
		return false;
	page->used += columns;
	return true;
}

static void lay_out(struct page *page)
{
	const struct term *term = page->term;
	unsigned columns =
		(unsigned)text_metric_columns(term, page->options->metric) + 1;

	page->used = columns + 2;
	if (page->tree->errors)
		page->used += TEXT_ERROR + 1;
	page->has_share = take(page, TEXT_SHARE + 1);
	page->has_self = page->has_share && take(page, columns);
	page->has_allocations = page->has_self &&
				take(page, (unsigned)text_count_columns() + 1);
	page->art = ART_COLUMNS_MAX;
	if (term->is_terminal && page->used + NAME_COLUMNS < term->width)
		page->art = term->width - page->used - NAME_COLUMNS;
	else if (term->is_terminal)
		page->art = 0;
}

static void print_nodes(const struct page *page, bool *has_more, size_t lines)
{
	const struct calltree *tree = page->tree;
	char buf[UNITS_TEXT_BYTES];
	size_t printed = 0;

	for (uint32_t i = 0; i < tree->count; i++) {
		const struct calltree_node *node = &tree->nodes[i];
		uint32_t next = 0;

		if (term_is_done(page->term))
			return;
		if (lines && printed >= lines) {
			fprintf(page->term->file,
				"%*s... and %s more (--limit "
				"0 shows all)\n",
				(int)page->used, "",
				units_count(buf, tree->count - i));
			return;
		}
		has_more[node->depth] =
			!node->is_last || tree->nodes[node->parent].hidden;
		print_node(page, i, has_more);
		if (i + 1 < tree->count)
			next = tree->nodes[i + 1].depth;
		printed += 1 + close_nodes(page, i, next, has_more);
	}
}

void text_tree_print(struct term *term, struct set *set,
		     const struct calltree *tree,
		     const struct calltree_options *options, size_t lines)
{
	struct page page = {
		.term = term,
		.set = set,
		.tree = tree,
		.options = options,
	};
	uint32_t deepest = 0;
	char shown[UNITS_TEXT_BYTES], hidden[UNITS_TEXT_BYTES];
	bool *has_more;

	for (size_t i = 0; i < tree->count; i++)
		if (tree->nodes[i].depth > deepest)
			deepest = tree->nodes[i].depth;
	has_more = calloc((size_t)deepest + 2, sizeof(*has_more));
	if (!has_more)
		return;
	text_set_head(term, set, "added up");
	text_set_filter_note(term, set);
	fprintf(term->file,
		"\n%sTree%s%s: %s, %s nodes shown, %s left out below them\n\n",
		term_style(term, TERM_HEADING), term_style(term, TERM_PLAIN),
		options->is_inverted ? " of who called what allocates" : "",
		text_metric_title(options->metric),
		units_count(shown, tree->count - 1),
		units_count(hidden, tree->hidden));
	lay_out(&page);
	print_titles(&page);
	print_nodes(&page, has_more, lines);
	text_set_losses(term, set);
	free(has_more);
}
