/* SPDX-License-Identifier: MIT */
/* Leaks by verdict, as text. */
#include "config.h"

#include "analyzer/view/text_leaks.h"

#include <inttypes.h>

#include "analyzer/base/units.h"
#include "analyzer/model/ranking.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_losses.h"

#define STACK_INDENT 6

static void print_thread(struct term *term, const struct mpf_root *root)
{
	fputs(" of thread ", term->file);
	term_text(term, root->name);
	fprintf(term->file, " (%" PRIu32 ")", root->tid);
}

static void print_variable(struct term *term, struct analysis *analysis,
			   const struct leaks *leaks,
			   const struct mpf_leak *leak, const char *object)
{
	char name[TEXT_NAME_BYTES];
	uint64_t offset = 0;
	const char *variable =
		leaks_variable(leaks, &analysis->names, leak, &offset);

	if (!variable) {
		fprintf(term->file, "through the variable at %s+0x%" PRIx64,
			object, leak->held_at);
		return;
	}
	fprintf(term->file, "through the variable %s",
		text_function(name, variable, 60));
	if (offset)
		fprintf(term->file, "+0x%" PRIx64, offset);
	fprintf(term->file, " of %s", object);
}

static void print_root(struct term *term, struct analysis *analysis,
		       const struct leaks *leaks, const struct mpf_leak *leak)
{
	const struct mpf_root *root = leaks_root(leaks, leak->root);
	char path[DUMP_MAX_PATH + 1], name[TEXT_NAME_BYTES];

	leaks_root_path(leaks, leak->root, path);
	text_path(name, path, &leaks->analysis->summary);
	switch (root ? root->held : 0) {
	case MPF_HELD_MODULE:
		print_variable(term, analysis, leaks, leak, name);
		break;
	case MPF_HELD_TLS:
		fputs("through thread-local memory", term->file);
		if (root->tid)
			print_thread(term, root);
		break;
	case MPF_HELD_STACK:
		fputs("through the stack", term->file);
		print_thread(term, root);
		break;
	case MPF_HELD_REGISTER:
		fputs("through a register", term->file);
		print_thread(term, root);
		break;
	case MPF_HELD_MAPPING:
		fprintf(term->file,
			"through mapped memory at 0x%" PRIx64 "%s%s",
			leak->held_at, *name ? " of " : "", name);
		break;
	case MPF_HELD_REGION:
		fputs("through memory that the program registered", term->file);
		break;
	case MPF_HELD_IGNORED:
		fputs("the program says that it is no leak", term->file);
		break;
	default:
		fputs("through a root that is not known", term->file);
		break;
	}
}

int text_leaks_print_holder(struct term *term, struct analysis *analysis,
			    const struct leaks *leaks, unsigned verdict,
			    size_t site)
{
	const struct leaks_holder *holder = &leaks->holders[verdict][site];
	struct stack stack = { 0 };
	int ret = 0;

	if (!holder->leak || verdict == MPF_VERDICT_LOST)
		return 0;
	fprintf(term->file, "%*s%s", STACK_INDENT, "",
		term_style(term, TERM_DIM));
	if (verdict != MPF_VERDICT_INDIRECT) {
		print_root(term, analysis, leaks, holder->leak);
	} else if (holder->by_site == SITES_NONE) {
		fputs("held by lost blocks", term->file);
	} else {
		char name[TEXT_NAME_BYTES];

		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[holder->by_site]);
		if (ret == 0 && stack.count)
			fprintf(term->file, "held by what was lost by %s",
				text_function(name, stack.frames[0].function,
					      60));
		else
			fputs("held by lost blocks", term->file);
		stack_done(&stack);
	}
	if (holder->others) {
		fputs(" and ", term->file);
		text_count_of(term, (int64_t)holder->others, "other way");
	}
	fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
	return ret;
}

static void print_title(struct term *term, const struct leaks *leaks,
			unsigned verdict, size_t sites)
{
	static const char *const titles[LEAKS_VERDICTS] = {
		[MPF_VERDICT_LOST] = "Definitely lost",
		[MPF_VERDICT_INDIRECT] = "Indirectly lost",
		[MPF_VERDICT_POSSIBLE] = "Possibly lost",
		[MPF_VERDICT_REACHABLE] = "Still reachable",
	};
	struct counts sum = leaks->totals[verdict];
	char buf[UNITS_TEXT_BYTES];

	counts_subtract(&sum, &leaks->suppressed[verdict]);
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, titles[verdict]);
	if (sum.of[METRIC_LIVE_BLOCKS] <= 0) {
		fputs(": nothing\n", term->file);
		return;
	}
	fprintf(term->file, ": %s%s%s in ",
		term_style(term, verdict <= MPF_VERDICT_INDIRECT ? TERM_BAD
								 : TERM_NUMBER),
		text_size(buf, term, sum.of[METRIC_LIVE_BYTES]),
		term_style(term, TERM_PLAIN));
	text_count_of(term, sum.of[METRIC_LIVE_BLOCKS], "block");
	fputs(" from ", term->file);
	text_count_of(term, (int64_t)sites, "site");
	putc('\n', term->file);
}

static int print_verdict(struct term *term, struct analysis *analysis,
			 const struct leaks *leaks, unsigned verdict,
			 enum metric sort, size_t limit, bool with_sites)
{
	const struct ranking_source source = leaks_source(leaks, verdict);
	struct ranking ranking;
	struct stack stack = { 0 };
	char buf[UNITS_TEXT_BYTES];
	int ret = ranking_init(&ranking, &source, sort, limit);

	if (ret < 0)
		return ret;
	print_title(term, leaks, verdict, ranking.count);
	for (size_t i = 0; with_sites && i < ranking.shown && ret == 0; i++) {
		size_t number = ranking.numbers[i];
		const struct counts *counts = &leaks->of_site[verdict][number];

		if (term_is_done(term))
			break;
		fprintf(term->file, "\n%s#%zu  %s%s in ",
			term_style(term, TERM_NUMBER), i + 1,
			text_size(buf, term, counts->of[METRIC_LIVE_BYTES]),
			term_style(term, TERM_PLAIN));
		text_count_of(term, counts->of[METRIC_LIVE_BLOCKS], "block");
		putc('\n', term->file);
		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[number]);
		if (ret == 0)
			stack_text_print(term, &stack, &analysis->summary,
					 STACK_INDENT);
		if (ret == 0)
			ret = text_leaks_print_holder(term, analysis, leaks,
						      verdict, number);
	}
	if (ret == 0 && with_sites && ranking.shown < ranking.count) {
		fputs("\nNot shown: ", term->file);
		text_count_of(term, (int64_t)(ranking.count - ranking.shown),
			      "more site");
		fputs(" (--limit 0 shows all)\n", term->file);
	}
	stack_done(&stack);
	ranking_done(&ranking);
	return ret;
}

int text_leaks_print(struct term *term, struct analysis *analysis,
		     const struct leaks *leaks, enum metric sort, size_t limit,
		     bool with_reachable)
{
	int ret = 0;

	text_head(term, &analysis->summary);
	text_filter_note(term, &analysis->filter);
	for (unsigned v = MPF_VERDICT_LOST; v < LEAKS_VERDICTS && ret == 0; v++)
		ret = print_verdict(term, analysis, leaks, v, sort, limit,
				    v != MPF_VERDICT_REACHABLE ||
					    with_reachable);
	if (ret == 0 && !with_reachable &&
	    leaks_blocks(leaks, MPF_VERDICT_REACHABLE) > 0)
		fputs("(--reachable shows by whom)\n", term->file);
	if (ret == 0)
		text_losses_print_serious(term, analysis);
	return ret;
}

static const char *failure_text(uint32_t failure)
{
	switch (failure) {
	case MPF_LEAK_NO_MEMORY:
		return "there was no memory for it";
	case MPF_LEAK_NO_FORK:
		return "the kernel made no copy of the process";
	case MPF_LEAK_NO_PROC:
		return "/proc/self/maps could not be read";
	case MPF_LEAK_KILLED:
		return "the copy of the process died while it was scanned";
	case MPF_LEAK_NO_TIME:
		return "it took too long";
	case MPF_LEAK_NO_SPACE:
		return "there was no room for it in the dump";
	case MPF_LEAK_SANDBOXED:
		return "the program had forbidden itself system calls";
	default:
		return NULL;
	}
}

void text_leaks_print_scan(struct term *term, const struct leaks *leaks)
{
	const struct mpf_header *scan = leaks->scan;
	const char *failure = failure_text(scan->leak_failure);
	char buf[UNITS_TEXT_BYTES];

	if (failure)
		fprintf(term->file,
			"\n%s for what is still reachable failed: %s.\n",
			leaks->is_judged ? "A later look" : "The look",
			failure);
	if (!leaks->is_judged) {
		if (!failure && leaks_blocks(leaks, 0) > 0)
			fputs("\nWhether the program could still reach these "
			      "blocks was not looked at; memprof run "
			      "--leak-check does.\n",
			      term->file);
		return;
	}
	fprintf(term->file, "\nLooked at %s",
		text_size(buf, term, (int64_t)scan->leak_scanned_bytes));
	fprintf(term->file, " of memory in %s",
		units_duration(buf, scan->leak_ns));
	if (scan->leak_threads > 1) {
		fputs("; ", term->file);
		text_count_of(term, (int64_t)scan->leak_threads - 1,
			      "other thread");
		fprintf(term->file, " stood still for %s",
			units_duration(buf, scan->leak_stopped_ns));
	}
	fputs(".\n", term->file);
	if (scan->leak_method == MPF_LEAK_UNSEEN) {
		fputs("Registers of ", term->file);
		text_count_of(term, scan->leak_unseen, "thread");
		fputs(" were not seen: what only these held counts as "
		      "lost.\n",
		      term->file);
	}
}

void text_leaks_print_suppressions(struct term *term,
				   const struct suppressions *suppressions)
{
	bool is_first = true;
	char buf[UNITS_TEXT_BYTES];

	for (size_t i = 0; i < suppressions->count; i++) {
		const struct suppression *rule = &suppressions->rules[i];

		if (!rule->hit_blocks)
			continue;
		if (is_first)
			text_heading(term, "Suppressed");
		is_first = false;
		fprintf(term->file, "  %s in ",
			text_size(buf, term, (int64_t)rule->hit_bytes));
		text_count_of(term, (int64_t)rule->hit_blocks, "block");
		fputs(": ", term->file);
		term_text(term, rule->name);
		fputs(" (", term->file);
		term_text(term, rule->file);
		fputs(")\n", term->file);
	}
}
