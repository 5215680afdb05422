/* SPDX-License-Identifier: MIT */
/* `memprof flame`: the call tree as a picture that stays as it is. */
#ifndef MEMPROF_ANALYZER_VIEW_SVG_FLAME_H
#define MEMPROF_ANALYZER_VIEW_SVG_FLAME_H

#include <stdio.h>

#include "analyzer/base/units.h"
#include "analyzer/model/analysis.h"
#include "analyzer/model/flame.h"

/* How one of our pictures is recognised. */
#define SVG_FLAME_MARK \
	"<?xml version=\"1.0\" encoding=\"UTF-8\"?><!-- memprof -->"

struct svg_flame_options {
	size_t metric;	   /* of flame_metrics */
	const char *title; /* "at the peak" */
	bool is_inverted;
	enum units units;
};

/* 0, or DUMP_MEMORY. */
int svg_flame_print(FILE *file, const struct analysis *analysis,
		    const struct flame *flame,
		    const struct svg_flame_options *options);

#endif
