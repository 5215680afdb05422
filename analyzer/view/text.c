/* SPDX-License-Identifier: MIT */
/* The pieces that all text outputs are made of. */
#include "config.h"

#include "analyzer/view/text.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "analyzer/model/analysis.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text_unseen.h"

#define COMMAND_COLUMNS 300u /* of a command line in the head */

int text_size_columns(const struct term *term)
{
	return term->units == UNITS_BYTES ? 17 : 11;
}

int text_count_columns(void)
{
	return 12;
}

/* Puts a minus before a text that has room for it. */
static char *negate(char buf[static UNITS_TEXT_BYTES])
{
	size_t bytes = strlen(buf) + 1;

	if (bytes == UNITS_TEXT_BYTES)
		bytes--;
	memmove(buf + 1, buf, bytes);
	buf[UNITS_TEXT_BYTES - 1] = '\0';
	buf[0] = '-';
	return buf;
}

char *text_size(char buf[static UNITS_TEXT_BYTES], const struct term *term,
		int64_t bytes)
{
	if (bytes >= 0)
		return units_size(buf, term->units, (uint64_t)bytes);
	return negate(units_size(buf, term->units, -(uint64_t)bytes));
}

char *text_count(char buf[static UNITS_TEXT_BYTES], int64_t count)
{
	if (count >= 0)
		return units_count(buf, (uint64_t)count);
	return negate(units_count(buf, -(uint64_t)count));
}

static uint64_t size_of(int64_t value)
{
	return value < 0 ? -(uint64_t)value : (uint64_t)value;
}

/* "~" value " +-" error */
static char *join_estimate(char buf[static TEXT_ESTIMATE_BYTES],
			   const char *value, const char *error)
{
	snprintf(buf, TEXT_ESTIMATE_BYTES, "~%s +-%s", value, error);
	return buf;
}

char *text_size_estimate(char buf[static TEXT_ESTIMATE_BYTES],
			 const struct term *term, const struct counts *counts,
			 const struct error *error, enum metric metric)
{
	char value[UNITS_TEXT_BYTES], beside[UNITS_TEXT_BYTES];
	int64_t bytes = counts->of[metric];

	if (!error)
		return text_size(buf, term, bytes);
	return join_estimate(
		buf, text_size(value, term, bytes),
		units_size_beside(beside, term->units,
				  (uint64_t)error_rounded(error, metric),
				  size_of(bytes)));
}

char *text_count_estimate(char buf[static TEXT_ESTIMATE_BYTES],
			  const struct counts *counts,
			  const struct error *error, enum metric metric)
{
	char value[UNITS_TEXT_BYTES], beside[UNITS_TEXT_BYTES];

	if (!error)
		return text_count(buf, counts->of[metric]);
	return join_estimate(buf, text_count(value, counts->of[metric]),
			     text_count(beside, error_rounded(error, metric)));
}

void text_cell(struct term *term, const char *clean, int columns)
{
	fprintf(term->file, " %*s", columns, clean);
}

void text_size_cell(struct term *term, int64_t bytes, bool has_blanks)
{
	char buf[UNITS_TEXT_BYTES] = "";

	if (bytes != 0 || !has_blanks)
		text_size(buf, term, bytes);
	text_cell(term, buf, text_size_columns(term));
}

void text_count_cell(struct term *term, int64_t count, bool has_blanks)
{
	char buf[UNITS_TEXT_BYTES] = "";

	if (count != 0 || !has_blanks)
		text_count(buf, count);
	text_cell(term, buf, text_count_columns());
}

void text_share_cell(struct term *term, int64_t part, int64_t whole)
{
	char buf[UNITS_TEXT_BYTES] = "-";

	if (part >= 0 && whole >= part)
		units_percent(buf, (uint64_t)part, (uint64_t)whole);
	text_cell(term, buf, TEXT_SHARE);
}

void text_error_cell(struct term *term, const struct counts *counts,
		     const struct error *error, enum metric metric)
{
	double value = fabs((double)counts->of[metric]);
	char buf[UNITS_TEXT_BYTES] = "";
	bool is_few;

	/* At most 1 / P, which no one needs to know above this. */
	if (value > 0) {
		double percent = error_of(error, metric) / value * 100;

		snprintf(buf, sizeof(buf), percent < 1000 ? "+-%.0f%%" : ">10x",
			 percent);
	}
	is_few = value > 0 && error_is_few(error, counts, metric);
	fputs(term_style(term, is_few ? TERM_DIM : TERM_PLAIN), term->file);
	text_cell(term, buf, TEXT_ERROR);
	fputs(term_style(term, TERM_PLAIN), term->file);
}

void text_estimate_of(struct term *term, const struct counts *counts,
		      const struct error *error, enum metric metric,
		      const char *noun)
{
	char buf[TEXT_ESTIMATE_BYTES];

	fprintf(term->file, "%s %s%s",
		text_count_estimate(buf, counts, error, metric), noun,
		counts->of[metric] == 1 ? "" : "s");
}

struct counts text_list_sum(const struct analysis *analysis,
			    const struct counts *sum,
			    const struct error **ret_error)
{
	const struct filter *filter = &analysis->filter;
	struct counts exact = analysis->sites.totals;

	*ret_error = NULL;
	if (!analysis->sites.errors)
		return *sum;
	if (!filter->is_complete) {
		*ret_error = &filter->error;
		return *sum;
	}
	if (counts_is_zero(&filter->dropped))
		return exact;
	counts_subtract(&exact, &filter->dropped);
	for (int m = 0; m < METRIC_COUNT; m++)
		if (exact.of[m] < 0)
			exact.of[m] = 0;
	*ret_error = &filter->dropped_error;
	return exact;
}

void text_count_of(struct term *term, int64_t count, const char *noun)
{
	char buf[UNITS_TEXT_BYTES];

	fprintf(term->file, "%s %s%s", text_count(buf, count), noun,
		count == 1 ? "" : "s");
}

void text_styled(struct term *term, enum term_style style, const char *clean)
{
	fprintf(term->file, "%s%s%s", term_style(term, style), clean,
		term_style(term, TERM_PLAIN));
}

void text_heading(struct term *term, const char *text)
{
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, text);
	putc('\n', term->file);
}

/* May this follow a function's parameters? " const", " [clone .cold]"; not
 * what belongs to a name, as in "(anonymous namespace)::f", "f<int ()>". */
static bool ends_a_name(const char *tail)
{
	int deep = 0;

	if (*tail && *tail != ' ' && *tail != '&')
		return false;
	for (; *tail && deep >= 0; tail++) {
		if (*tail == '<' || *tail == '{')
			deep++;
		else if (*tail == '>' || *tail == '}')
			deep--;
	}
	return deep == 0;
}

/* Where the parameters of a function begin: the parenthesis that belongs to
 * the last one, unless nothing stands before it. */
static size_t parameters_at(const char *name)
{
	size_t bytes = strlen(name), at = bytes, deep = 0;
	const char *last = strrchr(name, ')');

	if (!last)
		return bytes;
	for (at = (size_t)(last - name) + 1; at-- > 0;) {
		if (name[at] == ')')
			deep++;
		else if (name[at] == '(' && --deep == 0)
			break;
	}
	if (deep != 0 || at == 0 || !ends_a_name(last + 1))
		return bytes;
	/* operator()(int), but not operator() itself. */
	if (at >= 8 && strncmp(name + at - 8, "operator", 8) == 0)
		return bytes;
	return at;
}

/* Replaces what stands between < and > by ~. */
static void collapse_templates(char *name)
{
	char *to = name;
	int deep = 0;

	for (const char *from = name; *from; from++) {
		bool is_operator =
			to - name >= 8 && strncmp(to - 8, "operator", 8) == 0;

		if (*from == '<' && !is_operator) {
			if (deep++ == 0) {
				*to++ = '<';
				*to++ = '~';
			}
		} else if (*from == '>' && deep > 0 && from[-1] != '-') {
			if (--deep == 0)
				*to++ = '>';
		} else if (deep == 0) {
			*to++ = *from;
		}
	}
	/* Where one was cut off, the ~ ends the name too. */
	*to = '\0';
}

/* Cleans a text; what does not fit ends in a ~. */
static void clean(char *buf, size_t size, const char *text)
{
	size_t bytes = strlen(text);
	char *end;

	term_clean(buf, size, text, bytes);
	if (bytes < size)
		return;
	end = buf + strlen(buf);
	while (end > buf && ((unsigned char)*--end & 0xc0) == 0x80)
		;
	if (*end) {
		end[0] = '~';
		end[1] = '\0';
	}
}

/* Cuts clean text after columns characters, the last of them a ~. */
static void cut(char *text, unsigned columns)
{
	unsigned seen = 0;

	if (columns == 0 || term_text_columns(text) <= columns)
		return;
	for (; *text; text++) {
		if (((unsigned char)*text & 0xc0) == 0x80)
			continue;
		if (++seen == columns)
			break;
	}
	text[0] = '~';
	text[1] = '\0';
}

char *text_function(char buf[static TEXT_NAME_BYTES], const char *function,
		    unsigned columns)
{
	if (!function)
		function = "";
	clean(buf, TEXT_NAME_BYTES, function);
	if (columns == 0 || term_text_columns(buf) <= columns)
		return buf;
	return text_short_function(buf, function, columns);
}

char *text_short_function(char buf[static TEXT_NAME_BYTES],
			  const char *function, unsigned columns)
{
	if (!function)
		function = "";
	clean(buf, TEXT_NAME_BYTES, function);
	buf[parameters_at(buf)] = '\0';
	if (columns == 0 || term_text_columns(buf) <= columns)
		return buf;
	collapse_templates(buf);
	cut(buf, columns);
	return buf;
}

char *text_base_name(char buf[static TEXT_NAME_BYTES], const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash && slash[1])
		path = slash + 1;
	clean(buf, TEXT_NAME_BYTES, path);
	return buf;
}

char *text_fit(char *text, unsigned columns)
{
	unsigned all = term_text_columns(text), left = all;
	char *from = text;

	if (columns == 0 || all <= columns)
		return text;
	/* One column is for the mark. */
	while (*from && left >= columns) {
		from++;
		if (((unsigned char)*from & 0xc0) != 0x80)
			left--;
	}
	text[0] = '~';
	memmove(text + 1, from, strlen(from) + 1);
	return text;
}

char *text_path(char buf[static TEXT_NAME_BYTES], const char *path,
		const struct summary *summary)
{
	size_t bytes = strlen(summary->directory);
	const char *from = path + strlen(path);
	size_t room = TEXT_NAME_BYTES;
	char *to = buf;

	if (bytes > 1 && strncmp(path, summary->directory, bytes) == 0 &&
	    path[bytes] == '/') {
		clean(buf, TEXT_NAME_BYTES, path + bytes + 1);
		return buf;
	}
	/* The last two folders and the name. */
	for (int slashes = 0; from > path; from--)
		if (from[-1] == '/' && ++slashes == 3)
			break;
	if (from > path + 1) {
		to = stpcpy(to, ".../");
		room -= 4;
	} else {
		from = path;
	}
	clean(to, room, from);
	return buf;
}

void text_state(struct term *term, const struct summary *summary)
{
	char buf[UNITS_TEXT_BYTES];
	enum term_style style = TERM_PLAIN;

	switch (summary->state) {
	case SUMMARY_RUNNING:
		fputs("still running", term->file);
		break;
	case SUMMARY_EXITED:
		style = summary->exit_status ? TERM_BAD : TERM_GOOD;
		fprintf(term->file, "%sexited with status %" PRId32 "%s",
			term_style(term, style), summary->exit_status,
			term_style(term, TERM_PLAIN));
		break;
	case SUMMARY_REPLACED:
		fputs("replaced by another program (exec)", term->file);
		break;
	case SUMMARY_VANISHED:
		text_styled(term, TERM_BAD, "killed, or ended out of sight");
		break;
	}
	if (summary->has_duration)
		fprintf(term->file, " after %s",
			units_duration(buf, summary->duration_ns));
	if (summary->is_copy)
		fprintf(term->file, "; saved %s after its start",
			units_duration(buf, summary->saved_ns));
}

/* The command line as a shell would read it, not longer than is useful. */
static void print_command(struct term *term, const struct summary *summary)
{
	unsigned columns = 0;

	term_text(term, summary->program);
	for (size_t i = 1; i < summary->arguments.count; i++) {
		const char *argument = summary->arguments.array[i];
		bool is_plain = *argument &&
				!strpbrk(argument, " \t\n\"'\\$`;&|<>()*?#");
		char buf[TEXT_NAME_BYTES];

		term_clean(buf, sizeof(buf), argument, strlen(argument));
		columns += term_text_columns(buf) + 1;
		if (columns > COMMAND_COLUMNS) {
			fputs(" ...", term->file);
			break;
		}
		fprintf(term->file, is_plain ? " %s" : " '%s'", buf);
	}
}

const char *text_when(const struct summary *summary)
{
	if (summary->range)
		return "then";
	return summary->state == SUMMARY_RUNNING ? "now" : "at the end";
}

void text_edge(struct term *term, const struct range_edge *edge)
{
	char buf[UNITS_TEXT_BYTES];

	if (*edge->name) {
		putc('\'', term->file);
		term_text(term, edge->name);
		fputs("', ", term->file);
	}
	if (edge->kind == RANGE_START)
		fputs("the start", term->file);
	else if (edge->kind == RANGE_END)
		fputs("the end", term->file);
	else
		fprintf(term->file, "%s after the start",
			units_duration(buf, edge->ns));
	if (!edge->is_exact)
		fprintf(term->file, " (the nearest to %s)",
			units_duration(buf, edge->asked_ns));
}

static void print_range(struct term *term, const struct range *range)
{
	if (range->has_from) {
		text_styled(term, TERM_HEADING, "From");
		fputs("     ", term->file);
		text_edge(term, &range->from);
		putc('\n', term->file);
	}
	text_styled(term, TERM_HEADING, range->has_from ? "To" : "As of");
	fputs(range->has_from ? "       " : "    ", term->file);
	text_edge(term, &range->to);
	putc('\n', term->file);
}

/* How much of the arenas nobody uses, where that is known. */
static void print_arenas(struct term *term,
			 const struct summary_objects *objects)
{
	char blocks[UNITS_TEXT_BYTES], bytes[UNITS_TEXT_BYTES];
	char arenas[UNITS_TEXT_BYTES], most[UNITS_TEXT_BYTES];
	char share[UNITS_TEXT_BYTES];
	const int64_t unused =
		(int64_t)objects->arena_bytes - objects->arena_live_bytes;

	if (!objects->has_counts)
		return;
	fprintf(term->file, "         at the end %s objects, %s",
		text_count(blocks, objects->live_blocks),
		text_size(bytes, term, objects->live_bytes));
	if (objects->arena_bytes_most == 0) {
		fputs("; it has no arenas\n", term->file);
		return;
	}
	fprintf(term->file, "; arenas %s, at most %s",
		units_size(arenas, term->units, objects->arena_bytes),
		units_size(most, term->units, objects->arena_bytes_most));
	if (unused >= 0 && objects->arena_live_bytes >= 0 &&
	    objects->arena_bytes > 0)
		fprintf(term->file, ", %s of them unused",
			units_percent(share, (uint64_t)unused,
				      objects->arena_bytes));
	putc('\n', term->file);
}

static void print_python(struct term *term, const struct summary *summary)
{
	static const char *const modes[] = {
		[SUMMARY_OBJECTS_OFF] =
			"mode stack: what malloc serves; objects of up to "
			"512 bytes are not in it",
		[SUMMARY_OBJECTS_ON] =
			"mode objects: what malloc serves and every object",
		[SUMMARY_OBJECTS_LATE] =
			"mode objects: what malloc serves and objects made "
			"since Python was met",
		[SUMMARY_OBJECTS_FAILED] =
			"mode stack: what malloc serves; this Python does not "
			"let its objects be seen",
	};

	fprintf(term->file, "%" PRIu32 ".%" PRIu32 ".%" PRIu32 ", %s\n",
		summary->python_major, summary->python_minor,
		summary->python_micro, modes[summary->objects.mode]);
	print_arenas(term, &summary->objects);
}

void text_head(struct term *term, const struct summary *summary)
{
	char buf[UNITS_TEXT_BYTES];

	text_styled(term, TERM_HEADING, "Program");
	fputs("  ", term->file);
	print_command(term, summary);
	putc('\n', term->file);
	text_styled(term, TERM_HEADING, "Process");
	fprintf(term->file, "  %" PRIu32 ", ", summary->pid);
	if (summary->is_forked)
		fprintf(term->file, "forked by %" PRIu32 ", ",
			summary->recorded_parent);
	text_state(term, summary);
	putc('\n', term->file);
	if (summary->range)
		print_range(term, summary->range);
	text_unseen_head(term, summary);
	if (summary->python == SUMMARY_PYTHON_ON) {
		text_styled(term, TERM_HEADING, "Python");
		fputs("   ", term->file);
		print_python(term, summary);
	}
	if (!summary->sample_bytes)
		return;
	text_styled(term, TERM_HEADING, "Sampled");
	fprintf(term->file,
		"  one in about %s; totals are exact, sites are estimates\n",
		units_size(buf, term->units, summary->sample_bytes));
}

void text_filter_note(struct term *term, const struct filter *filter)
{
	char shown[UNITS_TEXT_BYTES], all[UNITS_TEXT_BYTES];

	if (filter->is_complete)
		return;
	fprintf(term->file,
		"\nShown are only the stacks asked for: %s of %s sites.\n",
		units_count(shown, filter->count),
		units_count(all, filter->sites->count));
}

void text_thread(struct term *term, const struct top_row *row)
{
	if (row->has_no_stack) {
		fputs(stack_text_missing(SITE_OVERFLOW), term->file);
		return;
	}
	if (row->is_inherited) {
		fputs("(inherited from the parent)", term->file);
		return;
	}
	term_text(term, row->thread_name);
	fprintf(term->file, "  %s%" PRIu32 "%s%s", term_style(term, TERM_DIM),
		row->tid, row->threads > 1 ? " and earlier ones" : "",
		term_style(term, TERM_PLAIN));
}
