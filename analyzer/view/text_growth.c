/* SPDX-License-Identifier: MIT */
/* The sites whose live bytes keep rising, as text. */
#include "config.h"

#include "analyzer/view/text_growth.h"

#include "analyzer/model/stack.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_losses.h"

#define STACK_INDENT 6

static void print_title(struct term *term, const struct growth *growth)
{
	char from[UNITS_TEXT_BYTES], to[UNITS_TEXT_BYTES];
	char buf[UNITS_TEXT_BYTES];

	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "Growing");
	if (growth->is_too_short) {
		fputs(": not known: too few detailed moments; record for "
		      "longer\n",
		      term->file);
		return;
	}
	if (growth->count == 0)
		fputs(": nothing", term->file);
	else
		fprintf(term->file, ": %s from ",
			text_size(buf, term, growth->grown));
	if (growth->count)
		text_count_of(term, (int64_t)growth->count, "site");
	fprintf(term->file, ", between %s and %s after the start\n",
		units_duration(from, growth->from_ns),
		units_duration(to, growth->to_ns));
}

static void print_row_head(struct term *term, size_t number,
			   const struct growth_row *row)
{
	char buf[UNITS_TEXT_BYTES];

	fprintf(term->file, "\n%s#%zu  +%s%s, %s an hour; least live:",
		term_style(term, TERM_NUMBER), number,
		text_size(buf, term, row->grown), term_style(term, TERM_PLAIN),
		units_size((char[UNITS_TEXT_BYTES]) { 0 }, term->units,
			   (uint64_t)row->per_hour));
	for (unsigned p = 0; p < GROWTH_PARTS; p++)
		fprintf(term->file, "%s %s", p ? "," : "",
			text_size(buf, term, row->floors[p]));
	putc('\n', term->file);
}

int text_growth_print(struct term *term, struct analysis *analysis,
		      const struct growth *growth, size_t limit)
{
	struct stack stack = { 0 };
	int ret = 0;

	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	print_title(term, growth);
	for (size_t i = 0; i < growth->count && ret == 0; i++) {
		const struct growth_row *row = &growth->rows[i];

		if (limit && i == limit) {
			fprintf(term->file,
				"\nNot shown: %zu more "
				"(--limit 0 shows all)\n",
				growth->count - i);
			break;
		}
		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[row->site]);
		if (ret < 0 || term_is_done(term))
			break;
		print_row_head(term, i + 1, row);
		stack_text_print(term, &stack, &analysis->summary,
				 STACK_INDENT);
	}
	if (growth->suppressed) {
		char buf[UNITS_TEXT_BYTES];

		fputs("\nGrowing, but suppressed: ", term->file);
		text_count_of(term, (int64_t)growth->suppressed, "site");
		fprintf(term->file, ", %s\n",
			text_size(buf, term, growth->suppressed_grown));
	}
	if (ret == 0)
		text_losses_print_serious(term, analysis);
	stack_done(&stack);
	return ret;
}
