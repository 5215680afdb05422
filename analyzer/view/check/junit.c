/* SPDX-License-Identifier: MIT */
/* Budgets as JUnit XML: a test case each. */
#include "config.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/check/check_page.h"
#include "analyzer/view/xml.h"

/* Text of an element or within quotes; control characters became '?'. */
static int put_xml(FILE *file, const char *text)
{
	size_t bytes = strlen(text);
	char *clean = malloc(bytes + 1);

	if (!clean)
		return DUMP_MEMORY;
	term_clean(clean, bytes + 1, text, bytes);
	xml_put(file, clean);
	free(clean);
	return 0;
}

static int put_site(struct term *term, const struct check_page *page,
		    const struct verdict *verdict, size_t number)
{
	struct catalog *catalog = page->verdicts->catalog;
	const struct catalog_entry *entry =
		&catalog->entries[verdict->entries[number]];
	char buf[UNITS_TEXT_BYTES];

	if (catalog_read(catalog, entry) < 0)
		return DUMP_MEMORY;
	fputs(check_value(buf, page->verdicts, verdict, number, UNITS_BYTES),
	      term->file);
	if (verdict->growth)
		fprintf(term->file, ", +%s",
			check_growth(buf, verdict, number, UNITS_BYTES));
	fputc('\n', term->file);
	for (size_t i = 0; i < catalog->stack_count; i++) {
		const struct catalog_frame *frame =
			&catalog->frames[catalog->stack[i]];

		for (uint32_t n = 0; n < frame->count; n++) {
			const struct catalog_call *call =
				&catalog->calls[frame->first + n];
			const struct catalog_function *function =
				&catalog->functions[call->function];

			fputs("    ", term->file);
			if (put_xml(term->file, function->name) < 0)
				return DUMP_MEMORY;
			if (function->file) {
				fputs(" (", term->file);
				put_xml(term->file,
					check_path(page, function->file));
				fprintf(term->file, ":%" PRIu32 ")",
					call->line);
			}
			fputc('\n', term->file);
		}
	}
	return 0;
}

static int put_case(struct term *term, const struct check_page *page,
		    const struct verdict *verdict)
{
	char *title = check_title(verdict);
	char numbers[CHECK_NUMBERS_BYTES];
	int ret = 0;

	if (!title)
		return DUMP_MEMORY;
	fputs("  <testcase classname=\"memprof\" name=\"", term->file);
	ret = put_xml(term->file, title);
	fputs(verdict->is_broken ? "\">\n" : "\"/>\n", term->file);
	free(title);
	if (!verdict->is_broken)
		return ret;
	check_numbers(numbers, verdict, UNITS_BYTES);
	fprintf(term->file, "    <failure type=\"budget\" message=\"%s\">",
		numbers);
	for (size_t i = 0; i < check_shown(verdict, page) && ret == 0; i++)
		ret = put_site(term, page, verdict, i);
	fputs("</failure>\n  </testcase>\n", term->file);
	return ret;
}

static int print(struct term *term, const struct check_page *page)
{
	const struct verdicts *verdicts = page->verdicts;
	int ret = 0;

	fprintf(term->file,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"
		"<testsuite name=\"memprof check\" tests=\"%zu\" "
		"failures=\"%zu\" errors=\"0\" skipped=\"0\">\n",
		verdicts->count, verdicts->broken);
	for (size_t i = 0; i < verdicts->count && ret == 0; i++)
		ret = put_case(term, page, &verdicts->array[i]);
	fputs("</testsuite>\n", term->file);
	return ret;
}

const struct check_format check_junit = { .name = "junit", .print = print };
