/* SPDX-License-Identifier: MIT */
/*
 * Budgets as GitHub's workflow commands, which it shows beside the source.
 * It shows ten of a step at most: the worst sites of the budgets in turn, then
 * how many there are beyond.
 */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/check/check_page.h"
#include "analyzer/view/export/exporter.h"

#define SHOWN 10

/* What would end a command or a property of it. */
static void put_escaped(FILE *file, const char *text, bool is_property)
{
	for (const char *c = text; *c; c++)
		if ((unsigned char)*c < 0x20 || *c == '%' || *c == 0x7f ||
		    (is_property && (*c == ':' || *c == ',')))
			fprintf(file, "%%%02X", (unsigned char)*c);
		else
			fputc(*c, file);
}

static void put_file(FILE *file, const char *path)
{
	char *clean = export_clean(path);

	if (clean)
		put_escaped(file, clean, true);
	free(clean);
}

static int put_error(struct term *term, const struct check_page *page,
		     const struct verdict *verdict, size_t number)
{
	struct catalog *catalog = page->verdicts->catalog;
	const struct catalog_frame *frame;
	const struct catalog_call *call = NULL;
	char *title = check_title(verdict);
	char numbers[CHECK_NUMBERS_BYTES], value[UNITS_TEXT_BYTES];

	if (!title)
		return DUMP_MEMORY;
	fputs("::error ", term->file);
	if (number < verdict->entry_count)
		call = verdict_place(catalog, verdict->entries[number], &frame);
	if (call) {
		const char *file = catalog->functions[call->function].file;

		fputs("file=", term->file);
		put_file(term->file, check_path(page, file));
		if (call->line)
			fprintf(term->file, ",line=%" PRIu32, call->line);
		fputc(',', term->file);
	}
	fputs("title=", term->file);
	put_escaped(term->file, title, true);
	fprintf(term->file, "::");
	free(title);
	if (number < verdict->entry_count) {
		fputs(check_value(value, page->verdicts, verdict, number,
				  term->units),
		      term->file);
		if (verdict->growth)
			fprintf(term->file, ", +%s",
				check_growth(value, verdict, number,
					     term->units));
		fputs(" here; in all ", term->file);
	}
	put_escaped(term->file, check_numbers(numbers, verdict, term->units),
		    false);
	fputc('\n', term->file);
	return 0;
}

static int print(struct term *term, const struct check_page *page)
{
	const struct verdicts *verdicts = page->verdicts;
	size_t shown = 0, all = 0, round = 0;
	bool has_more = true;

	/* Each budget's worst, then each one's second worst ... */
	for (; has_more; round++) {
		has_more = false;
		for (size_t i = 0; i < verdicts->count; i++) {
			const struct verdict *verdict = &verdicts->array[i];

			/* A budget without a site to blame counts too. */
			if (!verdict->is_broken ||
			    (round > 0 && round >= verdict->entry_count))
				continue;
			has_more = true;
			all++;
			if (shown == SHOWN)
				continue;
			if (put_error(term, page, verdict, round) < 0)
				return DUMP_MEMORY;
			shown++;
		}
	}
	if (all > shown)
		fprintf(term->file, "memprof check: %zu more site%s\n",
			all - shown, all - shown == 1 ? "" : "s");
	return 0;
}

const struct check_format check_github = { .name = "github", .print = print };
