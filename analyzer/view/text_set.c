/* SPDX-License-Identifier: MIT */
/* What stands above and below a report on one dump or several. */
#include "config.h"

#include "analyzer/view/text_set.h"

#include <inttypes.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_losses.h"
#include "analyzer/view/text_unseen.h"

void text_set_head(struct term *term, const struct set *set, const char *what)
{
	if (set->count == 1) {
		text_head(term, &set->array[0].summary);
		return;
	}
	text_styled(term, TERM_HEADING, "Dumps");
	fprintf(term->file, "    %zu, %s\n", set->count, what);
	for (size_t i = 0; i < set->count; i++) {
		const struct summary *summary = &set->array[i].summary;
		char name[TEXT_NAME_BYTES], buf[UNITS_TEXT_BYTES];

		fprintf(term->file, "  #%zu     ", i + 1);
		term_text(term, summary->dump_path);
		fprintf(term->file, ": %s %" PRIu32 ", ",
			text_base_name(name, summary->program), summary->pid);
		text_state(term, summary);
		if (summary->sample_bytes)
			fprintf(term->file, ", sampled: one in about %s",
				units_size(buf, term->units,
					   summary->sample_bytes));
		putc('\n', term->file);
		text_unseen_head(term, summary);
	}
}

void text_set_filter_note(struct term *term, const struct set *set)
{
	char shown[UNITS_TEXT_BYTES], all[UNITS_TEXT_BYTES];
	uint64_t kept = 0, count = 0;

	for (size_t i = 0; i < set->count; i++) {
		kept += set->array[i].filter.count;
		count += set->array[i].sites.count;
	}
	if (set->array[0].filter.is_complete)
		return;
	fprintf(term->file,
		"\nShown are only the stacks asked for: %s of %s sites.\n",
		units_count(shown, kept), units_count(all, count));
}

void text_set_python_note(struct term *term, const struct set *set,
			  enum top_by by)
{
	const struct tree *tree = &set->array[0].tree;
	bool has_native = false, is_python_first = false;

	if (by != TOP_FUNCTION && by != TOP_LINE && by != TOP_FILE)
		return;
	for (size_t i = 0; i < set->count; i++)
		is_python_first |= set->array[i].python_first;
	for (size_t i = 1; i < tree->frame_count; i++)
		has_native |= !tree->frames[i].is_python;
	if (is_python_first)
		fputs("  native code counts as the Python code that called "
		      "it: --python=mixed tells it apart\n",
		      term->file);
	else if (has_native && tree_has_python(tree))
		fputs("  native code included: --python=python shows the "
		      "program in Python alone\n",
		      term->file);
}

void text_set_losses(struct term *term, struct set *set)
{
	for (size_t i = 0; i < set->count; i++)
		text_losses_print_serious_of(term, &set->array[i],
					     set->count > 1 ? i + 1 : 0);
}
