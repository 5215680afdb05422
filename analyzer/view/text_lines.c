/* SPDX-License-Identifier: MIT */
/* A source file as text, with what each of its lines has. */
#include "config.h"

#include "analyzer/view/text_lines.h"

#include <inttypes.h>

#include "analyzer/view/text.h"

#define LINE_COLUMNS 6
#define CONTEXT	     2u /* lines kept around one with numbers */
#define TAB_COLUMNS  8u

/* Columns behind each size for its error. */
static int error_columns(const struct lines *lines)
{
	return lines->is_estimate ? TEXT_ERROR + 1 : 0;
}

static void print_rule(struct term *term, const struct lines *lines)
{
	int columns = LINE_COLUMNS +
		      3 * (text_size_columns(term) + 1 + error_columns(lines)) +
		      2 * (text_count_columns() + 1) + 2 + 20;

	for (int i = 0; i < columns; i++)
		putc('=', term->file);
	putc('\n', term->file);
}

static void print_columns(struct term *term, const struct lines *lines,
			  const char *first, const char *last)
{
	static const char *const sizes[] = { "live", "at peak", "allocated" };

	fputs(term_style(term, TERM_HEADING), term->file);
	fprintf(term->file, "%*s", LINE_COLUMNS, first);
	for (int i = 0; i < 3; i++) {
		text_cell(term, sizes[i], text_size_columns(term));
		fprintf(term->file, "%*s", error_columns(lines), "");
	}
	text_cell(term, "count", text_count_columns());
	text_cell(term, "temporary", text_count_columns());
	fprintf(term->file, "  %s%s\n", last, term_style(term, TERM_PLAIN));
}

/* The numbers of a line. error NULL: they are exact. */
static void print_counts(struct term *term, const struct counts *counts,
			 const struct error *error, bool has_blanks)
{
	static const enum metric sizes[] = { METRIC_LIVE_BYTES,
					     METRIC_PEAK_BYTES,
					     METRIC_ALLOCATED_BYTES };

	for (int i = 0; i < 3; i++) {
		text_size_cell(term, counts->of[sizes[i]], has_blanks);
		if (error)
			text_error_cell(term, counts, error, sizes[i]);
	}
	text_count_cell(term, counts->of[METRIC_ALLOCATIONS], has_blanks);
	text_count_cell(term, counts->of[METRIC_TEMPORARY], has_blanks);
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

static void print_line(struct term *term, const struct lines *lines,
		       uint32_t number, const struct lines_row *row)
{
	static const struct lines_row none;
	const struct lines_row *shown = row ? row : &none;

	if (number)
		fprintf(term->file, "%*" PRIu32, LINE_COLUMNS, number);
	else
		fprintf(term->file, "%*s", LINE_COLUMNS, "?");
	fputs(term_style(term, row ? TERM_NUMBER : TERM_PLAIN), term->file);
	print_counts(term, &shown->counts,
		     lines->is_estimate ? &shown->error : NULL, true);
	fputs(term_style(term, TERM_PLAIN), term->file);
	if (number && number <= lines->source.count) {
		fputs("  ", term->file);
		print_source(term, &lines->source.lines[number - 1]);
	}
	putc('\n', term->file);
}

/* Is there a line with numbers near enough to show this one? The row is the
 * first at or behind the line. */
static bool is_near(const struct lines *lines, size_t row, uint32_t number)
{
	/* Where lines with numbers are left out, a line around others might be
	 * one of them, and would look as if it had none. */
	uint32_t context = lines->rows_left_out ? 0 : CONTEXT;

	if (row < lines->row_count && lines->rows[row].line <= number + context)
		return true;
	return row > 0 && lines->rows[row - 1].line + context >= number &&
	       lines->rows[row - 1].line != 0;
}

static void print_rows(struct term *term, const struct lines *lines,
		       size_t from)
{
	for (size_t i = from; i < lines->row_count; i++)
		print_line(term, lines, lines->rows[i].line, &lines->rows[i]);
}

static void print_text(struct term *term, const struct lines *lines,
		       bool changed_only)
{
	bool is_hidden = false;
	size_t row = 0;

	for (; row < lines->row_count && lines->rows[row].line == 0; row++)
		print_line(term, lines, 0, &lines->rows[row]);
	for (uint32_t number = 1; number <= lines->source.count; number++) {
		const struct lines_row *at = NULL;
		bool is_shown = !changed_only || is_near(lines, row, number);

		if (term_is_done(term))
			return;
		if (row < lines->row_count && lines->rows[row].line == number)
			at = &lines->rows[row++];
		if (is_shown)
			print_line(term, lines, number, at);
		else if (!is_hidden)
			fprintf(term->file, "%*s\n", LINE_COLUMNS, "...");
		is_hidden = !is_shown;
	}
	/* Beyond the end of the source, or without one. */
	print_rows(term, lines, row);
}

static void print_functions(struct term *term, const struct lines *lines)
{
	char name[TEXT_NAME_BYTES];

	text_heading(term, "Functions");
	print_columns(term, lines, "", "function");
	for (size_t i = 0; i < lines->function_count; i++) {
		const struct lines_function *function = &lines->functions[i];

		fprintf(term->file, "%*s", LINE_COLUMNS, "");
		print_counts(term, &function->counts,
			     lines->is_estimate ? &function->error : NULL,
			     true);
		fputs("  ", term->file);
		text_styled(term, TERM_FUNCTION,
			    function->name
				    ? text_function(name, function->name, 0)
				    : "(unknown)");
		if (function->first == function->last)
			fprintf(term->file, "  line %" PRIu32, function->first);
		else
			fprintf(term->file, "  lines %" PRIu32 "-%" PRIu32,
				function->first, function->last);
		putc('\n', term->file);
	}
}

static void print_notices(struct term *term, const struct summary *summary,
			  const struct lines *lines)
{
	if (summary->is_bypassed)
		fprintf(term->file,
			"%sThe malloc of %s comes before memprof's: what it "
			"serves itself was not seen.%s\n",
			term_style(term, TERM_BAD),
			text_path((char[TEXT_NAME_BYTES]) { 0 },
				  summary->allocator, summary),
			term_style(term, TERM_PLAIN));
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
	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "File");
	fputs("     ", term->file);
	term_text(term, lines->source.path ? lines->source.path : lines->file);
	putc('\n', term->file);
	print_notices(term, &analysis->summary, lines);
	putc('\n', term->file);
	print_columns(term, lines, "Line", "Source");
	print_rule(term, lines);
	if (extent == TEXT_LINES_ROWS)
		print_rows(term, lines, 0);
	else
		print_text(term, lines, extent == TEXT_LINES_CHANGED);
	if (lines->rows_left_out)
		fprintf(term->file, "%*s  lines left out: %zu\n", LINE_COLUMNS,
			"", lines->rows_left_out);
	print_rule(term, lines);
	fprintf(term->file, "%*s", LINE_COLUMNS, "Sum");
	print_counts(term, &lines->sum,
		     lines->is_estimate ? &lines->sum_error : NULL, false);
	fputs("  ", term->file);
	text_count_of(term, (int64_t)lines->site_count, "site");
	putc('\n', term->file);
	print_functions(term, lines);
}
