/* SPDX-License-Identifier: MIT */
/* A source file as text, with what each of its lines has. */
#include "config.h"

#include "analyzer/view/text_lines.h"

#include <inttypes.h>

#include "analyzer/view/text.h"

#define LINE_COLUMNS   6
#define CONTEXT	       2u /* lines kept around one with numbers */
#define TAB_COLUMNS    8u
#define SOURCE_COLUMNS 20 /* that the source should have */
#define HEAT_COLUMNS   6

/* What is shown of a file, or of one of its functions. */
struct page {
	struct term *term;
	const struct lines *lines;
	const struct lines_row *rows;
	size_t row_count;
	const struct counts *whole; /* what shares are of */
	int64_t greatest;	    /* bytes allocated of a row */
	uint32_t context;	    /* lines around those with numbers */
	bool is_wide;		    /* there is room for all columns */
};

/* Columns behind each size for its error. */
static int error_columns(const struct lines *lines)
{
	return lines->is_estimate ? TEXT_ERROR + 1 : 0;
}

/* Columns before the source. */
static int columns_of(const struct page *page)
{
	int columns = LINE_COLUMNS +
		      3 * (text_size_columns(page->term) + 1 +
			   error_columns(page->lines)) +
		      text_count_columns() + 1 + 2;

	if (page->is_wide)
		columns += TEXT_SHARE + 1 + text_size_columns(page->term) + 1 +
			   text_count_columns() + 1;
	return columns;
}

/* On a terminal, the source has its room before the last columns do. */
static void lay_out(struct page *page)
{
	page->is_wide = true;
	if (page->term->is_terminal &&
	    page->term->width < (unsigned)columns_of(page) + SOURCE_COLUMNS)
		page->is_wide = false;
	for (size_t i = 0; i < page->row_count; i++) {
		int64_t bytes = page->rows[i].counts.of[METRIC_ALLOCATED_BYTES];

		if (bytes > page->greatest)
			page->greatest = bytes;
	}
}

static void print_rule(const struct page *page)
{
	for (int i = columns_of(page) + SOURCE_COLUMNS; i > 0; i--)
		putc('=', page->term->file);
	putc('\n', page->term->file);
}

static void print_columns(const struct page *page, const char *first,
			  const char *last)
{
	static const char *const sizes[] = { "live", "at peak", "allocated" };
	struct term *term = page->term;

	fputs(term_style(term, TERM_HEADING), term->file);
	fprintf(term->file, "%*s", LINE_COLUMNS, first);
	for (int i = 0; i < 3; i++) {
		text_cell(term, sizes[i], text_size_columns(term));
		fprintf(term->file, "%*s", error_columns(page->lines), "");
	}
	if (page->is_wide)
		text_cell(term, "share", TEXT_SHARE);
	text_cell(term, "count", text_count_columns());
	if (page->is_wide) {
		text_cell(term, "average", text_size_columns(term));
		text_cell(term, "temporary", text_count_columns());
	}
	fprintf(term->file, "  %s%s\n", last, term_style(term, TERM_PLAIN));
}

/* The numbers of a line. error NULL: they are exact. */
static void print_counts(const struct page *page, const struct counts *counts,
			 const struct error *error, bool has_blanks)
{
	static const enum metric sizes[] = { METRIC_LIVE_BYTES,
					     METRIC_PEAK_BYTES,
					     METRIC_ALLOCATED_BYTES };
	bool is_blank = has_blanks && counts_is_zero(counts);
	struct term *term = page->term;

	for (int i = 0; i < 3; i++) {
		text_size_cell(term, counts->of[sizes[i]], has_blanks);
		if (error)
			text_error_cell(term, counts, error, sizes[i]);
	}
	if (page->is_wide && is_blank)
		text_cell(term, "", TEXT_SHARE);
	else if (page->is_wide)
		text_share_cell(term, counts->of[METRIC_ALLOCATED_BYTES],
				page->whole->of[METRIC_ALLOCATED_BYTES]);
	text_count_cell(term, counts->of[METRIC_ALLOCATIONS], has_blanks);
	if (!page->is_wide)
		return;
	text_size_cell(term, lines_average(counts), has_blanks);
	text_count_cell(term, counts->of[METRIC_TEMPORARY], has_blanks);
}

/* Of the numbers above it, those of native code: in Python alone, and where
 * there are any. True when it was printed. */
static bool print_native(const struct page *page, const struct counts *counts,
			 const struct counts *interpreter)
{
	struct counts native;

	if (!page->lines->is_python || !page->lines->has_interpreter)
		return false;
	lines_native(&native, counts, interpreter);
	if (counts_is_zero(&native))
		return false;
	fprintf(page->term->file, "%s%*s", term_style(page->term, TERM_DIM),
		LINE_COLUMNS, "native");
	print_counts(page, &native, NULL, true);
	fprintf(page->term->file, "%s\n", term_style(page->term, TERM_PLAIN));
	return true;
}

/* How much of the bytes allocated by the greatest line, as a bar in colour;
 * without colours there is none. */
static void print_heat(const struct page *page, const struct counts *counts)
{
	int64_t bytes = counts->of[METRIC_ALLOCATED_BYTES];
	struct term *term = page->term;
	enum term_style style = TERM_COOL;
	int columns;

	if (!term->has_color)
		return;
	columns = lines_heat(bytes, page->greatest, HEAT_COLUMNS);
	if (3 * columns > 2 * HEAT_COLUMNS)
		style = TERM_HOT;
	else if (3 * columns > HEAT_COLUMNS)
		style = TERM_WARM;
	fputs("  ", term->file);
	if (columns)
		fprintf(term->file, "%s%*s%s", term_style(term, style), columns,
			"", term_style(term, TERM_PLAIN));
	fprintf(term->file, "%*s", HEAT_COLUMNS - columns, "");
}

/* A line of source, its tabs expanded, made harmless. */
static void print_source(struct term *term, const struct source_line *line)
{
	char expanded[TEXT_NAME_BYTES], clean[TEXT_NAME_BYTES];
	size_t used = 0, column = 0;

	for (size_t i = 0; i < line->bytes && used + 1 < sizeof(expanded);
	     i++) {
		unsigned char c = (unsigned char)line->text[i];

		if (c != '\t') {
			expanded[used++] = (char)c;
			column += (c & 0xc0) != 0x80;
			continue;
		}
		do {
			expanded[used++] = ' ';
		} while (++column % TAB_COLUMNS != 0 &&
			 used + 1 < sizeof(expanded));
	}
	fputs(term_clean(clean, sizeof(clean), expanded, used), term->file);
}

static void print_line(const struct page *page, uint32_t number,
		       const struct lines_row *row)
{
	static const struct lines_row none;
	const struct lines_row *shown = row ? row : &none;
	const struct source *source = &page->lines->source;
	struct term *term = page->term;

	if (number)
		fprintf(term->file, "%*" PRIu32, LINE_COLUMNS, number);
	else
		fprintf(term->file, "%*s", LINE_COLUMNS, "?");
	fputs(term_style(term, row ? TERM_NUMBER : TERM_PLAIN), term->file);
	print_counts(page, &shown->counts,
		     page->lines->is_estimate ? &shown->error : NULL, true);
	fputs(term_style(term, TERM_PLAIN), term->file);
	print_heat(page, &shown->counts);
	if (number && number <= source->count) {
		fputs("  ", term->file);
		print_source(term, &source->lines[number - 1]);
	}
	putc('\n', term->file);
	print_native(page, &shown->counts, &shown->interpreter);
}

/* Is there a line with numbers near enough to show this one? The row is the
 * first at or behind the line. */
static bool is_near(const struct page *page, size_t row, uint32_t number)
{
	if (row < page->row_count &&
	    page->rows[row].line <= (uint64_t)number + page->context)
		return true;
	return row > 0 &&
	       (uint64_t)page->rows[row - 1].line + page->context >= number &&
	       page->rows[row - 1].line != 0;
}

static void print_rows(const struct page *page, size_t from)
{
	for (size_t i = from; i < page->row_count; i++)
		print_line(page, page->rows[i].line, &page->rows[i]);
}

/* The lines from first to last, those left out as "...". */
static void print_text(const struct page *page, uint32_t first, uint32_t last,
		       bool changed_only)
{
	const struct source *source = &page->lines->source;
	bool is_hidden = false;
	size_t row = 0;

	for (; row < page->row_count && page->rows[row].line == 0; row++)
		print_line(page, 0, &page->rows[row]);
	for (uint32_t number = first; number <= last && number <= source->count;
	     number++) {
		const struct lines_row *at = NULL;
		bool is_shown = !changed_only || is_near(page, row, number);

		if (term_is_done(page->term))
			return;
		if (row < page->row_count && page->rows[row].line == number)
			at = &page->rows[row++];
		if (is_shown)
			print_line(page, number, at);
		else if (!is_hidden)
			fprintf(page->term->file, "%*s\n", LINE_COLUMNS, "...");
		is_hidden = !is_shown;
	}
	/* Beyond the end of the source, or without one. */
	print_rows(page, row);
}

static void print_function_name(struct term *term,
				const struct lines_function *function)
{
	char name[TEXT_NAME_BYTES];

	text_styled(term, TERM_FUNCTION,
		    function->name ? text_function(name, function->name, 0)
				   : "(unknown)");
	if (function->first == function->last)
		fprintf(term->file, "  line %" PRIu32, function->first);
	else
		fprintf(term->file, "  lines %" PRIu32 "-%" PRIu32,
			function->first, function->last);
}

static void print_functions(const struct page *page)
{
	const struct lines *lines = page->lines;

	text_heading(page->term, "Functions");
	print_columns(page, "", "function");
	for (size_t i = 0; i < lines->function_count; i++) {
		const struct lines_function *function = &lines->functions[i];

		fprintf(page->term->file, "%*s", LINE_COLUMNS, "");
		print_counts(page, &function->counts,
			     lines->is_estimate ? &function->error : NULL,
			     true);
		fputs("  ", page->term->file);
		print_function_name(page->term, function);
		putc('\n', page->term->file);
		print_native(page, &function->counts, &function->interpreter);
	}
}

static void print_sum(const struct page *page, const struct counts *sum,
		      const struct error *error)
{
	fprintf(page->term->file, "%*s", LINE_COLUMNS, "Sum");
	print_counts(page, sum, page->lines->is_estimate ? error : NULL, false);
}

/* A table for each function: of its lines alone, in one stretch. */
static void print_by_function(struct page page)
{
	const struct lines *lines = page.lines;

	for (size_t i = 0; i < lines->function_count; i++) {
		const struct lines_function *function = &lines->functions[i];
		uint32_t first = function->first, last = function->last;

		page.rows = &lines->parts[function->first_part];
		page.row_count = function->part_count;
		page.whole = &function->counts;
		page.greatest = 0;
		lay_out(&page);
		first = first > CONTEXT ? first - CONTEXT : 1;
		last = last < UINT32_MAX - CONTEXT ? last + CONTEXT : last;
		putc('\n', page.term->file);
		text_styled(page.term, TERM_HEADING, "Function");
		fputs(" ", page.term->file);
		print_function_name(page.term, function);
		fputs("\n\n", page.term->file);
		print_columns(&page, "Line", "Source");
		print_rule(&page);
		print_text(&page, first, last, false);
		print_rule(&page);
		print_sum(&page, &function->counts, &function->error);
		putc('\n', page.term->file);
		print_native(&page, &function->counts, &function->interpreter);
	}
}

static void print_notices(struct term *term, const struct lines *lines)
{
	if (!lines->source.path)
		fprintf(term->file,
			"%sThe source is not here: these are the numbers of "
			"its lines without it (--source-dir helps).%s\n",
			term_style(term, TERM_BAD),
			term_style(term, TERM_PLAIN));
	else if (lines->is_source_newer)
		fprintf(term->file,
			"%sThe source is newer than the code that was "
			"recorded: numbers may stand at the wrong lines.%s\n",
			term_style(term, TERM_BAD),
			term_style(term, TERM_PLAIN));
}

void text_lines_print(struct term *term, const struct analysis *analysis,
		      const struct lines *lines, enum text_lines_extent extent)
{
	struct page page = {
		.term = term,
		.lines = lines,
		.rows = lines->rows,
		.row_count = lines->row_count,
		.whole = &lines->sum,
		/* Where lines with numbers are left out, a line around others
		 * might be one of them, and would look as if it had none. */
		.context = lines->rows_left_out ? 0 : CONTEXT,
	};

	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "File");
	fputs("     ", term->file);
	term_text(term, lines->source.path ? lines->source.path : lines->file);
	putc('\n', term->file);
	print_notices(term, lines);
	putc('\n', term->file);
	if (extent == TEXT_LINES_FUNCTIONS) {
		print_by_function(page);
		return;
	}
	lay_out(&page);
	print_columns(&page, "Line", "Source");
	print_rule(&page);
	if (extent == TEXT_LINES_ROWS)
		print_rows(&page, 0);
	else
		print_text(&page, 1, UINT32_MAX, extent == TEXT_LINES_CHANGED);
	if (lines->rows_left_out)
		fprintf(term->file, "%*s  lines left out: %zu\n", LINE_COLUMNS,
			"", lines->rows_left_out);
	print_rule(&page);
	print_sum(&page, &lines->sum, &lines->sum_error);
	fputs("  ", term->file);
	text_count_of(term, (int64_t)lines->site_count, "site");
	putc('\n', term->file);
	if (print_native(&page, &lines->sum, &lines->sum_interpreter))
		fprintf(term->file,
			"\nnative: what of the line above it was asked for "
			"by other code than the interpreter's\n");
	print_functions(&page);
}
