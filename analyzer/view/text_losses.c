/* SPDX-License-Identifier: MIT */
/* What could not be seen, in words. */
#include "config.h"

#include "analyzer/view/text_losses.h"

#include <inttypes.h>
#include <stdarg.h>
#include <string.h>

#include "analyzer/model/dump.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_unseen.h"

/* A loss: one line. Counts the lines in *lines. */
__attribute__((format(printf, 3, 4))) static void
print_line(struct term *term, unsigned *lines, const char *format, ...)
{
	va_list args;

	fputs("  ", term->file);
	va_start(args, format);
	vfprintf(term->file, format, args);
	va_end(args);
	putc('\n', term->file);
	++*lines;
}

static const char *failure_text(enum summary_failure failure)
{
	switch (failure) {
	case SUMMARY_NO_SPACE:
		return "there was no space left on the disk";
	case SUMMARY_NO_REOPEN:
		return "the dump could not be opened to grow it";
	case SUMMARY_LIMIT:
		return "a table reached its largest size";
	case SUMMARY_NO_MEMORY:
		return "there was no memory left";
	case SUMMARY_FILE_SIZE:
		return "the limit on file sizes was reached";
	case SUMMARY_COMPLETE:
		break;
	}
	return "nothing";
}

static void print_failure(struct term *term, const struct summary *summary,
			  unsigned *lines)
{
	char count[UNITS_TEXT_BYTES], size[UNITS_TEXT_BYTES];

	if (summary->failure != SUMMARY_COMPLETE && summary->failure_errno)
		print_line(term, lines, "Recording degraded: %s (%s).",
			   failure_text(summary->failure),
			   strerror(summary->failure_errno));
	else if (summary->failure != SUMMARY_COMPLETE)
		print_line(term, lines, "Recording degraded: %s.",
			   failure_text(summary->failure));
	if (summary->overflow_allocs || summary->overflow_frees)
		print_line(term, lines,
			   "Without a stack: allocations %s (%s), frees %s. "
			   "Totals are right, sites lack these.",
			   units_count(count, summary->overflow_allocs),
			   units_size(size, term->units,
				      summary->overflow_alloc_bytes),
			   units_count((char[UNITS_TEXT_BYTES]) { 0 },
				       summary->overflow_frees));
	if (summary->untracked_allocs)
		print_line(term, lines,
			   "Not counted at all, because their frees could not "
			   "be told: allocations %s (%s).",
			   units_count(count, summary->untracked_allocs),
			   units_size(size, term->units,
				      summary->untracked_bytes));
}

static void print_dropped(struct term *term, const struct summary *summary,
			  unsigned *lines)
{
	for (size_t i = 0; i < summary->dropped_told; i++) {
		const struct dump_error *loss = &summary->dropped[i];

		print_line(term, lines, "Damaged: %s at offset %" PRIu64 ".",
			   loss->what ? loss->what : "data", loss->offset);
	}
	if (summary->dropped_count > summary->dropped_told)
		print_line(term, lines,
			   "Damaged parts not listed: %" PRIu64 ".",
			   summary->dropped_count - summary->dropped_told);
}

static void print_sampling(struct term *term, const struct summary *summary,
			   unsigned *lines)
{
	char size[UNITS_TEXT_BYTES];

	if (summary->sample_bytes)
		print_line(
			term, lines,
			"Sampled, one in about %s: sites that no sample met "
			"are missing.",
			units_size(size, term->units, summary->sample_bytes));
}

static void print_stacks(struct term *term, const struct analysis *analysis,
			 unsigned *lines)
{
	const struct summary *summary = &analysis->summary;
	char a[UNITS_TEXT_BYTES], b[UNITS_TEXT_BYTES];

	if (analysis->sites.cut_count)
		print_line(term, lines,
			   "Stacks whose outer end is missing: sites %s, "
			   "allocations %s.",
			   units_count(a, analysis->sites.cut_count),
			   units_count(b, analysis->sites.cut_allocations));
	if (summary->guessed)
		print_line(term, lines,
			   "Stacks with frames found by frame pointer, which "
			   "may be wrong: %s.",
			   units_count(a, summary->guessed));
}

static void print_python(struct term *term, const struct summary *summary,
			 unsigned *lines)
{
	static const char *const reasons[] = {
		[SUMMARY_PYTHON_VERSION] = "is a version that was not known",
		[SUMMARY_PYTHON_THREADED] = "is built without the global lock",
		[SUMMARY_PYTHON_DIFFERENT] =
			"is not built as others of its version",
		[SUMMARY_PYTHON_STOPPED] = "had frames that were not as known",
	};
	char a[UNITS_TEXT_BYTES];

	if (summary->python > SUMMARY_PYTHON_ON)
		print_line(term, lines,
			   "Python %" PRIu32 ".%" PRIu32
			   " %s: stacks have its native frames only.",
			   summary->python_major, summary->python_minor,
			   reasons[summary->python]);
	if (summary->python_broken)
		print_line(term, lines,
			   "Stacks whose Python frames could not all be read: "
			   "%s.",
			   units_count(a, summary->python_broken));
	if (summary->python_cut)
		print_line(term, lines,
			   "Stacks with more Python frames than are kept: %s.",
			   units_count(a, summary->python_cut));
	if (summary->python_unknown)
		print_line(term, lines,
			   "Python code that could not be kept: %s.",
			   units_count(a, summary->python_unknown));
}

static void print_unseen(struct term *term, const struct summary *summary,
			 unsigned *lines)
{
	char a[UNITS_TEXT_BYTES];

	*lines += text_unseen_print(term, summary);
	if (summary->foreign_frees)
		print_line(term, lines,
			   "Freed without having been seen allocated: %s.",
			   units_count(a, summary->foreign_frees));
	if (summary->foreign_reallocs)
		print_line(
			term, lines,
			"Reallocated without having been seen allocated: %s.",
			units_count(a, summary->foreign_reallocs));
}

static void print_rest(struct term *term, const struct analysis *analysis,
		       unsigned *lines)
{
	const struct summary *summary = &analysis->summary;
	char a[UNITS_TEXT_BYTES];

	if (analysis->sites.adjusted_count)
		print_line(term, lines,
			   "Sites read amid a change, their live part taken as "
			   "nothing: %s.",
			   units_count(a, analysis->sites.adjusted_count));
	if (summary->check_differences)
		print_line(term, lines,
			   "Compared stacks that are not what the reference "
			   "says: %s.",
			   units_count(a, summary->check_differences));
	if (summary->verify_differences)
		print_line(term, lines,
			   "Remembered stacks that are not what a walk finds: "
			   "%s.",
			   units_count(a, summary->verify_differences));
}

static void print_objects(struct term *term, struct analysis *analysis,
			  unsigned *lines)
{
	const struct modules *modules = &analysis->tree.modules;
	char name[TEXT_NAME_BYTES];

	for (uint32_t i = 0; i < modules->count; i++) {
		const char *problem = names_problem(&analysis->names, i);

		if (!problem)
			continue;
		text_path(name, modules->array[i].path, &analysis->summary);
		if (strcmp(problem, "changed") == 0)
			print_line(term, lines,
				   "%s is another file now than when it was "
				   "recorded: its functions have no names.",
				   name);
		else
			print_line(term, lines,
				   "%s is %s: its functions have no names.",
				   name, problem);
	}
}

static bool has_problem(struct analysis *analysis)
{
	const struct modules *modules = &analysis->tree.modules;

	for (uint32_t i = 0; i < modules->count; i++)
		if (names_problem(&analysis->names, i))
			return true;
	return false;
}

void text_losses_print(struct term *term, struct analysis *analysis)
{
	unsigned lines = 0;

	text_heading(term, "What could not be seen");
	print_failure(term, &analysis->summary, &lines);
	print_dropped(term, &analysis->summary, &lines);
	print_sampling(term, &analysis->summary, &lines);
	print_stacks(term, analysis, &lines);
	print_unseen(term, &analysis->summary, &lines);
	print_python(term, &analysis->summary, &lines);
	print_rest(term, analysis, &lines);
	print_objects(term, analysis, &lines);
	if (lines == 0)
		print_line(term, &lines,
			   "Nothing: all counts are exact, all stacks are "
			   "complete.");
}

void text_losses_print_serious(struct term *term, struct analysis *analysis)
{
	text_losses_print_serious_of(term, analysis, 0);
}

void text_losses_print_serious_of(struct term *term, struct analysis *analysis,
				  size_t number)
{
	const struct summary *summary = &analysis->summary;
	char heading[64] = "What could not be seen";
	unsigned lines = 0;

	if (number)
		snprintf(heading, sizeof(heading),
			 "What could not be seen of #%zu", number);

	if (summary->failure != SUMMARY_COMPLETE || summary->overflow_allocs ||
	    summary->overflow_frees || summary->untracked_allocs ||
	    summary->sample_bytes || summary->dropped_count ||
	    summary->is_bypassed || summary->has_namespaces ||
	    summary->is_much_unseen || summary->foreign_frees ||
	    summary->foreign_reallocs || summary->python > SUMMARY_PYTHON_ON)
		text_heading(term, heading);
	print_failure(term, summary, &lines);
	print_dropped(term, summary, &lines);
	print_sampling(term, summary, &lines);
	print_unseen(term, summary, &lines);
	if (summary->python > SUMMARY_PYTHON_ON)
		print_python(term, summary, &lines);
	if (lines == 0 && has_problem(analysis))
		putc('\n', term->file);
	print_objects(term, analysis, &lines);
}
