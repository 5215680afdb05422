/* SPDX-License-Identifier: MIT */
/* The recording over time, drawn with characters. */
#include "config.h"

#include "analyzer/view/text_timeline.h"

#include <string.h>

#include "analyzer/model/stack.h"
#include "analyzer/view/stack_text.h"
#include "analyzer/view/text.h"

#define ROWS	    20
#define ROWS_EACH   10 /* of several recordings */
#define COLUMNS_MAX 120u
#define COLUMNS_MIN 20u
#define LABEL	    12 /* columns before the axis */

/* Letters for the first names under the plot. */
static const char letters[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";
#define LETTERS (sizeof(letters) - 1)

static char cell_of(const struct timeline_column *column)
{
	if (column->has_peak)
		return '#';
	return column->is_detailed ? '@' : ':';
}

static void print_rows(struct term *term, const struct timeline *timeline,
		       const struct timeline_column *columns, size_t count,
		       int rows)
{
	const double most = (double)timeline->peak_bytes;
	char buf[UNITS_TEXT_BYTES];

	for (int row = rows; row > 0; row--) {
		double floor = most * (row - 1) / rows;
		size_t end = count;

		if (row == rows)
			fprintf(term->file, "%*s", LABEL,
				units_size(buf, term->units,
					   (uint64_t)timeline->peak_bytes));
		else
			fprintf(term->file, "%*s", LABEL, "");
		putc(row == rows ? '^' : '|', term->file);
		while (end > 0 && (double)columns[end - 1].live_bytes <= floor)
			end--;
		for (size_t c = 0; c < end; c++)
			putc((double)columns[c].live_bytes > floor
				     ? cell_of(&columns[c])
				     : ' ',
			     term->file);
		putc('\n', term->file);
	}
}

/* from, to: what stands at its ends, in ns. */
static void print_axis(struct term *term, uint64_t from_ns, uint64_t to_ns,
		       size_t count)
{
	char from[UNITS_TEXT_BYTES], to[UNITS_TEXT_BYTES];
	int room;

	fprintf(term->file, "%*s+", LABEL, "0 B");
	for (size_t c = 0; c < count; c++)
		putc('-', term->file);
	fputs(">\n", term->file);
	units_duration(from, from_ns);
	units_duration(to, to_ns);
	room = (int)count - (int)strlen(from);
	fprintf(term->file, "%*s%s%*s\n", LABEL + 1, "", from,
		room > (int)strlen(to) ? room : (int)strlen(to) + 1, to);
}

static void print_letters(struct term *term, const struct timeline *timeline,
			  const struct timeline_axis *axis, size_t count)
{
	char line[COLUMNS_MAX + 1];
	size_t end = 0;

	if (timeline->event_count == 0)
		return;
	memset(line, ' ', sizeof(line));
	for (size_t i = 0; i < timeline->event_count && i < LETTERS; i++) {
		size_t c =
			timeline_column_of(axis, count, timeline->events[i].ns);

		line[c] = line[c] == ' ' ? letters[i] : '*';
		if (c + 1 > end)
			end = c + 1;
	}
	fprintf(term->file, "%*s%.*s\n", LABEL + 1, "", (int)end, line);
}

static void print_events(struct term *term, const struct timeline *timeline,
			 size_t limit)
{
	char buf[UNITS_TEXT_BYTES];

	if (timeline->event_count == 0)
		return;
	text_heading(term, "Names");
	for (size_t i = 0; i < timeline->event_count; i++) {
		const struct timeline_event *event = &timeline->events[i];

		if (limit && i == limit) {
			fprintf(term->file, "  and %zu more\n",
				timeline->event_count - i);
			break;
		}
		fprintf(term->file, "  %c %12s", i < LETTERS ? letters[i] : ' ',
			units_duration(buf, event->ns));
		text_size_cell(term, event->live_bytes, false);
		fprintf(term->file, "  %-9s",
			event->is_snapshot ? "snapshot" : "mark");
		term_text(term, event->name);
		putc('\n', term->file);
	}
}

static void print_sums(struct term *term, const struct timeline *timeline)
{
	char buf[UNITS_TEXT_BYTES];
	size_t detailed = 0;

	for (size_t i = 0; i < timeline->count; i++)
		detailed += timeline->points[i].is_detailed;
	fprintf(term->file,
		"\n# the greatest point, %s after the start; "
		"@ detailed; : others\n",
		units_duration(buf, timeline->peak_ns));
	text_count_of(term, (int64_t)timeline->count, "point");
	fprintf(term->file, ", %zu of them detailed", detailed);
	if (timeline->peak_rss)
		fprintf(term->file, "; resident memory up to %s",
			units_size(buf, term->units, timeline->peak_rss));
	if (timeline->peak_rate >= 1 && timeline->peak_rate < 1e18)
		fprintf(term->file, "; allocating up to %s/s",
			units_size(buf, term->units,
				   (uint64_t)timeline->peak_rate));
	putc('\n', term->file);
}

static int print_sites(struct term *term, struct analysis *analysis,
		       const struct timeline *timeline)
{
	struct stack stack = { 0 };
	int ret = 0;

	if (timeline->site_count == 0)
		return 0;
	text_heading(term, "Sites that held most at once");
	for (size_t i = 0; i < timeline->site_count && ret == 0; i++) {
		int64_t most = 0;

		for (size_t k = 0; k < timeline->layer_count; k++)
			if (timeline->layers[k].sites[i] > most)
				most = timeline->layers[k].sites[i];
		text_size_cell(term, most, false);
		fputs("  ", term->file);
		ret = stack_read(&stack, &analysis->names,
				 &analysis->sites.array[timeline->sites[i]]);
		if (ret == 0)
			stack_text_line(term, &stack, &analysis->summary,
					(unsigned)text_size_columns(term) + 3);
		putc('\n', term->file);
	}
	stack_done(&stack);
	return ret;
}

static int print_panel(struct term *term, const struct recordings *recordings,
		       size_t number, size_t limit)
{
	struct recording *recording = &recordings->array[number];
	struct timeline *timeline = &recording->timeline;
	const struct timeline_axis axis =
		recordings_axis_of(recordings, number);
	const bool is_alone = recordings->count == 1;
	struct timeline_column columns[COLUMNS_MAX];
	size_t count = term->width > LABEL + 2 + COLUMNS_MIN
			       ? term->width - LABEL - 2
			       : COLUMNS_MIN;

	if (count > COLUMNS_MAX)
		count = COLUMNS_MAX;
	text_head(term, &recording->analysis->summary);
	text_filter_note(term, &recording->analysis->filter);
	putc('\n', term->file);
	if (timeline->count == 0 || timeline->peak_bytes == 0) {
		fputs("No point of the timeline has anything live.\n",
		      term->file);
	} else {
		timeline_columns(timeline, &axis, count, columns);
		print_rows(term, timeline, columns, count,
			   is_alone ? ROWS : ROWS_EACH);
		/* An axis for several begins with the first of them. */
		print_axis(term, is_alone ? timeline->from_ns : 0,
			   is_alone ? timeline->to_ns
				    : (uint64_t)(axis.to - axis.from),
			   count);
		print_letters(term, timeline, &axis, count);
		print_sums(term, timeline);
	}
	print_events(term, timeline, limit);
	return print_sites(term, recording->analysis, timeline);
}

int text_timeline_print(struct term *term, const struct recordings *recordings,
			size_t limit)
{
	int ret = 0;

	for (size_t i = 0; i < recordings->count && ret == 0; i++) {
		if (i > 0)
			putc('\n', term->file);
		ret = print_panel(term, recordings, i, limit);
	}
	return ret;
}
