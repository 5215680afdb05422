/* SPDX-License-Identifier: MIT */
/*
 * The pieces of a static SVG: self-contained, no script, no fonts of its own,
 * all text escaped, whatever bytes are in it.
 */
#ifndef MEMPROF_ANALYZER_VIEW_SVG_H
#define MEMPROF_ANALYZER_VIEW_SVG_H

#include <stddef.h>
#include <stdio.h>

#define SVG_TEXT_BYTES 512 /* longest text put in */

enum svg_anchor { SVG_START, SVG_MIDDLE, SVG_END };

/* A place where numbers become coordinates: y goes up. */
struct svg_frame {
	double x, y, width, height; /* of the picture */
	double from, to;	    /* values at the left and the right edge */
	double most; /* value at the upper edge; 0 at the lower */
};

void svg_begin(FILE *file, double width, double height, const char *title);
void svg_end(FILE *file);

double svg_x(const struct svg_frame *frame, double value);
double svg_y(const struct svg_frame *frame, double value);

/* Untrusted text. */
void svg_text(FILE *file, double x, double y, enum svg_anchor anchor,
	      double size, const char *text);
void svg_line(FILE *file, double x1, double y1, double x2, double y2,
	      const char *color, const char *dashes);
void svg_box(FILE *file, double x, double y, double width, double height,
	     const char *color);

#endif
