/* SPDX-License-Identifier: MIT */
/* Memory that did not come from the malloc which was recorded, in words. */
#include "config.h"

#include "analyzer/view/text_unseen.h"

#include "analyzer/view/text.h"

/* How much it was at most, and when that was looked at. */
static void print_bound(struct term *term, const struct summary *summary)
{
	char size[UNITS_TEXT_BYTES], time[UNITS_TEXT_BYTES];

	if (!summary->has_memory) {
		fputs("nobody knows how much", term->file);
		return;
	}
	fprintf(term->file, "up to %s",
		units_size(size, term->units, summary->unseen_bytes));
	if (summary->state == SUMMARY_EXITED)
		fputs(" at the end", term->file);
	else if (summary->has_memory_time)
		fprintf(term->file, " %s after the start",
			units_duration(time, summary->memory_ns));
}

void text_unseen_head(struct term *term, const struct summary *summary)
{
	char name[TEXT_NAME_BYTES];

	if (!summary->is_bypassed && !summary->has_namespaces)
		return;
	text_styled(term, TERM_BAD, "Unseen");
	fputs("   ", term->file);
	print_bound(term, summary);
	if (summary->is_bypassed)
		fprintf(term->file,
			": the malloc of %s comes before memprof's\n",
			text_path(name, summary->allocator, summary));
	else
		fputs(": a namespace (dlmopen, LD_AUDIT) has a malloc of its "
		      "own\n",
		      term->file);
}

unsigned text_unseen_print(struct term *term, const struct summary *summary)
{
	char name[TEXT_NAME_BYTES], size[UNITS_TEXT_BYTES];
	unsigned lines = 0;

	if (summary->is_bypassed) {
		fprintf(term->file,
			"  The malloc of %s comes before memprof's: what it "
			"serves itself was not seen.\n",
			text_path(name, summary->allocator, summary));
		lines++;
	}
	if (summary->has_namespaces) {
		fputs("  Objects were loaded into a namespace of their own "
		      "(dlmopen, LD_AUDIT): what the malloc there serves was "
		      "not seen.\n",
		      term->file);
		lines++;
	}
	if (lines == 0) {
		if (!summary->is_much_unseen)
			return 0;
		fputs("  Much memory is in no recorded block: mappings of the "
		      "program's own, an allocator of another name, stacks.\n",
		      term->file);
		lines++;
	}
	fputs("  Memory in no recorded block: ", term->file);
	print_bound(term, summary);
	if (summary->unseen_peak_bytes > summary->unseen_bytes)
		fprintf(term->file, ", once %s",
			units_size(size, term->units,
				   summary->unseen_peak_bytes));
	if (summary->resident_peak_bytes)
		fprintf(term->file,
			"; all that was resident, code too, never "
			"exceeded %s",
			units_size(size, term->units,
				   summary->resident_peak_bytes));
	fputs(".\n", term->file);
	return lines + 1;
}
