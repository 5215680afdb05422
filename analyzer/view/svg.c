/* SPDX-License-Identifier: MIT */
/* The pieces of a static SVG. */
#include "config.h"

#include "analyzer/view/svg.h"

#include <string.h>

#include "analyzer/base/term.h"
#include "analyzer/view/xml.h"

static void put_escaped(FILE *file, const char *text)
{
	char clean[SVG_TEXT_BYTES];

	term_clean(clean, sizeof(clean), text, strlen(text));
	xml_put(file, clean);
}

void svg_begin(FILE *file, double width, double height, const char *title)
{
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%.0f\" "
		"height=\"%.0f\" viewBox=\"0 0 %.0f %.0f\" "
		"font-family=\"sans-serif\" role=\"img\">\n<title>",
		width, height, width, height);
	put_escaped(file, title);
	fputs("</title>\n<rect width=\"100%\" height=\"100%\" "
	      "fill=\"#ffffff\"/>\n",
	      file);
}

void svg_end(FILE *file)
{
	fputs("</svg>\n", file);
}

double svg_x(const struct svg_frame *frame, double value)
{
	double span = frame->to - frame->from;

	return frame->x +
	       (span > 0 ? (value - frame->from) / span * frame->width : 0);
}

double svg_y(const struct svg_frame *frame, double value)
{
	return frame->y + frame->height -
	       (frame->most > 0 ? value / frame->most * frame->height : 0);
}

void svg_text(FILE *file, double x, double y, enum svg_anchor anchor,
	      double size, const char *text)
{
	static const char *const anchors[] = { "start", "middle", "end" };

	fprintf(file,
		"<text x=\"%.1f\" y=\"%.1f\" font-size=\"%.0f\" "
		"text-anchor=\"%s\" fill=\"#222222\">",
		x, y, size, anchors[anchor]);
	put_escaped(file, text);
	fputs("</text>\n", file);
}

void svg_line(FILE *file, double x1, double y1, double x2, double y2,
	      const char *color, const char *dashes)
{
	fprintf(file,
		"<line x1=\"%.1f\" y1=\"%.1f\" x2=\"%.1f\" y2=\"%.1f\" "
		"stroke=\"%s\" stroke-dasharray=\"%s\"/>\n",
		x1, y1, x2, y2, color, dashes ? dashes : "none");
}

void svg_box(FILE *file, double x, double y, double width, double height,
	     const char *color)
{
	fprintf(file,
		"<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\" "
		"fill=\"%s\"/>\n",
		x, y, width, height, color);
}
