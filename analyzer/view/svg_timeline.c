/* SPDX-License-Identifier: MIT */
/* The recording over time as a picture. */
#include "config.h"

#include "analyzer/view/svg_timeline.h"

#include <stdio.h>
#include <string.h>

#include "analyzer/model/stack.h"
#include "analyzer/view/svg.h"
#include "analyzer/view/text.h"

#define WIDTH	    1000.0
#define LEFT	    90.0
#define RIGHT	    20.0
#define HEAD	    44.0 /* title and names */
#define HEAP	    220.0
#define STRIP	    54.0 /* resident memory; rate */
#define GAP	    16.0
#define AXIS	    26.0
#define LEGEND_LINE 17.0
#define TICKS	    5
#define NAMES_MAX   40u /* labels; more would hide each other */
#define LABEL_BYTES 96

/* Okabe and Ito's, which colour-blind people can tell apart; in order of how
 * far they are from each other. The last is for all other sites. */
static const char *const colors[TIMELINE_SITES + 1] = { "#0072b2", "#e69f00",
							"#009e73", "#cc79a7",
							"#56b4e9", "#d55e00",
							"#f0e442", "#bbbbbb" };
#define LINE_COLOR "#000000"
#define GRID_COLOR "#dddddd"
#define NAME_COLOR "#666666"

static double unix_ns(const struct timeline *timeline, uint64_t ns)
{
	return (double)timeline->start_unix_ns + (double)ns;
}

static double panel_height(const struct timeline *timeline)
{
	return HEAD + HEAP + GAP + STRIP + GAP + STRIP + AXIS +
	       LEGEND_LINE * (double)(timeline->site_count + 2);
}

static void put_grid(FILE *file, const struct svg_frame *frame,
		     const char *what, enum units units, const char *suffix)
{
	char size[UNITS_TEXT_BYTES], label[UNITS_TEXT_BYTES + 8];

	for (int i = 0; i <= 2; i++) {
		double y = frame->y + frame->height * i / 2;

		svg_line(file, frame->x, y, frame->x + frame->width, y,
			 GRID_COLOR, NULL);
	}
	units_size(size, units, (uint64_t)frame->most);
	snprintf(label, sizeof(label), "%s%s", size, suffix);
	svg_text(file, frame->x - 6, frame->y + 9, SVG_END, 11, label);
	svg_text(file, frame->x - 6, frame->y + frame->height, SVG_END, 11,
		 "0");
	svg_text(file, frame->x - 6, frame->y + frame->height / 2 + 4, SVG_END,
		 11, what);
}

/* The sites one above the other, and what is left of the whole. */
static void put_layers(FILE *file, const struct svg_frame *frame,
		       const struct timeline *timeline)
{
	for (size_t site = 0; site <= timeline->site_count; site++) {
		fprintf(file,
			"<polygon fill=\"%s\" fill-opacity=\"0.85\" "
			"points=\"",
			colors[site == timeline->site_count ? TIMELINE_SITES
							    : site]);
		for (size_t pass = 0; pass < 2; pass++) {
			for (size_t n = 0; n < timeline->layer_count; n++) {
				size_t i = pass ? timeline->layer_count - 1 - n
						: n;
				const struct timeline_layer *layer =
					&timeline->layers[i];
				double sum = 0;
				size_t end = site + (pass ? 0 : 1);

				for (size_t k = 0;
				     k < end && k < timeline->site_count; k++)
					sum += (double)layer->sites[k];
				if (end > timeline->site_count &&
				    (double)layer->live_bytes > sum)
					sum = (double)layer->live_bytes;
				fprintf(file, "%.1f,%.1f ",
					svg_x(frame,
					      unix_ns(timeline, layer->ns)),
					svg_y(frame, sum));
			}
		}
		fputs("\"/>\n", file);
	}
}

enum curve { CURVE_HEAP, CURVE_RSS, CURVE_RATE };

static double value_of(const struct timeline_point *point, enum curve curve)
{
	switch (curve) {
	case CURVE_HEAP:
		return (double)point->live_bytes;
	case CURVE_RSS:
		return (double)point->rss_bytes;
	case CURVE_RATE:
		break;
	}
	return point->bytes_per_s;
}

static void put_curve(FILE *file, const struct svg_frame *frame,
		      const struct timeline *timeline, enum curve curve)
{
	fprintf(file,
		"<polyline fill=\"none\" stroke=\"%s\" "
		"stroke-width=\"1.2\" points=\"",
		LINE_COLOR);
	for (size_t i = 0; i < timeline->count; i++) {
		const struct timeline_point *point = &timeline->points[i];

		/* Not read at each point. */
		if (curve == CURVE_RSS && point->rss_bytes == 0)
			continue;
		fprintf(file, "%.1f,%.1f ",
			svg_x(frame, unix_ns(timeline, point->ns)),
			svg_y(frame, value_of(point, curve)));
	}
	fputs("\"/>\n", file);
}

static void put_names(FILE *file, const struct svg_frame *frame,
		      const struct timeline *timeline, double bottom)
{
	double last = -1e9;

	for (size_t i = 0; i < timeline->event_count; i++) {
		const struct timeline_event *event = &timeline->events[i];
		double x = svg_x(frame, unix_ns(timeline, event->ns));

		svg_line(file, x, frame->y, x, bottom, NAME_COLOR,
			 event->is_snapshot ? "6,3" : "2,3");
		/* Names that would cover each other are left out. */
		if (i < NAMES_MAX && x - last >= 60) {
			svg_text(file, x + 2, frame->y - 3, SVG_START, 10,
				 event->name);
			last = x;
		}
	}
}

static void put_axis(FILE *file, const struct svg_frame *frame,
		     const struct timeline_axis *axis, double y)
{
	char label[UNITS_TEXT_BYTES];

	for (int i = 0; i <= TICKS; i++) {
		double ns = (axis->to - axis->from) * i / TICKS;
		double x = svg_x(frame, axis->from + ns);

		svg_line(file, x, y, x, y + 4, LINE_COLOR, NULL);
		svg_text(file, x, y + 16,
			 i == 0	      ? SVG_START
			 : i == TICKS ? SVG_END
				      : SVG_MIDDLE,
			 11, units_duration(label, (uint64_t)ns));
	}
}

static int put_legend(FILE *file, struct recording *recording, double y,
		      enum units units)
{
	const struct timeline *timeline = &recording->timeline;
	struct stack stack = { 0 };
	int ret = 0;

	for (size_t i = 0; i <= timeline->site_count && ret == 0; i++) {
		char label[SVG_TEXT_BYTES], name[TEXT_NAME_BYTES];
		char path[TEXT_NAME_BYTES], size[UNITS_TEXT_BYTES];
		const struct stack_frame *inner;
		uint64_t most = 0;

		svg_box(file, LEFT, y - 9, 11, 11,
			colors[i == timeline->site_count ? TIMELINE_SITES : i]);
		if (i == timeline->site_count) {
			svg_text(file, LEFT + 18, y, SVG_START, 11,
				 "all other sites");
			break;
		}
		for (size_t k = 0; k < timeline->layer_count; k++)
			if ((uint64_t)timeline->layers[k].sites[i] > most)
				most = (uint64_t)timeline->layers[k].sites[i];
		ret = stack_read(
			&stack, &recording->analysis->names,
			&recording->analysis->sites.array[timeline->sites[i]]);
		inner = ret == 0 && stack.count ? &stack.frames[0] : NULL;
		text_short_function(name, inner ? inner->function : NULL, 80);
		text_path(path, inner && inner->file ? inner->file : "",
			  &recording->analysis->summary);
		snprintf(label, sizeof(label), "%s: %.90s%s%.120s%s%.80s",
			 units_size(size, units, most),
			 *name ? name : "(no name)", *path ? "  " : "", path,
			 stack.count > 1 && stack.frames[1].function
				 ? "  called by "
				 : "",
			 stack.count > 1 && stack.frames[1].function
				 ? stack.frames[1].function
				 : "");
		svg_text(file, LEFT + 18, y, SVG_START, 11, label);
		y += LEGEND_LINE;
	}
	stack_done(&stack);
	return ret;
}

static int put_panel(FILE *file, struct recording *recording,
		     const struct timeline_axis *axis, double top,
		     enum units units)
{
	const struct timeline *timeline = &recording->timeline;
	const struct summary *summary = &recording->analysis->summary;
	struct svg_frame frame = {
		.x = LEFT,
		.y = top + HEAD,
		.width = WIDTH - LEFT - RIGHT,
		.height = HEAP,
		.from = axis->from,
		.to = axis->to,
		.most = (double)timeline->peak_bytes,
	};
	struct svg_frame rss = frame, rate = frame;
	char title[LABEL_BYTES + SVG_TEXT_BYTES], name[TEXT_NAME_BYTES];

	snprintf(title, sizeof(title), "%.300s, process %u",
		 text_base_name(name, summary->program), summary->pid);
	svg_text(file, LEFT, top + 16, SVG_START, 14, title);
	rss.y = frame.y + HEAP + GAP;
	rate.y = rss.y + STRIP + GAP;
	rss.height = rate.height = STRIP;
	rss.most = (double)timeline->peak_rss;
	rate.most = timeline->peak_rate < 1e18 ? timeline->peak_rate : 1e18;
	put_grid(file, &frame, "heap", units, "");
	put_layers(file, &frame, timeline);
	put_curve(file, &frame, timeline, CURVE_HEAP);
	put_grid(file, &rss, "resident", units, "");
	put_curve(file, &rss, timeline, CURVE_RSS);
	put_grid(file, &rate, "allocating", units, "/s");
	put_curve(file, &rate, timeline, CURVE_RATE);
	put_names(file, &frame, timeline, rate.y + STRIP);
	put_axis(file, &frame, axis, rate.y + STRIP);
	return put_legend(file, recording, rate.y + STRIP + AXIS + 12, units);
}

int svg_timeline_print(FILE *file, const struct recordings *recordings,
		       enum units units)
{
	const struct timeline_axis axis = recordings_axis(recordings);
	double height = GAP, top = 0;
	int ret = 0;

	for (size_t i = 0; i < recordings->count; i++)
		height += panel_height(&recordings->array[i].timeline);
	svg_begin(file, WIDTH, height, "Heap over time");
	for (size_t i = 0; i < recordings->count && ret == 0; i++) {
		ret = put_panel(file, &recordings->array[i], &axis, top, units);
		top += panel_height(&recordings->array[i].timeline);
	}
	svg_end(file);
	return ret;
}
