/* SPDX-License-Identifier: MIT */
/* Budgets as text: a line each, and the sites that broke them. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/check/check_page.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_leaks.h"

#define STACK_INDENT 6

static int put_site(struct term *term, const struct check_page *page,
		    const struct verdict *verdict, size_t number,
		    struct stack *stack)
{
	const struct catalog_entry *entry =
		&page->verdicts->catalog->entries[verdict->entries[number]];
	const struct site site = {
		.kind = entry->node ? SITE_STACK : SITE_OVERFLOW,
		.node = entry->node,
	};
	char buf[UNITS_TEXT_BYTES], more[UNITS_TEXT_BYTES];

	if (stack_read(stack, &page->analysis->names, &site) < 0)
		return DUMP_MEMORY;
	fprintf(term->file, "  %s#%zu  %s%s", term_style(term, TERM_NUMBER),
		number + 1,
		check_value(buf, page->verdicts, verdict, number, term->units),
		budget_is_bytes(verdict->budget->of) ? "" : " calls");
	if (verdict->growth)
		fprintf(term->file, ", +%s",
			check_growth(more, verdict, number, term->units));
	fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
	stack_text_print(term, stack, &page->analysis->summary, STACK_INDENT);
	return 0;
}

static int put_verdict(struct term *term, const struct check_page *page,
		       const struct verdict *verdict, struct stack *stack)
{
	size_t shown = check_shown(verdict, page);
	char *title = check_title(verdict);
	char buf[CHECK_NUMBERS_BYTES];

	if (!title)
		return DUMP_MEMORY;
	fprintf(term->file, "%s%s%s  %s: %s\n",
		term_style(term, verdict->is_broken ? TERM_BAD : TERM_GOOD),
		verdict->is_broken ? "BROKEN" : "kept  ",
		term_style(term, TERM_PLAIN), title,
		check_numbers(buf, verdict, term->units));
	free(title);
	for (size_t i = 0; i < shown; i++)
		if (put_site(term, page, verdict, i, stack) < 0)
			return DUMP_MEMORY;
	if (shown < verdict->entry_count)
		fprintf(term->file,
			"  and %zu more site%s (--limit 0 shows all)\n",
			verdict->entry_count - shown,
			verdict->entry_count - shown == 1 ? "" : "s");
	return 0;
}

static int print(struct term *term, const struct check_page *page)
{
	const struct verdicts *verdicts = page->verdicts;
	struct stack stack = { 0 };
	int ret = 0;

	text_head(term, &page->analysis->summary);
	text_filter_note(term, &page->analysis->filter);
	fputc('\n', term->file);
	for (size_t i = 0; i < verdicts->count && ret == 0; i++)
		ret = put_verdict(term, page, &verdicts->array[i], &stack);
	if (page->leaks)
		text_leaks_print_suppressions(term, page->rules);
	fprintf(term->file, "\n%zu of %zu budget%s broken\n", verdicts->broken,
		verdicts->count, verdicts->count == 1 ? "" : "s");
	stack_done(&stack);
	return ret;
}

const struct check_format check_text = { .name = "text", .print = print };
