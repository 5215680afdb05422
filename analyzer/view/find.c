/* SPDX-License-Identifier: MIT */
/* Which block an address belongs to, as text and as JSON. */
#include "config.h"

#include "analyzer/view/find.h"

#include <inttypes.h>

#include "analyzer/view/json_parts.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_ages.h"

#define STACK_INDENT 6

static void print_age(struct term *term, const struct find_block *block)
{
	char buf[UNITS_TEXT_BYTES];

	putc('\n', term->file);
	if (!block->has_age)
		return;
	fputs("  allocated ", term->file);
	if (block->age_ns > 0)
		fprintf(term->file, "%s before the list, ",
			text_age(buf, block->age_ns));
	text_count_of(term, (int64_t)ages_rounded((double)block->age_allocs),
		      "allocation");
	fputs(" ago\n", term->file);
}

static int print_block(struct term *term, struct analysis *analysis,
		       const struct find_block *block, struct stack *stack)
{
	const struct site *site;
	int ret;

	if (block->site == SITES_NONE) {
		fprintf(term->file, "%*s%s\n", STACK_INDENT, "",
			stack_text_missing(analysis->sites.errors
						   ? SITE_UNSAMPLED
						   : SITE_OVERFLOW));
		return 0;
	}
	site = &analysis->sites.array[block->site];
	ret = stack_read(stack, &analysis->names, site);
	if (ret == 0)
		stack_text_print(term, stack, &analysis->summary, STACK_INDENT);
	return ret;
}

static void print_found(struct term *term, const struct find *find, size_t i)
{
	const struct find_block *block = &find->blocks[i];
	uint64_t offset = find->address - block->address;
	char buf[UNITS_TEXT_BYTES];

	fprintf(term->file, "\n%s0x%" PRIx64 "%s is ",
		term_style(term, TERM_NUMBER), find->address,
		term_style(term, TERM_PLAIN));
	if (i > 0)
		fputs("also ", term->file);
	if (offset)
		fprintf(term->file, "at offset %s of",
			units_count(buf, offset));
	else
		fputs("the beginning of", term->file);
	fprintf(term->file, " a block of %s at 0x%" PRIx64,
		units_size(buf, term->units, block->bytes), block->address);
	print_age(term, block);
}

static int print_before(struct term *term, struct analysis *analysis,
			const struct find *find, struct stack *stack)
{
	const struct find_block *before = &find->before;
	uint64_t behind = find->address - before->address - before->bytes;
	char buf[UNITS_TEXT_BYTES];

	fprintf(term->file, "\n%s0x%" PRIx64 "%s is in no live block",
		term_style(term, TERM_NUMBER), find->address,
		term_style(term, TERM_PLAIN));
	if (find->lost)
		fprintf(term->file, " that is listed: %s are not",
			units_count(buf, find->lost));
	putc('\n', term->file);
	if (!find->has_before)
		return 0;
	fprintf(term->file, "It is %s behind the end of a block",
		units_size(buf, UNITS_BYTES, behind));
	fprintf(term->file, " of %s at 0x%" PRIx64,
		units_size(buf, term->units, before->bytes), before->address);
	print_age(term, before);
	return print_block(term, analysis, before, stack);
}

static void print_when(struct term *term, const struct analysis *analysis,
		       const struct find *find)
{
	const struct summary *summary = &analysis->summary;
	char buf[UNITS_TEXT_BYTES];

	fputs("\nLive blocks were listed ", term->file);
	if (find->has_time)
		fprintf(term->file, "%s after the start",
			units_duration(buf, find->listed_ns));
	else
		fputs("at the last snapshot, or at the end", term->file);
	if (summary->state == SUMMARY_RUNNING)
		fprintf(term->file,
			"; memprof snapshot %" PRIu32 " lists them anew",
			summary->pid);
	fputs(".\n", term->file);
}

int find_print_text(struct term *term, struct analysis *analysis,
		    const struct find *find)
{
	struct stack stack = { 0 };
	int ret = 0;

	text_head(term, &analysis->summary);
	for (size_t i = 0; i < find->count && ret == 0; i++) {
		print_found(term, find, i);
		ret = print_block(term, analysis, &find->blocks[i], &stack);
	}
	if (find->count == 0)
		ret = print_before(term, analysis, find, &stack);
	if (ret == 0)
		print_when(term, analysis, find);
	stack_done(&stack);
	return ret;
}

static int put_block(struct json *json, const char *key,
		     struct analysis *analysis, const struct find *find,
		     const struct find_block *block, struct stack *stack)
{
	int ret = 0;

	json_begin_object(json, key);
	json_unsigned(json, "address", block->address);
	json_unsigned(json, "bytes", block->bytes);
	json_unsigned(json, "offset", find->address - block->address);
	if (block->has_age && find->has_time)
		json_unsigned(json, "age_ns", ages_rounded(block->age_ns));
	else
		json_null(json, "age_ns");
	if (block->has_age)
		json_unsigned(json, "age_allocations", block->age_allocs);
	else
		json_null(json, "age_allocations");
	if (block->site == SITES_NONE)
		json_null(json, "site");
	else
		ret = json_parts_site(json, "site", analysis,
				      &analysis->sites.array[block->site],
				      stack);
	json_end(json);
	return ret;
}

int find_print_json(FILE *file, struct analysis *analysis,
		    const struct find *find)
{
	struct stack stack = { 0 };
	struct json json;
	int ret = 0;

	json_parts_begin(&json, file, "memprof-find/1", &analysis->summary);
	json_unsigned(&json, "address", find->address);
	json_bool(&json, "found", find->count > 0);
	if (find->has_time)
		json_unsigned(&json, "listed_ns", find->listed_ns);
	else
		json_null(&json, "listed_ns");
	json_unsigned(&json, "lost", find->lost);
	json_begin_array(&json, "blocks");
	for (size_t i = 0; i < find->count && ret == 0; i++)
		ret = put_block(&json, NULL, analysis, find, &find->blocks[i],
				&stack);
	json_end(&json);
	if (ret == 0 && find->has_before)
		ret = put_block(&json, "before", analysis, find, &find->before,
				&stack);
	else if (ret == 0)
		json_null(&json, "before");
	json_end(&json);
	stack_done(&stack);
	return ret;
}
