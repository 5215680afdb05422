/* SPDX-License-Identifier: MIT */
/* What the dump is, as text. */
#include "config.h"

#include "analyzer/view/text_info.h"

#include <inttypes.h>
#include <time.h>

#include "analyzer/model/ranking.h"
#include "analyzer/view/text.h"
#include "analyzer/view/text_ages.h"
#include "analyzer/view/text_heap.h"
#include "analyzer/view/text_losses.h"

#define LABEL_COLUMNS 18
#define NS_PER_S      UINT64_C(1000000000)

const char *text_info_names(enum sym_status status)
{
	switch (status) {
	case SYM_FULL:
		return "lines";
	case SYM_SYMTAB:
		return "functions";
	case SYM_DYNSYM:
		return "exported functions";
	case SYM_NONE:
		return "none";
	case SYM_MISSING:
		return "file is missing";
	case SYM_CHANGED:
		return "file has changed";
	case SYM_UNREADABLE:
		break;
	}
	return "file is unreadable";
}

static void print_label(struct term *term, const char *label)
{
	fprintf(term->file, "  %-*s", LABEL_COLUMNS, label);
}

/* A line with untrusted text; none when there is nothing to say. */
static void print_text(struct term *term, const char *label, const char *text)
{
	if (!*text)
		return;
	print_label(term, label);
	term_text(term, text);
	putc('\n', term->file);
}

static void print_strings(struct term *term, const char *label,
			  const struct summary_strings *strings, size_t first,
			  size_t limit)
{
	for (size_t i = first; i < strings->count; i++) {
		print_label(term, i == first ? label : "");
		if (limit && i - first >= limit) {
			fprintf(term->file, "... and %zu more (--limit 0)\n",
				strings->count - i);
			break;
		}
		term_text(term, strings->array[i]);
		putc('\n', term->file);
	}
}

static void print_start(struct term *term, uint64_t unix_ns)
{
	time_t seconds = (time_t)(unix_ns / NS_PER_S);
	char text[64];
	struct tm tm;

	if (unix_ns == 0 || !localtime_r(&seconds, &tm) ||
	    strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %z", &tm) == 0)
		return;
	print_label(term, "started");
	fprintf(term->file, "%s\n", text);
}

static void print_process(struct term *term, const struct summary *summary,
			  size_t limit)
{
	text_heading(term, "Process");
	print_text(term, "program", summary->program);
	print_strings(term, "arguments", &summary->arguments, 1, limit);
	print_text(term, "directory", summary->directory);
	print_label(term, "pid");
	fprintf(term->file, "%" PRIu32 ", parent %" PRIu32 "\n", summary->pid,
		summary->ppid);
	if (summary->is_forked) {
		print_label(term, "forked by");
		fprintf(term->file, "%" PRIu32 " (recorded too)\n",
			summary->recorded_parent);
	}
	print_label(term, "state");
	text_state(term, summary);
	putc('\n', term->file);
	print_start(term, summary->start_unix_ns);
	print_text(term, "host", summary->host);
	print_text(term, "system", summary->system);
	print_text(term, "machine", summary->machine);
	print_text(term, "allocator", summary->allocator);
}

static void print_timeline(struct term *term, const struct summary *summary)
{
	print_label(term, "timeline");
	if (!summary->has_timeline) {
		fputs("none\n", term->file);
		return;
	}
	text_count_of(term, (int64_t)summary_all_points(summary), "point");
	fputs(", of them ", term->file);
	text_count_of(term, (int64_t)summary->intervals, "detailed one");
	fputs(", ", term->file);
	text_count_of(term, (int64_t)summary->snapshots, "snapshot");
	fputs(", ", term->file);
	text_count_of(term, (int64_t)summary->marks, "mark");
	if (summary->moments_lost) {
		char buf[UNITS_TEXT_BYTES];

		fprintf(term->file, ", no room for %s more",
			units_count(buf, summary->moments_lost));
	}
	putc('\n', term->file);
}

static void print_memory(struct term *term, const struct summary *summary)
{
	char all[UNITS_TEXT_BYTES], live[UNITS_TEXT_BYTES];

	if (!summary->has_memory)
		return;
	print_label(term, "private memory");
	fprintf(term->file, "%s, %s of it in recorded blocks",
		units_size(all, term->units, summary->private_bytes),
		units_size(live, term->units, summary->private_live_bytes));
	if (summary->has_memory_time && summary->state != SUMMARY_EXITED)
		fprintf(term->file, ", %s after the start",
			units_duration(all, summary->memory_ns));
	putc('\n', term->file);
}

static void print_mode(struct term *term, const struct summary *summary)
{
	char buf[UNITS_TEXT_BYTES];

	text_heading(term, "Recording");
	print_text(term, "dump", summary->dump_path);
	print_text(term, "recorded as", summary->out_path);
	print_label(term, "size");
	fprintf(term->file, "%s, version %" PRIu32 " of the format\n",
		units_size(buf, term->units, summary->dump_bytes),
		summary->version);
	print_strings(term, "settings", &summary->settings, 0, 0);
	print_label(term, "mode");
	if (summary->sample_bytes)
		fprintf(term->file, "sampled, one in %s\n",
			units_size(buf, term->units, summary->sample_bytes));
	else
		fputs("exact: every allocation\n", term->file);
	print_label(term, "stacks");
	fprintf(term->file, "%s, up to %" PRIu32 " frames\n",
		summary->uses_frame_pointers ? "by frame pointers"
					     : "by unwind rules",
		summary->max_depth);
	print_timeline(term, summary);
	print_memory(term, summary);
	if (summary->is_checked) {
		print_label(term, "checked");
		text_count_of(term, (int64_t)summary->check_walks, "walk");
		fprintf(term->file, " compared, %s different\n",
			units_count(buf, summary->check_differences));
	}
	if (summary->is_verified) {
		print_label(term, "verified");
		text_count_of(term, (int64_t)summary->verify_walks, "walk");
		fprintf(term->file, " walked anew, %s different\n",
			units_count(buf, summary->verify_differences));
	}
}

static void print_modules(struct term *term, struct analysis *analysis,
			  size_t limit)
{
	const struct modules *modules = &analysis->tree.modules;
	size_t shown = modules->count;

	if (limit && limit < shown)
		shown = limit;
	text_heading(term, "Code");
	for (uint32_t i = 0; i < shown && !term_is_done(term); i++) {
		const struct module *module = &modules->array[i];

		fprintf(term->file, "  %s%-20s%s", term_style(term, TERM_DIM),
			module->is_vdso ? "in the kernel"
					: text_info_names(names_module_status(
						  &analysis->names, i)),
			term_style(term, TERM_PLAIN));
		term_text(term, module->path);
		if (module->is_unloaded)
			fputs("  (unloaded)", term->file);
		fprintf(term->file, "  %s", term_style(term, TERM_DIM));
		for (size_t k = 0; k < module->build_id_bytes; k++)
			fprintf(term->file, "%02x", module->build_id[k]);
		fprintf(term->file, "%s\n", term_style(term, TERM_PLAIN));
	}
	if (shown < modules->count) {
		fputs("  and ", term->file);
		text_count_of(term, (int64_t)(modules->count - shown),
			      "more file");
		putc('\n', term->file);
	}
}

static int print_threads(struct term *term, const struct top *threads,
			 size_t limit)
{
	const struct ranking_source source = {
		.first = &threads->rows->self,
		.stride = sizeof(*threads->rows),
		.count = threads->count,
		.has_zeros = true,
	};
	struct ranking ranking;
	int ret = ranking_init(&ranking, &source, METRIC_ALLOCATIONS, limit);

	if (ret < 0)
		return ret;
	text_heading(term, "Threads");
	text_cell(term, "allocations", text_count_columns());
	text_cell(term, "allocated", text_size_columns(term));
	text_cell(term, "frees", text_count_columns());
	fputs("  thread\n", term->file);
	for (size_t i = 0; i < ranking.shown; i++) {
		const struct top_row *row = &threads->rows[ranking.numbers[i]];

		text_count_cell(term, row->self.of[METRIC_ALLOCATIONS], false);
		text_size_cell(term, row->self.of[METRIC_ALLOCATED_BYTES],
			       false);
		text_count_cell(term, row->self.of[METRIC_FREES], false);
		fputs("  ", term->file);
		text_thread(term, row);
		putc('\n', term->file);
	}
	if (ranking.shown < ranking.count) {
		fputs("  and ", term->file);
		text_count_of(term, (int64_t)(ranking.count - ranking.shown),
			      "more thread");
		putc('\n', term->file);
	}
	ranking_done(&ranking);
	return 0;
}

int text_info_print(struct term *term, struct analysis *analysis,
		    const struct ages *ages, const struct top *threads,
		    size_t limit)
{
	int ret;

	text_head(term, &analysis->summary);
	print_process(term, &analysis->summary, limit);
	print_mode(term, &analysis->summary);
	if (ages->has_lifetimes) {
		print_label(term, "lifetimes");
		text_age_summary(term, ages,
				 analysis->sites.totals.of[METRIC_LIVE_BYTES]);
		putc('\n', term->file);
	}
	if (!analysis->summary.range)
		text_heap_print(term, analysis);
	print_modules(term, analysis, limit);
	ret = print_threads(term, threads, limit);
	if (ret == 0)
		text_losses_print(term, analysis);
	return ret;
}
